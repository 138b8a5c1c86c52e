#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Limits are exact under load on two CPUs, soft fires once, hard fires once and is the end.
# vm: cpus=2 timeout=500 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
espl_pair aes128gcm16
events_start a

# renew A-ARGUMENTS...: fresh SAs at both ends, the limits are a's; $b_args: of b
b_args=''
renew()
{
	must ctl a flush dev=espl0
	must ctl b flush dev=espl0
	reap events-a
	events_start a
	# shellcheck disable=SC2086
	espl_tunnel b aes128gcm16 none $b_args
	espl_tunnel a aes128gcm16 none "$@"
}

arrived()
{
	[ "$(sa_in b packets)" = "$1" ]
}

# Two senders, one on each CPU, as fast as they can, until they have sent their packets.
load()
{
	local cpu pids=()

	for cpu in 0 1; do
		in-net "$1" timeout "$HANG" taskset -c $cpu \
			ping -q -f -c "$3" -W 1 -s 200 "$2" >/dev/null 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
}

expires()
{
	echo "$(events_like a '"expire"' "\"dir\":\"$1\"" "\"limit\":\"$2\"") $(events_like a '"expire"' '"hard":true')"
}

both_fired()
{
	[ "$(events_like a '"expire"' "\"dir\":\"$1\"" "\"limit\":\"$2\"")" -ge 2 ]
}

# --- packets out

renew out-soft-packets=300 out-hard-packets=600
capture_start out a eth0 src 192.0.2.1 and ip proto 50
load a 10.2.0.1 600
capture_stop out
is "packets out: exactly as many as the hard limit" "$(sa_out a packets)" 600
is "packets out: and so many on the wire" "$(capture_count out)" 600
check "packets out: all of them arrived" wait_for 5 arrived 600
check "packets out: soft and hard were told" wait_for 5 both_fired out packets
is "packets out: once each" "$(expires out packets)" '2 1'
is "packets out: the state says both" "$(sa_out a expired)" 3
check "packets out: the rest was dropped and counted" test "$(sa_out a stats.tx-expired)" -gt 0
is "packets out: no sequence number was lost" "$(sa_in b seq)" 600

# --- packets in

renew in-soft-packets=300 in-hard-packets=600
load b 10.1.0.1 600
is "packets in: exactly as many as the hard limit" "$(sa_in a packets)" 600
check "packets in: soft and hard were told" wait_for 5 both_fired in packets
is "packets in: once each" "$(expires in packets)" '2 1'
check "packets in: the rest was dropped and counted" test "$(sa_in a stats.rx-expired)" -gt 0

# --- octets: 228 a packet, 1000 of them and a rest that no packet fits into

renew out-soft-bytes=100000 out-hard-bytes=228100
load a 10.2.0.1 800
is "octets out: up to the hard limit and not beyond" "$(sa_out a bytes) $(sa_out a packets)" '228000 1000'
check "octets out: soft and hard were told" wait_for 5 both_fired out bytes
is "octets out: once each" "$(expires out bytes)" '2 1'

# --- a batch: TCP with GSO runs into the limit in the middle of a super-packet

renew out-hard-packets=777
capture_start gso a eth0 src 192.0.2.1 and ip proto 50
spawn sink in_net b nc -l 10.2.0.1 5001
must wait_for 5 listening b 5001
spawn source in_net a bash -c 'exec nc 10.2.0.1 5001 </dev/zero >/dev/null'
wait_for 20 says 777 sa_out a packets
capture_stop gso
reap source
reap sink
is "a GSO batch is cut at the limit" "$(sa_out a packets) $(capture_count gso)" '777 777'
check "and all of it arrives" wait_for 5 arrived 777

# --- sequence numbers: without ESN they end at 2^32 - 1

b_args='in-seq=0xfffffff0'
renew out-seq=0xfffffff0
b_args=''
in_net a ping -q -c 30 -i 0.01 -W 1 10.2.0.1 >/dev/null
is "sequence numbers: the last one is sent" "$(sa_out a packets)" 15
check "sequence numbers: and arrives" wait_for 5 arrived 15
check "sequence numbers: that is a hard limit" wait_for 5 event_seen a '"expire"' '"limit":"sequence"' '"hard":true'
is "sequence numbers: told once" "$(events_like a '"expire"')" 1

# --- seconds: an SA that nobody uses expires too

renew soft-seconds=2 hard-seconds=4
check "seconds: soft" wait_for 10 event_seen a '"expire"' '"limit":"seconds"' '"dir":"out"'
check "seconds: hard, inbound" wait_for 10 both_fired in seconds
check "seconds: hard, outbound" wait_for 10 both_fired out seconds
is "seconds: four events in all" "$(events_like a '"expire"')" 4
check "seconds: not before their time" test "$(sa_out a age)" -ge 4
passed="$(sa_out a packets) $(sa_in a packets)"
in_net a ping -q -c 2 -i 0.1 -W 1 10.2.0.1 >/dev/null
in_net b ping -q -c 2 -i 0.1 -W 1 10.1.0.1 >/dev/null
is "seconds: nothing passes afterwards" "$(sa_out a packets) $(sa_in a packets)" "$passed"

# A machine that sleeps is more than this one can do; which clock is read can be seen.
nm -u "$VM_KMOD" | grep -o 'ktime_get.*' | sort >"$WORK/clocks"
is "seconds: the clock is the one that counts sleep" "$(xargs <"$WORK/clocks")" ktime_get_coarse_with_offset

# Much work for the timers: SAs that are deleted before their time say nothing.
# Where the host stalls between the two, one may live long enough: then all of it once more.
early()
{
	local begin

	for _ in $(seq 20); do
		renew
		begin=$SECONDS
		in_net a esplctl batch <"$WORK/batch" >/dev/null || return
		[ $((SECONDS - begin)) -ge 3 ] || return 0
	done
	echo "the host is too slow: $((SECONDS - begin)) s"
	return 1
}

for i in $(seq 50); do
	echo "policy-set dev=espl0 id=9 local=192.0.2.1 remote=192.0.2.2 lts=10.9.0.0/24 rts=10.9.1.0/24"
	echo "spi-alloc dev=espl0 spi=0x9001"
	echo "sa-add dev=espl0 id=9 in-spi=0x9001 out-spi=0x9002 $espl_suite soft-seconds=4 hard-seconds=5"
	echo "policy-del dev=espl0 id=9"
done >"$WORK/batch"
check "50 times: an SA is made and deleted before its time" early
refuse "deleted SAs do not expire" '^listening$' ctl a listen seconds=7 only=expire count=1
is "and have not" "$(events_like a '"expire"')" 0
finish
