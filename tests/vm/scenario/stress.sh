#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two CPUs, traffic both ways, while SAs, children and a device come and go 1,000 times, every fifth time with ciphers that answer later.
# vm: cpus=2 timeout=900 debug=yes alone=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# The kernel that watches locks and memory gets them all, the other one enough to see that it works.
rounds=${ESPLANE_STRESS:-${VM_DEBUG:+1000}}
rounds=${rounds:-40}

# pair_of NUMBER: what b has for the child or device of a that comes and goes
pair_of()
{
	local n=$1

	must in_net b ip address add "10.$n.2.1/32" dev espl0
	net_route b "10.$n.1.0/24" dev espl0 src "10.$n.2.1"
	must ctl b child-set dev=espl0 id="$n" local=192.0.2.2 remote=192.0.2.1 \
		"lts=10.$n.2.0/24" "rts=10.$n.1.0/24"
	must ctl b spi-alloc dev=espl0 spi="0x${n}001"
	# shellcheck disable=SC2086
	must ctl b sa-add dev=espl0 id="$n" in-spi="0x${n}001" out-spi="0x${n}002" $espl_suite
}

# churn NAME ESPLCTL-ARGUMENT...
churn()
{
	# shellcheck disable=SC2086
	spawn "churn-$1" in_net a esplctl churn what="$1" n="$turns" $espl_suite "${@:2}"
}

driver_kind()
{
	echo "${driver%%(*}"
}

# churned NAME: until it is through
churned()
{
	wait "$(cat "$WORK/churn-$1.pid")"
	local status=$?

	cat "$WORK/churn-$1.log"
	return $status
}

received()
{
	in_net "$1" cat /sys/class/net/espl0/statistics/rx_packets 2>/dev/null ||
		in_net "$1" ip -s -j link show espl0 | jq '.[0].stats64.rx.packets'
}

# storm WHAT SUITE TURNS
storm()
{
	local what=$1 turns=$3 before net child

	espl_suite=''
	for net in a b; do
		espl_device "$net"
		espl_tunnel "$net" "$2"
	done
	driver=$(sa_out a driver)
	note "$what: $driver"
	# Child 3 of a's device, and a device of its own with child 5.
	must in_net a ip address add 10.3.1.1/32 dev espl0
	net_route a 10.3.2.0/24 dev espl0 src 10.3.1.1
	pair_of 3
	pair_of 5
	# Enough to meet every change, and no more: the churn shall have its turn on the two CPUs.
	flood out a 10.2.0.1 1200 -i 0.003
	flood in b fd01::1 1200 -i 0.003
	flood child a 10.3.2.1 100 -i 0.006
	flood child-in b 10.3.1.1 100 -i 0.006
	flood device a 10.5.2.1 100 -i 0.006
	flood device-in b 10.5.1.1 100 -i 0.006
	stream tcp a b 10.2.0.1 -b 8M
	spawn dumps in_net a bash -c 'while sleep 0.05; do esplctl dump; esplctl info dev=espl0; done'
	before=$(received b)

	churn sa dev=espl0 id=1 peer-netns=/run/netns/b \
		peer-ifindex="$(in_net b ip -j link show espl0 | jq '.[0].ifindex')"
	churn child dev=espl0 id=3 local=192.0.2.1 remote=192.0.2.2 lts=10.3.1.0/24 rts=10.3.2.0/24 \
		in-spi=0x3002 out-spi=0x3001
	churn device dev=storm addr=10.5.1.1 route=10.5.2.0/24 id=5 local=192.0.2.1 remote=192.0.2.2 \
		lts=10.5.1.0/24 rts=10.5.2.0/24 in-spi=0x5002 out-spi=0x5001
	check "$what: $turns rekeys of both ends" churned sa
	check "$what: $turns children made and removed" churned child
	check "$what: $turns devices made and removed" churned device
	note "$what: $(cat "$WORK"/churn-*.log | tr '\n' ' ')"
	note "$what: $(($(received b) - before)) packets arrived meanwhile"
	check "$what: traffic went on" test $(($(received b) - before)) -gt 500
	for child in out in child child-in device device-in tcp tcp-server dumps; do
		reap "$child"
	done
	check "$what: the tunnel works" wait_for 10 pings a 10.2.0.1 2
	is "$what: inbound SAs are those of the last rekeys" "$(field a in-count child-get dev=espl0 id=1)" 5
	for net in a b; do
		must in_net "$net" ip link del espl0
	done
}

module_load
sites_add
storm "ciphers that answer at once" aes128gcm16 $((rounds * 4 / 5))

crypto_async 'cryptd(rfc7539esp(chacha20-simd,poly1305-simd))' \
	'cryptd(rfc7539esp(chacha20-generic,poly1305-generic))'
storm "through $(sed -n 's/^made //p' "$WORK/async.log")" chacha20poly1305 $((rounds / 5))
is "those ciphers were asynchronous" "$(driver_kind)" cryptd
reap async
# padata takes two locks of one class and has no annotation for it: lockdep would
# report pcrypt, whoever uses it. Only pcrypt can wrap what is asynchronous already.
if [ -n "${VM_DEBUG:-}" ]; then
	skip "through pcrypt" "the kernel's padata itself fails lockdep"
else
	crypto_async 'pcrypt(rfc4106-gcm-aesni)'
	storm "through $(sed -n 's/^made //p' "$WORK/async.log")" aes256gcm16 $((rounds / 5))
	is "those ciphers were asynchronous" "$(driver_kind)" pcrypt
	reap async
fi
finish
