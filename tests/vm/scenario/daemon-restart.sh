#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A daemon that is killed: its tunnels pass packets, raw and in UDP; the next one clears up and starts afresh.
# vm: cpus=2 timeout=300 debug=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519
ESP=aes128gcm16-esn

# life ENCAP
life()
{
	local force=no

	[ "$1" = auto ] || force=yes
	espl_tunnel office "$IKE" "$ESP" "encap = \"$1\"" >"$WORK/conf"
	swan_conn "$IKE" "$ESP" "encap = $force" | swan_load b
	espl_start a a <"$WORK/conf"
	check "$1: up" espl a up office
	refuse "$1: a second daemon ends" 'UDP port 500 is taken, most likely by another IKE daemon .esplaned' \
		in_net a esplaned --foreground --config "$WORK/a/esplane.conf" --control "$WORK/other"
	ping_both "$1: alive beside it"
	reap a KILL
	ping_both "$1: killed"
	refuse "$1: a start without its socket fails" 'cannot listen at /dev/null/x' \
		in_net a esplaned --foreground --config "$WORK/a/esplane.conf" --control /dev/null/x
	refuse "$1: and one without its pid file" 'cannot write /nonexistent/p' \
		in_net a esplaned --foreground --config "$WORK/a/esplane.conf" --control "$WORK/other" --pid-file /nonexistent/p
	ping_both "$1: which both take nothing away"
	refuse "$1: ikectl says that nobody is there" 'start it as root' espl a status
	espl_start a a <"$WORK/conf"
	check "$1: the next daemon removes what was left" grep -q 'removed 1 interface that an earlier esplaned left' "$WORK/a.log"
	refuse "$1: the interface is gone" 'does not exist' in_net a ip link show office
	check "$1: a tunnel comes up again, without a reboot" espl a up office
	ping_both "$1: again"
	check "$1: down" espl a down office
	espl_stop a
	swan b --terminate --ike a --force --timeout 5 >/dev/null 2>&1
	wait_for 10 swan_is_empty
}

module_load
site_make
swan_start b b
# Only what carries our mark is a leftover.
must in_net a ip link add mine type esplane
life auto
life udp
check "another's interface of our kind is left alone" in_net a ip link show mine
in_net a ip link del mine

espl_start a a </dev/null
swan_stop b
check "in the background it returns when it is ready" \
	in_net b sh -c "esplaned --config $WORK/a/esplane.conf --control $WORK/other \
		--pid-file $WORK/other.pid 2>$WORK/other.log && ikectl --control $WORK/other version"
kill "$(cat "$WORK/other.pid")"
check "and cleans up after itself" wait_for 5 sh -c "! test -e $WORK/other.pid -o -e $WORK/other"
check "capabilities: net_admin and net_bind_service only" \
	grep -qx 'CapEff:[[:space:]]0000000000001400' "/proc/$(cat "$WORK/a.pid")/status"
check "no new privileges, a system call filter" sh -c "grep -qx 'NoNewPrivs:.1' /proc/$(cat "$WORK/a.pid")/status &&
	grep -qx 'Seccomp:.2' /proc/$(cat "$WORK/a.pid")/status"
finish
