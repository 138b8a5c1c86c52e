# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every scenario needs. A scenario is one bash script that is run inside
# the virtual machine (tests/vm/run -- tests/vm/scenario/NAME.sh), prints TAP and
# looks so:
#
#	#!/bin/bash
#	# SPDX-License-Identifier: GPL-2.0
#	# One sentence: what this shows.
#	# vm: cpus=2 timeout=300 debug=yes
#	. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
#	module_load
#	net_add a b
#	net_link a eth0 192.0.2.1/24 b eth0 192.0.2.2/24
#	check "the neighbour answers" in_net a ping -qc 1 192.0.2.2
#	finish
#
# The "# vm:" line is for the runner (tests/check): cpus and timeout in seconds;
# debug=no keeps it off the debug kernel, debug=only on it; memory in MiB;
# kmemleak=yes looks for leaks on the debug kernel; alone=yes gives it a machine
# of its own (one that touches init_net or installs software).
# finish ends with the audit: every object of the module that was made is gone,
# the module unloads, the kernel log has no warning.

set -u
export LC_ALL=C		# any other one opens a dozen files in every process

SCENARIO=$(basename "$0" .sh)
WORK=$(mktemp -d "/run/$SCENARIO.XXXXXX")
TAP_COUNT=0 TAP_FAILED=0 FINISHED=''
SPAWNED=()		# pids of what runs in the background
NETS=()			# network namespaces made
NETS_BEFORE=$(ip netns list | cut -d ' ' -f 1)	# that are not this scenario's
DEBUGFS=/sys/kernel/debug/esplane
HANG=$((100 * ${VM_SLOW:-1}))	# seconds: the limit of a command that needs one and is to succeed
LOG_BAD='BUG:|WARNING:|KASAN|UBSAN|KCSAN|possible (circular|recursive)|possible irq lock|inconsistent lock'
LOG_BAD+='|suspicious RCU|unreferenced object|refcount_t|Call Trace|ODEBUG|INFO: task .* blocked|soft lockup'
LOG_BAD+='|deprecated workqueue|rcu: INFO|general protection|Oops|waiting for .* to become free|leaked reference'

# --- TAP ---

ok()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $SCENARIO: $1"
}

# not_ok DESCRIPTION [REASON...]
not_ok()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_COUNT - $SCENARIO: $1"
	shift
	[ $# -eq 0 ] || note "$*"
}

skip()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $SCENARIO: $1 # SKIP $2"
}

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# bail REASON...: ends the scenario, from a pipeline or another subshell too
bail()
{
	if [ "$BASHPID" != $$ ]; then
		printf '%s\n' "$*" >>"$WORK/bail"
		kill -TERM $$
		exit 1
	fi
	not_ok "can go on" "$*"
	finish
}

# check DESCRIPTION COMMAND...: passes when the command does.
check()
{
	local what=$1 status

	shift
	"$@" >"$WORK/check" 2>&1
	status=$?
	if [ "$status" -eq 0 ]; then
		ok "$what"
		return
	fi
	not_ok "$what" "status $status: $*"
	sed 's/^/#   /' "$WORK/check"
	return 1
}

# refuse DESCRIPTION PATTERN COMMAND...: passes when the command fails and says PATTERN (grep -E).
refuse()
{
	local what=$1 pattern=$2

	shift 2
	if "$@" >"$WORK/check" 2>&1; then
		not_ok "$what" "succeeded, but should not have: $*"
	elif [ -n "$pattern" ] && ! grep -qE -- "$pattern" "$WORK/check"; then
		not_ok "$what" "failed, but did not say '$pattern': $*"
	else
		ok "$what"
		return 0
	fi
	sed 's/^/#   /' "$WORK/check"
	return 1
}

# is DESCRIPTION GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', want '$3'"
		return 1
	fi
}

# must COMMAND...: preparation that cannot go wrong; ends the scenario when it does.
must()
{
	"$@" >"$WORK/must" 2>&1 && return
	bail "preparation failed: $*: $(cat "$WORK/must")"
}

# wait_for SECONDS COMMAND...: until the command succeeds; its last answer. Quiet.
# SECONDS is ample for an idle host. What is counted are tries, since a host that stalls or is
# loaded stretches each of them; who uses them up hangs.
wait_for()
{
	local tries=$(($1 * 40 * ${VM_SLOW:-1}))

	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# is_soon DESCRIPTION WANT COMMAND...: passes when the command says WANT, now or after a while
is_soon()
{
	local what=$1 want=$2

	shift 2
	if wait_for 5 says "$want" "$@"; then
		ok "$what"
	else
		not_ok "$what" "got '$("$@" 2>&1)', want '$want': $*"
		return 1
	fi
}

says()
{
	[ "$("${@:2}" 2>/dev/null)" = "$1" ]
}

# --- namespaces, links ---

net_add()
{
	local net

	for net; do
		must ip netns add "$net"
		NETS+=("$net")
		must in_net "$net" ip link set lo up
		# A connection that nobody owns any more holds its namespace until it gives up: soon.
		in_net "$net" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv4.tcp_orphan_retries=1
	done
}

# in_net NET COMMAND...: see in-net.c
in_net()
{
	in-net "$@"
}

# net_link NET1 DEVICE1 ADDRESS1 NET2 DEVICE2 ADDRESS2 [MTU]; '-' for no address.
net_link()
{
	must ip link add "$2" netns "$1" mtu "${7:-1500}" type veth \
		peer name "$5" netns "$4" mtu "${7:-1500}"
	[ "$3" = - ] || must in_net "$1" ip address add "$3" dev "$2"
	[ "$6" = - ] || must in_net "$4" ip address add "$6" dev "$5"
	must in_net "$1" ip link set "$2" up
	must in_net "$4" ip link set "$5" up
}

# route NET ARGUMENTS...: ip route add
net_route()
{
	local net=$1

	shift
	must in_net "$net" ip route add "$@"
}

net_forward()
{
	must in_net "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

net_del()
{
	local net

	for net; do
		ip netns del "$net"
	done
}

# --- processes in the background ---

# spawn NAME COMMAND...: its output goes to $WORK/NAME.log, its pid to $spawned. The log of one
# that ran before under that name becomes NAME.log.1, NAME.log.2 and so on.
spawn()
{
	local name=$1 n=1

	shift
	if [ -s "$WORK/$name.log" ]; then
		while [ -e "$WORK/$name.log.$n" ]; do
			n=$((n + 1))
		done
		mv "$WORK/$name.log" "$WORK/$name.log.$n"
	fi
	# The pid has to be the program's, not that of a shell round it.
	[ "$1" != in_net ] || set -- in-net "${@:2}"
	"$@" >"$WORK/$name.log" 2>&1 </dev/null &
	spawned=$!
	SPAWNED+=("$spawned")
	echo "$spawned" >"$WORK/$name.pid"
}

# reap NAME [SIGNAL]: end it and wait for it; its status.
reap()
{
	local pid

	pid=$(cat "$WORK/$1.pid") || return
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

running()
{
	kill -0 "$(cat "$WORK/$1.pid")" 2>/dev/null
}

# wait [PID...]: without pids, for what the script itself put in the background, and not for what
# spawn did: a daemon does not end.
wait()
{
	local pid

	if [ $# -eq 0 ]; then
		for pid in $(jobs -p); do
			[[ " ${SPAWNED[*]} " == *" $pid "* ]] || set -- "$@" "$pid"
		done
		[ $# -gt 0 ] || return 0
	fi
	builtin wait "$@"
}

# --- pings; FROM is one of NET's addresses, or is left out ---

# echoes NET ADDRESS [FROM]: does all that is sent come back?
echoes()
{
	in_net "$1" ping -qc 3 -i 0.05 -W "$HANG" ${3:+-I "$3"} "$2"
}

# an_echo NET ADDRESS [FROM]: of one, soon; for refuse and wait_for
an_echo()
{
	in_net "$1" ping -qc 1 -W 2 ${3:+-I "$3"} "$2"
}

# pinging NET ADDRESS [FROM]: from now on, until
pinging()
{
	spawn ping in_net "$1" ping -i 0.02 ${3:+-I "$3"} "$2"
}

# pinged DESCRIPTION: passes when nothing was lost
pinged()
{
	reap ping INT
	check "$1" grep -q ' 0% packet loss' "$WORK/ping.log"
}

# --- the module ---

# The kernel asks for each instance of a template, "crypto-authenc(hmac(sha256),cbc(aes))": no module is called so, and
# under emulation it takes seconds to hear so, in which exchanges run into their timeouts.
modprobe_teach()
{
	local script=/run/esplane-modprobe

	[ ! -e "$script" ] || return 0
	printf '%s\n' '#!/bin/sh' 'case "$*" in *crypto-*\(*) exit 1 ;; esac' \
		"exec $(cat /proc/sys/kernel/modprobe) \"\$@\"" >"$script"
	chmod +x "$script"
	echo "$script" >/proc/sys/kernel/modprobe
}

# On a real host udev loads what fits the CPU. Built in, or left out: no error, INFO says it.
crypto_modules()
{
	modprobe -qa aesni_intel ghash_clmulni_intel sha256_ssse3 sha512_ssse3 chacha_x86_64 poly1305_x86_64 chacha \
		chacha20poly1305 authenc authencesn cbc ctr gcm ccm cmac xcbc sha1_ssse3 des3_ede_x86_64 crypto_null \
		seqiv echainiv cryptd 2>/dev/null
}

module_load()
{
	local m

	modprobe_teach
	[ -e /sys/module/esplane ] && return
	[ -e "${VM_KMOD:-}" ] || bail "no module: '${VM_KMOD:-}' does not exist"
	for m in $(modinfo -F depends "$VM_KMOD" | tr , ' '); do
		must modprobe "$m"
	done
	crypto_modules
	must insmod "$VM_KMOD" "$@"
}

module_gone()
{
	[ ! -e /sys/module/esplane ] || rmmod esplane 2>/dev/null
}

# Lines "KIND made N gone N".
objects_balanced()
{
	[ ! -e /sys/module/esplane ] || awk '$3 != $5 { bad = 1 } END { exit bad }' "$DEBUGFS/objects"
}

# counter FIELD TEXT: the number that follows FIELD in "ikectl --json" or esplctl output.
json_get()
{
	jq -r "$1"
}

# --- captures ---

# capture_start NAME NET DEVICE [TCPDUMP-ARGUMENT...]: into $WORK/NAME.pcap. On a device of the
# in-tree stack's side what was decrypted shows up too: capture at esplane's, or with -Q out.
# The buffer has a slot of the length of -s for each packet: enough of them for bursts.
capture_start()
{
	local name=$1 net=$2 device=$3

	shift 3
	spawn "capture-$name" in_net "$net" tcpdump -Z root --immediate-mode -B 32768 -Uni "$device" -s 2048 -w "$WORK/$name.pcap" "$@"
	wait_for 10 grep -q listening "$WORK/capture-$name.log" ||
		bail "tcpdump does not start: $(cat "$WORK/capture-$name.log")"
}

# Stops the capture when it has all that the device has seen.
capture_stop()
{
	wait_for 10 capture_drained "$1"
	reap "capture-$1" INT
	grep -q '^0 packets dropped by kernel' "$WORK/capture-$1.log" ||
		bail "the capture $1 is not whole: $(tail -n 3 "$WORK/capture-$1.log")"
}

# tcpdump sleeps only when its buffer is empty: a packet that waits there has woken it.
capture_drained()
{
	[[ $(<"/proc/$(<"$WORK/capture-$1.pid")/stat") == *') S '* ]]
}

# capture_count NAME FILTER...: packets in it that match; no number if the capture or the filter is bad
capture_count()
{
	local name=$1

	shift
	if tcpdump -nr "$WORK/$name.pcap" "$@" >"$WORK/$name.count" 2>"$WORK/$name.error"; then
		wc -l <"$WORK/$name.count"
	else
		echo "unreadable: $(tail -n 1 "$WORK/$name.error")"
	fi
}

# --- strongSwan: one charon a namespace; below $SWAN_ROOT, if that is set ---

SWAN_PLUGINS="random nonce aes sha1 sha2 hmac kdf gmp curve25519 openssl gcm chapoly ccm ctr cmac xcbc \
pem pkcs1 pkcs8 x509 pubkey constraints revocation vici kernel-netlink socket-default updown"

# swan_start NAME NET [STRONGSWAN.CONF LINES FOR THE SECTION charon]
swan_start()
{
	local name=$1 net=$2 dir=$WORK/$1

	modprobe_teach
	# One call now is quicker than the kernel's own calls later, one an algorithm.
	modprobe -qa xfrm_user esp4 esp6 authenc echainiv seqiv gcm ccm chacha20poly1305 cmac xcbc crypto_null 2>/dev/null
	mkdir -p "$dir"
	cat >"$dir/strongswan.conf" <<-END
	charon-systemd {
		load = $SWAN_PLUGINS
		port = 500
		port_nat_t = 4500
		install_routes = yes
		retransmit_timeout = 2
		retransmit_tries = 4
		filelog {
			log {
				path = $dir/log
				default = 1
				ike = 2
				knl = 1
				flush_line = yes
				ike_name = yes
			}
		}
		plugins {
			vici {
				socket = unix://$dir/vici
			}
		}
		${3:-}
	}
	swanctl {
		load = random pem pkcs1 pkcs8 x509 pubkey openssl
	}
	END
	spawn "$name" in_net "$net" ${SWAN_ROOT:+chroot "$SWAN_ROOT"} \
		env STRONGSWAN_CONF="$dir/strongswan.conf" charon-systemd
	wait_for 30 swan "$name" --stats ||
		bail "strongSwan does not start: $(tail -n 20 "$WORK/$name.log" "$dir/log" 2>/dev/null)"
}

# swan NAME SWANCTL-ARGUMENTS...
swan()
{
	local dir=$WORK/$1 command=$2

	shift 2
	# it waits for ever for one that dies
	STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
		timeout $((2 * HANG)) swanctl "$command" --uri "unix://$dir/vici" "$@"
}

# swan_load NAME <SWANCTL.CONF: connections and secrets
swan_load()
{
	cat >"$WORK/$1/swanctl.conf"
	must swan "$1" --load-all --file "$WORK/$1/swanctl.conf"
}

swan_log()
{
	cat "$WORK/$1/log"
}

swan_stop()
{
	reap "$1"
}

# --- esplane: one daemon a namespace; below $ESPL_ROOT the one of $ESPL_DAEMON, if those are set ---

# espl_start NAME NET <ESPLANE.CONF
espl_start()
{
	local name=$1 net=$2 dir=$WORK/$1

	mkdir -p "$dir"
	(umask 077 && cat >"$dir/esplane.conf")
	spawn "$name" in_net "$net" ${ESPL_ROOT:+chroot "$ESPL_ROOT"} "${ESPL_DAEMON:-esplaned}" --config "$dir/esplane.conf" --control "$dir/control" --state "$dir" --foreground
	wait_for 15 espl "$name" version ||
		bail "esplaned does not start: $(tail -n 20 "$WORK/$name.log")"
}

# espl NAME IKECTL-ARGUMENTS...
espl()
{
	local dir=$WORK/$1

	shift
	ikectl --control "$dir/control" "$@"
}

espl_log()
{
	cat "$WORK/$1.log"
}

espl_stop()
{
	reap "$1"
}

# --- the end ---

audit()
{
	local pid net device

	for pid in "${SPAWNED[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for pid in "${SPAWNED[@]}"; do
		wait_for 5 process_gone "$pid"
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	for net in "${NETS[@]}"; do
		ip netns del "$net" 2>/dev/null
	done
	audit_nets
	if [ -e /sys/module/esplane ]; then
		for device in $(ip -br link show type esplane 2>/dev/null | sed 's/[@ ].*//'); do
			ip link del "$device"
		done
		if wait_for 20 objects_balanced; then
			ok "audit: every object made is gone"
		else
			not_ok "audit: every object made is gone" "$(cat "$DEBUGFS/objects")"
		fi
		if wait_for 20 module_gone; then
			ok "audit: the module unloads"
		else
			not_ok "audit: the module unloads" "$(rmmod esplane 2>&1; lsmod | grep '^esplane')"
		fi
	fi
	if [ -w /sys/kernel/debug/kmemleak ] && echo scan 2>/dev/null >/sys/kernel/debug/kmemleak; then
		sleep 6		# what is younger than five seconds is not reported
		echo scan >/sys/kernel/debug/kmemleak
		audit_leaks
	fi
	audit_log
}

# One that stays makes the next scenario in the same machine fail.
audit_nets()
{
	local net left

	left=$(ip netns list | cut -d ' ' -f 1 | grep -vxF -f <(echo "${NETS_BEFORE:-none}"))
	if [ -z "$left" ]; then
		ok "audit: every namespace is gone"
		return
	fi
	not_ok "audit: every namespace is gone" "left: ${left//$'\n'/ }. net_add keeps them in NETS: has the script a variable of that name?"
	for net in $left; do
		ip netns del "$net"
	done
}

audit_leaks()
{
	if [ -s /sys/kernel/debug/kmemleak ]; then
		not_ok "audit: kmemleak finds nothing" "$(head -n 60 /sys/kernel/debug/kmemleak)"
	else
		ok "audit: kmemleak finds nothing"
	fi
	echo clear >/sys/kernel/debug/kmemleak
}

process_gone()
{
	! kill -0 "$1"
}

# The kernel log since this scenario began.
kernel_log()
{
	dmesg | sed "1,/esplane-scenario $SCENARIO $$ begins/d"
}

audit_log()
{
	if kernel_log | grep -qE -- "$LOG_BAD"; then
		not_ok "audit: no warning in the kernel log" "$(kernel_log | grep -E -A 40 -- "$LOG_BAD" | head -n 120)"
	else
		ok "audit: no warning in the kernel log"
	fi
}

# Ends the script: the audit, the plan, the status.
finish()
{
	FINISHED=1
	audit
	echo "1..$TAP_COUNT"
	[ "$TAP_FAILED" -eq 0 ] || keep_logs
	exit "$((TAP_FAILED != 0))"
}

keep_logs()
{
	local f

	for f in "$WORK"/*.log* "$WORK"/*/log; do
		[ -s "$f" ] || continue
		note "--- the end of ${f#"$WORK"/}"
		tail -n "${VM_LOG_LINES:-60}" "$f" | cut -c 1-300 | sed 's/^/#   /'
	done
}

died()
{
	[ -z "$FINISHED" ] || return 0
	not_ok "the script runs to its end" "it ended early, near line ${BASH_LINENO[0]}"
	finish
}

# A subshell that gives up has left its reason.
terminated()
{
	[ ! -s "$WORK/bail" ] || [ -n "$FINISHED" ] || bail "$(cat "$WORK/bail")"
	exit 1
}

trap died EXIT
trap terminated TERM INT
echo "TAP version 13"
echo "esplane-scenario $SCENARIO $$ begins" >/dev/kmsg
