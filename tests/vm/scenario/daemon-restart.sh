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

# Of the processes the first makes the one with the secrets, then the one that speaks IKE, then those that it begins
# again where they end: the fetcher, and the one that asks DNSSEC.
supervisor=$(cat "$WORK/a.pid")
mapfile -t parts < <(pgrep -P "$supervisor")
secrets=${parts[0]} network=${parts[1]} fetcher=${parts[2]} dnssec=${parts[3]}
# status_has PID LINE: a line of /proc/PID/status
status_has()
{
	grep -qxE "$2" "/proc/$1/status"
}
check "four processes besides the first" test ${#parts[@]} -eq 4
check "the one that speaks IKE is not root" status_has "$network" 'Uid:(.65525){4}'
check "and has net_admin only" status_has "$network" 'CapEff:.0000000000001000'
check "nor could it get more" status_has "$network" 'CapBnd:.0000000000000000'
check "the one with the secrets has nothing" status_has "$secrets" 'CapEff:.0000000000000000'
check "the fetcher is not root" status_has "$fetcher" 'Uid:(.65525){4}'
check "and has nothing" status_has "$fetcher" 'CapEff:.0000000000000000'
check "nor is the one that asks DNSSEC" status_has "$dnssec" 'Uid:(.65525){4}'
check "and has nothing" status_has "$dnssec" 'CapEff:.0000000000000000'
for pid in "$network" "$secrets" "$fetcher" "$dnssec"; do
	check "no new privileges" status_has "$pid" 'NoNewPrivs:.1'
	check "a system call filter" status_has "$pid" 'Seccomp:.2'
done
espl_tunnel office "$IKE" "$ESP" >"$WORK/conf"
swan_start b b
swan_conn "$IKE" "$ESP" | swan_load b
cp "$WORK/conf" "$WORK/a/esplane.conf"
check "reload" espl a reload
check "up" espl a up office
kill -KILL "$secrets"
check "without the secrets the daemon ends" wait_for 5 sh -c "! kill -0 $supervisor 2>/dev/null"
check "and says why" grep -q 'the process with the secrets has ended: ending too' "$WORK/a.log"
ping_both "the tunnel stays on its keys"
espl_start a a <"$WORK/conf"
check "the next daemon removes what was left" grep -q 'removed 1 interface that an earlier esplaned left' "$WORK/a.log"
finish
