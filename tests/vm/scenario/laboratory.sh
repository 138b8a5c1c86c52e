#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The laboratory itself: namespaces, links, captures and strongSwan against strongSwan.
# vm: cpus=1 timeout=200 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"

net_add a b
net_link a eth0 192.0.2.1/24 b eth0 192.0.2.2/24
must in_net a ip address add 10.1.0.1/32 dev lo
must in_net b ip address add 10.2.0.1/32 dev lo
check "a neighbour answers" in_net a ping -qc 1 -W "$HANG" 192.0.2.2

conf()
{
	cat <<-END
	connections {
		t {
			version = 2
			local_addrs = $1
			remote_addrs = $2
			proposals = aes128gcm16-prfsha256-x25519
			local { auth = psk
				id = $1 }
			remote { auth = psk
				id = $2 }
			children {
				c {
					local_ts = $3
					remote_ts = $4
					esp_proposals = aes128gcm16-esn
				}
			}
		}
	}
	secrets {
		ike { secret = "correct horse" }
	}
	END
}

# --- what the library promises

bailing()
{
	cat >"$WORK/bailing.sh" <<-'END'
		. "$VM_DIR/lib.sh"
		echo input | must sh -c 'echo the reason; exit 1'
		ok "not reached"
		finish
	END
	bash "$WORK/bailing.sh" >"$WORK/bailing"
	[ $? = 1 ] && grep -q '^# preparation failed: .*: the reason$' "$WORK/bailing" &&
		grep -q '^1\.\.' "$WORK/bailing" && ! grep -q 'not reached' "$WORK/bailing"
}
check "bail in a pipeline ends the scenario, with its reason" bailing

lives()
{
	local n

	for n in 1 2 3; do
		spawn life echo "life $n"
		wait "$spawned"
	done
	[ "$(cat "$WORK/life.log" "$WORK/life.log.1" "$WORK/life.log.2")" = $'life 3\nlife 1\nlife 2' ]
}
check "spawn keeps the log of who ran before" lives

spawn daemon sleep 1000
true &
wait
check "wait without pids does not wait for what was spawned" running daemon
reap daemon

# --- what is started by hand says what it takes, and does not begin with anything else

check "the bench has a help text" grep -q '^Throughput.*tests/bench/run .*PATH' <("$VM_TOP/tests/bench/run" --help)
for word in nowhere --nothing "--seconds many"; do
	# shellcheck disable=SC2086 # two words
	refused=$("$VM_TOP/tests/bench/run" $word veth 2>&1)
	is "the bench refuses '$word' at once" "$? $(wc -l <<<"$refused") ${refused%%:*}" "2 1 bench"
done

# --- strongSwan against strongSwan

swan_start sa a
swan_start sb b
conf 192.0.2.1 192.0.2.2 10.1.0.1/32 10.2.0.1/32 | swan_load sa
conf 192.0.2.2 192.0.2.1 10.2.0.1/32 10.1.0.1/32 | swan_load sb
# Out only: the in-tree stack shows what it decrypted as if it had come in so.
capture_start wire a eth0 -Q out
check "strongSwan brings a tunnel up" swan sa --initiate --child c --timeout "$HANG"
check "traffic passes" in_net a ping -qc 3 -i 0.2 -W "$HANG" -I 10.1.0.1 10.2.0.1
capture_stop wire
is "the wire carries three ESP packets" "$(capture_count wire 'ip proto 50')" 3
is "and nothing in the clear" "$(capture_count wire icmp)" 0
finish
