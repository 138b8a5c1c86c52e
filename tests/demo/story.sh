#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What `make demo` shows: two sites, one with esplane, one with strongSwan, and a tunnel between them.
# vm: cpus=2 timeout=300
. "${VM_DIR:?run me with tests/vm/run, or: make demo}/lib.sh" >/dev/null
. "$VM_DIR/../interop/site.sh"

if [ -n "${ESPLANE_COLOR:-}" ]; then
	head=$'\e[1;36m' plain=$'\e[0m'
else
	head='' plain=''
fi

say()
{
	printf '\n%s== %s%s\n' "$head" "$1" "$plain"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

# show COMMAND...: as a person types it in Paris
show()
{
	printf '\n%s[paris]# %s%s\n' "$head" "$*" "$plain"
	if [ "$1" = ikectl ]; then
		espl a "${@:2}"
	else
		in_net a "$@"
	fi || failed "'$*' ended with status $?"
}

failed()
{
	echo
	echo "The demo failed: $1" >&2
	keep_logs
	trap - EXIT
	exit 1
}

transfer()
{
	printf '\n%sA file by TCP from Paris to Berlin%s\n' "$head" "$plain"
	head -c 4000000 /dev/urandom >"$WORK/sent"
	in_net b sh -c "nc -d -l -p 7000 -s 10.2.0.1 >'$WORK/received'" &
	wait_for 10 in_net b sh -c 'ss -Hltn | grep -q :7000' || failed "nobody listens in Berlin"
	in_net a nc -s 10.1.0.1 -q 1 10.2.0.1 7000 <"$WORK/sent"
	wait_for 20 cmp "$WORK/sent" "$WORK/received" || failed "the file arrived changed"
	echo "4,000,000 octets sent; the two copies have the same checksum:"
	(cd "$WORK" && sha256sum sent received)
}

say "Two sites, one link between them" \
	"  paris    192.0.2.1   network 10.1.0.0/24   esplane: esplane.ko, esplaned" \
	"  berlin   192.0.2.2   network 10.2.0.0/24   strongSwan $(dpkg-query -Wf '${Version}' strongswan-swanctl)" \
	"Kernel $(uname -r), in a virtual machine; each site is a network namespace."
module_load
site_make
swan_start b b
swan_conn default aes128gcm16-esn | swan_load b
cat >"$WORK/conf" <<END
tunnel "office" {
    remote    = "192.0.2.2"
    local-id  = "paris@example.org"
    remote-id = "gw.example.org"
    psk       = "$SECRET"
    esp       = { "aes128gcm16-esn" }
    local-ts  = { "10.1.0.0/24" }
    remote-ts = { "10.2.0.0/24" }
}
END
say "The whole configuration of Paris, /etc/esplane/esplane.conf" "$(sed "s/$SECRET/.../" "$WORK/conf")"
espl_start a a <"$WORK/conf"
# In Paris: in Berlin the in-tree stack shows a capture what it has decrypted, too.
capture_start wire a eth0

say "Bring the tunnel up"
show ikectl up office
show ip -brief address show office

say "Traffic"
show ping -c 3 -i 0.2 10.2.0.1
transfer

say "What somebody on the wire has seen"
capture_stop wire
capture_count wire esp >"$WORK/esp"
clear=$(capture_count wire 'ip and not esp and not (udp port 500 or udp port 4500)')
tcpdump -nr "$WORK/wire.pcap" esp 2>/dev/null | sed -n '1,3p'
echo "... $(cat "$WORK/esp") packets of ESP, $(capture_count wire 'udp port 500 or udp port 4500') of IKE, $clear of anything else that is IPv4"
[ "$(cat "$WORK/esp")" -gt 100 ] || failed "there was no ESP on the wire"
[ "$clear" -eq 0 ] || failed "something left in the clear"

say "Status"
show ikectl status
show ikectl status office

say "New keys under traffic: nothing is lost"
spawn echo in_net a ping -i 0.05 -c 100 -W 5 10.2.0.1
show ikectl rekey office
printf '\n%s[berlin]# swanctl --rekey --child net%s\n' "$head" "$plain"
swan b --rekey --child net || failed "strongSwan does not rekey"
wait "$(cat "$WORK/echo.pid")" || failed "echoes were lost: $(cat "$WORK/echo.log")"
grep transmitted "$WORK/echo.log"
grep -q ' 0% packet loss' "$WORK/echo.log" || failed "echoes were lost"

say "And down again"
show ikectl down office
wait_for 10 swan_is_empty || failed "strongSwan still has the tunnel"
in_net a ip link show office >/dev/null 2>&1 && failed "the interface is still there"
echo "The interface, its routes and both sides' keys are gone."

audit >"$WORK/audit"
trap - EXIT
[ "$TAP_FAILED" -eq 0 ] || failed "$(cat "$WORK/audit")"
say "The end" "Every object the module made is gone, it unloaded, and the kernel log is clean."
