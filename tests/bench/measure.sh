#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Inside the virtual machine, with --icount: the throughput of one path between two namespaces.
#   tests/bench/measure.sh veth|in-tree|wireguard|esplane|esplane-udp SECONDS
# One CPU carries both ends; what counts is what the receiver got.
. "${VM_DIR:?run me with tests/bench/run}/lib.sh"
. "$VM_DIR/static.sh"

path=$1 seconds=$2
suite=aes128gcm16

path_veth()
{
	sites_add
	address=192.0.2.2
}

path_in_tree()
{
	xfrm_modules
	sites_add
	must in_net a ip address add 10.1.0.1/32 dev lo
	net_route a 10.2.0.0/24 dev eth0 via 192.0.2.2 src 10.1.0.1
	xfrm_site b
	xfrm_policies a 192.0.2.1 192.0.2.2 1 "$TS_A" "$TS_B"
	xfrm_policies b 192.0.2.2 192.0.2.1 1 "$TS_B" "$TS_A"
	xfrm_sas a 192.0.2.1 192.0.2.2 0x1001 0x2001 1 $suite
	xfrm_sas b 192.0.2.2 192.0.2.1 0x2001 0x1001 1 $suite
	address=10.2.0.1
}

path_wireguard()
{
	local net key_a key_b

	must modprobe wireguard
	sites_add
	key_a=$(wg genkey) key_b=$(wg genkey)
	for net in a b; do
		must in_net "$net" ip link add wg0 type wireguard
	done
	must in_net a wg set wg0 listen-port 51820 private-key <(echo "$key_a") peer "$(wg pubkey <<<"$key_b")" \
		allowed-ips "$TS_B" endpoint 192.0.2.2:51820
	must in_net b wg set wg0 listen-port 51820 private-key <(echo "$key_b") peer "$(wg pubkey <<<"$key_a")" \
		allowed-ips "$TS_A" endpoint 192.0.2.1:51820
	must in_net a ip address add 10.1.0.1/32 dev wg0
	must in_net b ip address add 10.2.0.1/32 dev wg0
	must in_net a ip link set wg0 up
	must in_net b ip link set wg0 up
	net_route a "$TS_B" dev wg0 src 10.1.0.1
	net_route b "$TS_A" dev wg0 src 10.2.0.1
	address=10.2.0.1
}

path_esplane()
{
	module_load
	espl_pair $suite "${1:-none}"
	address=10.2.0.1
}

# Hundredths of a second that the CPU has had nothing to do. While it waits for a file of the
# host's, its clock leaps to the next timer: such a second counts instructions that nobody executed.
idle()
{
	awk '/^cpu / { print $5 + $6 }' /proc/stat
}

# measure TEST UNIT JQ-EXPRESSION IPERF-ARGUMENT...
measure()
{
	local test=$1 unit=$2 expression=$3 value waited

	shift 3
	for _ in 1 2 3; do
		waited=$(idle)
		if ! in_net a iperf3 -J -c "$address" -t "$seconds" "$@" >"$WORK/$test.json" 2>&1; then
			not_ok "$path: $test" "$(tail -n 20 "$WORK/$test.json")"
			return
		fi
		waited=$(($(idle) - waited))
		note "$path: $test: nothing to do for $waited hundredths of $seconds s"
		[ "$waited" -gt $((seconds * 10 + 20)) ] || break
	done
	value=$(jq -r "$expression" "$WORK/$test.json")
	if [ "${value:-0}" -gt 0 ]; then
		ok "$path: $test: $value $unit"
		echo "RESULT $path $test $value $unit"
	else
		not_ok "$path: $test" "nothing arrived"
	fi
}

crypto_modules
case $path in
veth) path_veth ;;
in-tree) path_in_tree ;;
wireguard) path_wireguard ;;
esplane) path_esplane ;;
esplane-udp) path_esplane udp ;;
*) bail "no path $path" ;;
esac
must in_net a ping -qc 2 -W 5 "$address"
spawn iperf in_net b iperf3 -s --forceflush
wait_for 20 grep -q listening "$WORK/iperf.log" || bail "iperf3 does not start"

received='.end.sum | (.packets - .lost_packets) / .seconds | floor'
measure tcp-8 Mbit/s '.end.sum_received.bits_per_second / 1e6 | floor' -P 8
measure udp-1350 packets/s "$received" -u -b 0 -l 1350
measure udp-64 packets/s "$received" -u -b 0 -l 64
finish
