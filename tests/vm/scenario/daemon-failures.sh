#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each way not to come up: its exit status, its sentence, and what it leaves behind (nothing).
# vm: cpus=1 timeout=300 debug=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519
ESP=aes128gcm16-esn

# fails DESCRIPTION STATUS PATTERN: up of what is configured
fails()
{
	local what=$1 want=$2 status

	shift 2
	must espl a reload
	espl a up office >"$WORK/out" 2>&1
	status=$?
	if [ "$status" = "$want" ]; then
		ok "$what: exit status $want"
	else
		not_ok "$what: exit status $want" "status $status: $(cat "$WORK/out")"
	fi
	for pattern; do
		grep -qE -- "$pattern" "$WORK/out" && ok "$what: says '$pattern'" ||
			not_ok "$what: says '$pattern'" "$(cat "$WORK/out")"
	done
	refuse "$what: leaves no interface" 'does not exist' in_net a ip link show office
	check "$what: leaves nothing at strongSwan" wait_for 10 swan_is_empty
}

conf()
{
	espl_tunnel office "$@" >"$WORK/a/esplane.conf"
}

net_add c
refuse "a host whose port 500 is taken" 'UDP port 500 is taken.*ss -ulpn' \
	in_net c sh -c "nc -u -l -p 500 & until ss -Hlun | grep -q ':500 '; do sleep 0.1; done; : >$WORK/empty.conf
	esplaned --foreground --config $WORK/empty.conf --control $WORK/c.control; kill \$! 2>/dev/null; exit 1"
site_make
swan_start b b
swan_conn "$IKE" "$ESP" | swan_load b
espl_start a a </dev/null

conf "$IKE" "$ESP"
fails "without the module" 5 'has no module esplane' 'What to do: .*modprobe esplane'
module_load

PSK_A="wrong horse" conf "$IKE" "$ESP"
fails "a wrong secret" 7 'office is not up: ' 'What to do: .*psk'
# Not up, and nobody asks for it any more: a change of its options is no reason to try again.
tried=$(grep -c 'office: resolve' "$WORK/a.log")
conf "$IKE" "$ESP" 'metric = 51'
must espl a reload
sleep 1
is "what failed is not tried again by a reload" "$(grep -c 'office: resolve' "$WORK/a.log")" "$tried"
check "and is down already" sh -c "ikectl --control $WORK/a/control down office | grep -q 'was already down'"
conf "$IKE" "$ESP" 'remote-id = "elsewhere.example.org"'
fails "another peer" 7 'the peer refused: wrong psk' 'What to do: .*local-id'
is "another peer: that is said once" "$(grep -o 'wrong psk' "$WORK/out" | wc -l)" 1
conf aes256-sha512-modp3072 "$ESP"
fails "no IKE proposal" 8 'no IKE proposal suits both sides' 'aes256-sha512-modp3072' 'What to do: .*option ike'
conf "$IKE" chacha20poly1305
fails "no ESP proposal" 8 'no ESP proposal suits both sides' 'chacha20poly1305' 'What to do: .*option esp'
conf "$IKE" "$ESP" 'remote-ts = { "10.99.0.0/24" }'
fails "no selectors" 8 'the traffic selectors do not meet' '10.99.0.0/24' 'What to do: .*remote-ts'
conf "$IKE" "$ESP" 'remote = "gw.invalid"'
fails "a name that nobody knows" 6 'gw.invalid cannot be resolved'
conf "$IKE" "$ESP" 'local = "192.0.2.77"'
fails "an address of another host" 1 'office is not up: local 192.0.2.77 is not an address of this host'
conf "$IKE" "$ESP" 'remote = "any"'
fails "a peer that has to begin" 1 'cannot be started from here: remote = any'

must in_net a ip link add office type dummy
conf "$IKE" "$ESP"
espl a reload >/dev/null
refuse "another's interface" 'interface office exists and was not made by esplaned' espl a up office
check "is left alone" in_net a sh -c 'ip -d link show office | grep -q dummy'
in_net a ip link del office
must in_net a ip route add 10.2.0.0/24 via 192.0.2.2
refuse "another's route" 'there is a route to 10.2.0.0/24 already.*metric' espl a up office
check "is left alone, too" in_net a sh -c 'ip route show 10.2.0.0/24 | grep -q "via 192.0.2.2"'
conf "$IKE" "$ESP" 'metric = 50'
must espl a reload
check "a metric of its own lets both be" espl a up office
must in_net a ip link del office
check "an interface that somebody removes is noticed" wait_for 5 espl_is down
check "and strongSwan told" wait_for 5 swan_is_empty
in_net a ip route del 10.2.0.0/24 via 192.0.2.2

# The module's number of an interface goes with it, its ifindex and name need not.
net_add d
must espl a up office
must in_net a ip link set office netns d name moved
must in_net a ip link add office type esplane
check "an interface that was moved gets new keys" espl a rekey office/office
check "which are there" test "$(in_net d esplctl --field length sa-get dev=moved)" -ge 2
is "another of its name in its place has none" "$(in_net a esplctl --field length sa-get dev=office)" 0
must in_net d ip link del moved
check "that it is removed there is noticed" wait_for 5 espl_is down
check "and strongSwan told, again" wait_for 5 swan_is_empty
refuse "another of its name is another's" 'interface office exists and was not made by esplaned' espl a up office
must in_net a ip link del office

swan_stop b
conf "$IKE" "$ESP"
must espl a reload
spawn up-unreachable ikectl --control "$WORK/a/control" up office
check "an absent peer: ikectl shows that it waits" wait_for 10 grep -q 'waiting .*IKE_SA_INIT' "$WORK/up-unreachable.log"
# U8: Ctrl-C ends ikectl, not the attempt.
spawn up-interrupted ikectl --control "$WORK/a/control" up office
check "a second ikectl shows what the first has seen" wait_for 10 grep -q 'waiting .*IKE_SA_INIT' "$WORK/up-interrupted.log"
kill -INT "$(cat "$WORK/up-interrupted.pid")"
wait "$(cat "$WORK/up-interrupted.pid")"
is "Ctrl-C: the exit status is that of the signal" $? 130
is "Ctrl-C: it says what becomes of the attempt" "$(tail -n 1 "$WORK/up-interrupted.log")" \
	'ikectl: the attempt goes on: ikectl down office ends it'
check "Ctrl-C: the attempt goes on" espl_is connecting
check "an attempt can be given up" espl a down office
wait "$(cat "$WORK/up-unreachable.pid")"
check "ikectl up says so" grep -q 'office is not up: taken down by the user' "$WORK/up-unreachable.log"
if [ -n "${PATIENCE:-}" ]; then	# it takes as long as the retransmissions
	fails "an absent peer" 6 'the peer does not answer' 'UDP ports 500 and 4500'
fi
finish
