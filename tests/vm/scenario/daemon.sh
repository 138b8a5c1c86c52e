#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The life of a tunnel with strongSwan as ikectl sees it: up, status, monitor, rekey, down, answered, reload, start = up.
# vm: cpus=1 timeout=300 debug=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519

# conf [LINE...]: the configuration of site a
conf()
{
	espl_tunnel office "$IKE" aes128gcm16-esn "$@" >"$WORK/a/esplane.conf"
}

interface_index()
{
	in_net a ip -o link show office | cut -d: -f1
}

status_of()
{
	espl a --json status office | jq -r ".tunnels[0]$1"
}

# exit_is DESCRIPTION STATUS PATTERN IKECTL-ARGUMENTS...
exit_is()
{
	local what=$1 want=$2 pattern=$3 status

	shift 3
	espl a "$@" >"$WORK/out" 2>&1
	status=$?
	if [ "$status" != "$want" ] || ! grep -qE -- "$pattern" "$WORK/out"; then
		not_ok "$what" "status $status, want $want and '$pattern': $(cat "$WORK/out")"
		return 1
	fi
	ok "$what"
}

module_load
site_make
swan_start b b
swan_conn "$IKE" aes128gcm16-esn | swan_load b
espl_start a a </dev/null

exit_is "status of nothing" 0 'there is no tunnel' status
conf
exit_is "reload adds a tunnel" 0 '^added +office$' reload
exit_is "an unknown tunnel names the known ones" 4 'The tunnels are: office' up elsewhere
exit_is "a mistyped one names the one that is meant" 4 'Do you mean "office"' up ofice
exit_is "help" 0 'ikectl up NAME' help up
spawn monitor ikectl --control "$WORK/a/control" monitor
wait_for 5 sh -c "ss -xp | grep -q ikectl"

exit_is "up ends in one sentence" 0 \
	'^office is up: 10.1.0.0/24 <-> 10.2.0.0/24, aes128gcm16-esn, via 192.0.2.1 -> 192.0.2.2, [0-9.]+ s$' up office
for step in resolve IKE_SA_INIT IKE_AUTH interface routes; do
	check "up shows the step $step with its time" grep -qE "^  $step +[0-9]+\.[0-9]{3} s  " "$WORK/out"
done
ping_both "up"
check "the interface says whose it is" sh -c "in-net a ip link show office | grep -q 'alias esplaned: office'"
check "the route prefers the address inside local-ts" \
	sh -c "in-net a ip route show 10.2.0.0/24 | grep -q 'dev office proto 73 scope link src 10.1.0.1'"
exit_is "up again is no mistake" 0 'office is up already' up office
exit_is "what can be named" 0 '^office$' names
exit_is "status in a table" 0 '^office +up +192.0.2.2 +10.1.0.0/24 <-> 10.2.0.0/24 +aes128gcm16-esn ' status
wait_for 5 says 6 status_of '.sas[0].packets'
exit_is "status in detail" 0 '^  in +spi [0-9a-f]{8}, 504 B in 6 packets' status office
is "status as JSON: packets out" "$(status_of '.sas[1].packets')" 6
is "status as JSON: state" "$(status_of .state)" up
exit_is "version" 0 '^module esplane ' version

before=$(status_of .spi_in)
exit_is "rekey" 0 '^office has new keys: ' rekey office
refuse "the SPI is new" '' [ "$before" = "$(status_of .spi_in)" ]
is "one rekey is counted" "$(status_of .child_rekeys)" 1
ping_both "rekeyed"
is "totals go over the rekey" "$(status_of .packets_out)" "$((6 + $(status_of '.sas[1].packets')))"
exit_is "restart" 0 '^office is up: ' restart office
ping_both "restarted"

exit_is "down" 0 '^office is down$' down office
check "strongSwan knows" wait_for 10 swan_is_empty
refuse "the interface is gone" 'does not exist' in_net a ip link show office
is "no route of ours is left" "$(in_net a ip route show proto 73)" ""
exit_is "down again is no mistake" 0 'was already down' down office
for word in IKE_SA_INIT IKE_AUTH interface routes up child-rekeyed down; do
	check "monitor showed $word" grep -qE "^[0-9:]{8} office +$word " "$WORK/monitor.log"
done
check "monitor began with a line" grep -qE '^[0-9:]{8} watching 1 tunnel$' "$WORK/monitor.log"
reap monitor

refuse "what was taken down stays down for its peer" 'failed' swan b --initiate --child net --timeout "$HANG"
conf 'metric = 51'
exit_is "a change of its options does not forget that" 0 '^replaced +office$' reload
refuse "it stays down for its peer" 'failed' swan b --initiate --child net --timeout "$HANG"
: >"$WORK/a/esplane.conf"
exit_is "without it in the configuration it goes" 0 '^removed +office$' reload
conf 'metric = 51'
exit_is "and what comes back is new" 0 '^added +office$' reload
check "strongSwan initiates" swan b --initiate --child net --timeout "$HANG"
is "the tunnel is up" "$(status_of .state)" up
is "the peer began" "$(status_of .initiator)" false
ping_both "answered"
check "strongSwan ends it" swan b --terminate --ike a --timeout "$HANG"
check "the tunnel is down" wait_for 5 espl_is down
refuse "the interface is gone with it" 'does not exist' in_net a ip link show office

exit_is "up of all" 0 '^office is up: ' up --all
exit_is "down of all" 0 '^office is down$' down --all
check "up for reload" espl a up office
index=$(interface_index)
exit_is "reload without a change" 0 'configuration reloaded: 1 tunnel' reload
is "the interface stayed" "$(interface_index)" "$index"
echo 'tunnel "office" { remot = x }' >"$WORK/a/esplane.conf"
exit_is "a bad file is refused with its place" 1 'esplane.conf:1: tunnel "office": there is no option remot: do you mean remote' \
	reload
conf 'metric = 51' 'rekey = 2h'
chmod 644 "$WORK/a/esplane.conf"
exit_is "an open file is refused with the chmod" 1 'is open to others \(mode 0644\): chmod 600 ' reload
chmod 600 "$WORK/a/esplane.conf"
is "the tunnel ran on" "$(interface_index)" "$index"
ping_both "while the file was bad"
exit_is "reload with a change that it can live with" 0 '^changed +office: office changed$' reload
is "the tunnel ran on still" "$(interface_index)" "$index"
ping_both "changed"
conf 'rekey = 2h' 'metric = 52'
exit_is "reload with a change that it cannot" 0 '^replaced +office$' reload
check "the tunnel comes back by itself" wait_for 20 espl_is up
ping_both "replaced"

# start = "up": retried until the peer is there, and again when it was away.
swan_stop b
conf 'start = "up"' 'dpd = 2'
exit_is "reload to start = up" 0 '^replaced +office$' reload
sleep 3
refuse "the tunnel waits for its peer" '' espl_is up
swan_start b b
swan_conn "$IKE" aes128gcm16-esn | swan_load b
check "it comes up when the peer is there" wait_for 60 espl_is up
ping_both "start = up"
check "strongSwan ends it" swan b --terminate --ike a --timeout "$HANG"
check "it comes up again" wait_for 20 espl_is up
ping_both "again"

kill -TERM "$(cat "$WORK/a.pid")"
check "a stopped daemon ends" wait_for 5 sh -c "! kill -0 $(cat "$WORK/a.pid") 2>/dev/null"
check "a stopped daemon takes its tunnels down" wait_for 5 swan_is_empty
refuse "and its interface" 'does not exist' in_net a ip link show office
refuse "and its socket" 'No such file' ls "$WORK/a/control"
exit_is "without it ikectl says how to start it" 3 'systemctl start esplaned' status
finish
