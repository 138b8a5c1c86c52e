#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two CPUs, traffic both ways, while SAs, policies and a device come and go 1,000 times, every fifth time with ciphers that answer later.
# vm: cpus=2 timeout=900 debug=yes alone=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

# The kernel that watches locks and memory gets them all, the other one enough to see that it works.
rounds=${ESPLANE_STRESS:-${VM_DEBUG:+1000}}
rounds=${rounds:-300}

# device_pair NUMBER: what b's device has for the policy or device of a that comes and goes
device_pair()
{
	local n=$1

	must in_net b ip address add "10.$n.2.1/32" dev espl0
	net_route b "10.$n.1.0/24" dev espl0 src "10.$n.2.1"
	# shellcheck disable=SC2086
	must ctl b batch <<-END
		policy-set dev=espl0 id=$n local=192.0.2.2 remote=192.0.2.1 lts=10.$n.2.0/24 rts=10.$n.1.0/24
		spi-alloc dev=espl0 spi=0x${n}001
		sa-add dev=espl0 id=$n in-spi=0x${n}001 out-spi=0x${n}002 $espl_suite
	END
}

# churn NAME TURNS ESPLCTL-ARGUMENT...
churn()
{
	# shellcheck disable=SC2086
	spawn "churn-$1" in_net a esplctl churn n="$2" $espl_suite "${@:3}"
}

# churn_policy NAME TURNS WHAT DEVICE NUMBER [ESPLCTL-ARGUMENT...]: the other half of device_pair
churn_policy()
{
	local n=$5

	churn "$1" "$2" what="$3" dev="$4" id="$n" local=192.0.2.1 remote=192.0.2.2 \
		"lts=10.$n.1.0/24" "rts=10.$n.2.0/24" "in-spi=0x${n}002" "out-spi=0x${n}001" "${@:6}"
}

# churned NAME...: until they are through
churned()
{
	local name status=0

	for name; do
		wait "$(cat "$WORK/churn-$name.pid")" || status=$?
		cat "$WORK/churn-$name.log"
	done
	return $status
}

rounds_of()
{
	sed -n 's/.*"rounds": \([0-9]*\).*/\1/p' "$WORK/churn-$1.log"
}

driver_kind()
{
	echo "${driver%%(*}"
}

received()
{
	in_net "$1" awk '/espl0:/ { print $3 }' /proc/net/dev
}

# storm_keys WHAT TURNS: policy 1 is rekeyed at both ends, policy 3 made and removed
storm_keys()
{
	local name

	device_pair 3
	must in_net a ip address add 10.3.1.1/32 dev espl0
	net_route a 10.3.2.0/24 dev espl0 src 10.3.1.1
	# Enough to meet every change, and no more: the churn shall have its turn on the two CPUs.
	flood out a 10.2.0.1 1200 -i 0.01
	flood in b fd01::1 1200 -i 0.01
	flood policy a 10.3.2.1 100 -i 0.01
	stream tcp a b 10.2.0.1 -b 3M
	churn sa "$2" what=sa dev=espl0 id=1 peer-netns=/run/netns/b \
		peer-ifindex="$(device_index b espl0)"
	churn_policy policy "$2" policy espl0 3 life-ms=10
	check "$1: $2 rekeys of both ends" churned sa
	check "$1: $2 policies made and removed" churned policy
	for name in out in policy tcp tcp-server; do
		reap $name
	done
}

pinging()
{
	pgrep -f "^ping .* $1\$" >/dev/null
}

# storm_devices WHAT TURNS: four devices at a time, each with an address, a route and a policy; at two
# of them a asks and b answers, at the others b asks
storm_devices()
{
	local n

	for n in 5 6 7 8; do
		device_pair $n
		# Where the packets go while there is no device: the flood is there before the first one.
		net_route a "10.$n.2.0/24" dev lo metric 9
	done
	for n in 5 7; do
		flood "device-$n" a "10.$n.2.1" 100 -i 0.01
	done
	for n in 6 8; do
		flood "device-$n" b "10.$n.1.1" 100 -i 0.01
	done
	for n in 10.5.2.1 10.7.2.1 10.6.1.1 10.8.1.1; do
		wait_for 10 pinging $n || bail "no ping to $n"
	done
	for n in 5 6 7 8; do
		churn_policy "device-$n" $(($2 / 4)) device "storm$n" $n addr="10.$n.1.1" route="10.$n.2.0/24" life-ms=40
	done
	check "$1: $2 devices made and removed" churned device-{5,6,7,8}
	for n in 5 6 7 8; do
		reap "device-$n"
		must in_net a ip route del "10.$n.2.0/24" dev lo metric 9
	done
}

# storm_part WHAT TURNS keys|devices: with packets through what comes and goes
storm_part()
{
	local before arrived

	before=$(received b)
	"storm_$3" "$1" "$2"
	arrived=$(($(received b) - before))
	note "$1: $arrived packets arrived meanwhile"
	check "$1: traffic went on while there were other $3" test $arrived -gt "$2"
}

# storm WHAT SUITE TURNS
storm()
{
	local what=$1 net

	for net in a b; do
		espl_device "$net"
		espl_tunnel "$net" "$2"
	done
	driver=$(sa_out a driver)
	note "$what: $driver"
	spawn churn-read in_net a esplctl churn what=read n=1000000 pause-ms=500
	storm_part "$what" "$3" keys
	storm_part "$what" "$3" devices
	reap churn-read
	note "$what: $(cat "$WORK"/churn-*.log | tr '\n' ' ')"
	check "$what: somebody read the objects meanwhile" test "$(rounds_of read)" -gt $(($3 / 20))
	check "$what: the tunnel works" wait_for 10 pings a 10.2.0.1 2
	is "$what: inbound SAs are those of the last rekeys" "$(field a in-count policy-get dev=espl0 id=1)" 5
	for net in a b; do
		must in_net "$net" ip link del espl0
	done
}

module_load
sites_add
storm "ciphers that answer at once" aes128gcm16 $((rounds * 4 / 5))

# The last one is for kernels that have these ciphers from lib/crypto, where Debian leaves cryptd out.
crypto_async_chacha20
wrapper=$(sed -n 's/^made \([a-z]*\)(.*/\1/p' "$WORK/async.log")
storm "through $(sed -n 's/^made //p' "$WORK/async.log")" chacha20poly1305 $((rounds / 5))
is "those ciphers were asynchronous" "$(driver_kind)" "$wrapper"
reap async
# padata takes two locks of one class and has no annotation for it: lockdep would
# report pcrypt, whoever uses it. Only pcrypt can wrap what is asynchronous already.
if [ -n "${VM_DEBUG:-}" ]; then
	skip "through pcrypt" "the kernel's padata itself fails lockdep"
else
	crypto_async 'pcrypt(rfc4106-gcm-aesni-avx)' 'pcrypt(rfc4106-gcm-aesni)'
	storm "through $(sed -n 's/^made //p' "$WORK/async.log")" aes256gcm16 $((rounds / 5))
	is "those ciphers were asynchronous" "$(driver_kind)" pcrypt
	reap async
fi
finish
