#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The netlink contract: every operation, long dumps, refusals, events, permission; keys stay inside.
# vm: cpus=1 timeout=500 debug=yes kmemleak=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

must modprobe -q veth
if [ ! -e /sys/module/esplane ]; then
	refuse "without the module the tool says so" 'load the module' esplctl info
fi
module_load
sites_add
espl_device a
SEED=$(od -An -tx1 -N20 /dev/urandom | tr -d ' \n')

# --- info

ctl a info >"$WORK/info"
is "info: the version" "$(field a version info)" "$(cat "$VM_DIR/../../VERSION")"
able=$(jq -r '.algorithm[] | .name' "$WORK/info" | xargs)
for algorithm in $(tr -- '- ' '\n' <<<"$SUITES $MORE_SUITES" | sort -u); do
	check "info: $algorithm" grep -qw "$algorithm" <<<"$able"
done
is "info: the key of AES-GCM has its salt" "$(jq -c '.algorithm[] | select(.name == "aes256gcm16") | [.encr, .["key-bits"],
	.["key-len"], .aead]' "$WORK/info")" '[20,256,36,true]'
is "info: the key of an integrity algorithm" "$(jq -c '.algorithm[] | select(.name == "sha384") | [.integ, .["key-len"]]' \
	"$WORK/info")" '[13,48]'
is "info without a device has no counters" "$(grep -oE '"(version|stats)":' "$WORK/info")" '"version":'
refuse "info of a device that does not exist" 'No such device|ENODEV' \
	in_net a esplctl raw cmd=info text=ifindex=99999

# --- policies

policy_fields=id,encap,local-addr,local-port,remote-addr,remote-port,in-count,local-ts,remote-ts
same_policy()
{
	is "$1" "$(field a $policy_fields policy-get dev=espl0 id=7)" "${2//$'\n'/}"
}

must ctl a policy-set dev=espl0 id=7 encap=udp local=192.0.2.1 remote=192.0.2.2 lport=4500 rport=4501 \
	lts=10.1.0.0/24 lts=fd01::/64 rts=10.2.0.5-10.2.0.9,6,80-90 rts=fd02::/64,58
selectors='[
{"start":"10.1.0.0","end":"10.1.0.255","proto":0,"port-start":0,"port-end":65535},
{"start":"fd01::","end":"fd01::ffff:ffff:ffff:ffff","proto":0,"port-start":0,"port-end":65535}] [
{"start":"10.2.0.5","end":"10.2.0.9","proto":6,"port-start":80,"port-end":90},
{"start":"fd02::","end":"fd02::ffff:ffff:ffff:ffff","proto":58,"port-start":0,"port-end":65535}]'
same_policy "policy-get gives back what policy-set was given" "7 udp 192.0.2.1 4500 192.0.2.2 4501 0 $selectors"
must ctl a policy-set dev=espl0 id=7 encap=udp local=192.0.2.1 remote=192.0.2.9 lport=4500 rport=4502
same_policy "policy-set changes the endpoint only" "7 udp 192.0.2.1 4500 192.0.2.9 4502 0 $selectors"
must ctl a policy-set dev=espl0 id=7 lts=10.1.0.0/24 rts=10.2.0.0/24
is "policy-set changes the selectors only" \
	"$(field a remote-port,local-ts.length,remote-ts.0.end policy-get dev=espl0 id=7)" '4502 1 10.2.0.255'

must ctl a policy-set dev=espl0 id=7 mode=tunnel mark=0x42
is "policy-set changes mode and mark only" "$(field a mode,mark,remote-port,remote-ts.length policy-get dev=espl0 id=7)" \
	'tunnel 66 4502 1'
must ctl a policy-set dev=espl0 id=7 mark=0
is "a mark of 0 is none" "$(ctl a policy-get dev=espl0 id=7 | jq -r '[.mode, has("mark")] | join(" ")')" 'tunnel false'

# --- SAs

spi=$(field a spi spi-alloc dev=espl0)
check "spi-alloc: a random one above 255" test "$spi" -gt 255
is "spi-alloc: the one that is asked for" "$(field a spi spi-alloc dev=espl0 spi=0x4001)" 16385
check "a reservation can be given back" ctl a sa-del dev=espl0 spi=0x4001 dir=in
check "and taken again" ctl a spi-alloc dev=espl0 spi=0x4001
must ctl a sa-add dev=espl0 id=7 in-spi=0x4001 out-spi=0x5001 encr=20 key="$SEED" esn window=512 \
	soft-packets=10 hard-packets=20 soft-bytes=1000 hard-bytes=2000 soft-seconds=100 hard-seconds=200 seq=41
is "sa-get: the inbound SA" "$(sa_in a spi,encr,key-bits,esn,replay-window,policy-id,packets,expired 0x4001)" \
	'16385 20 128 true 512 7 0 0'
limits=soft-packets,hard-packets,soft-bytes,hard-bytes,soft-seconds,hard-seconds
is "sa-get: the outbound SA and its limits" "$(sa_out a spi,seq,$limits 0x5001)" '20481 41 10 20 1000 2000 100 200'
ctl a sa-get dev=espl0 spi=0x5001 dir=out >"$WORK/out"
is "an SA that was never used has no idle time" "$(grep -oE '"(spi|idle)":' "$WORK/out")" '"spi":'
is "the policy knows its outbound SA" "$(field a out-spi policy-get dev=espl0 id=7)" 20481
must ctl a sa-add dev=espl0 id=7 out-spi=0x5002 encr=28 key="${SEED}00112233445566778899aabbccddeeff"
is "a new outbound SA takes the place of the old one" "$(field a out-spi policy-get dev=espl0 id=7)" 20482
refuse "which is gone" 'No such file|no ' in_net a esplctl sa-get dev=espl0 spi=0x5001 dir=out
is "the inbound SA stays" "$(field a in-count policy-get dev=espl0 id=7)" 1
ctl a dump >"$WORK/dump"
check "a dump has no key in it" bash -c "! grep -qiE '$SEED|key\"' '$WORK/dump'"
check "policy-del takes its SAs with it" ctl a policy-del dev=espl0 id=7
is "no SA is left" "$(field a length sa-get)" 0
check "and the SPI is free again" ctl a spi-alloc dev=espl0 spi=0x4001
check "flush of the device" ctl a flush dev=espl0
check "the reservation went too" ctl a spi-alloc dev=espl0 spi=0x4001
must ctl a flush

# --- peers choose outbound SPIs: several may be the same

for i in 1 2 3; do
	echo "policy-set dev=espl0 id=$i local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24 rts=10.$((16 + i)).0.0/24"
	echo "sa-add dev=espl0 id=$i out-spi=0x5005 encr=20 key=$SEED"
done >"$WORK/same"
must ctl a batch <"$WORK/same"
same()
{
	ctl a raw cmd="$1" text="ifindex=$(device_index a espl0) spi=0x5005 dir=2 policy-id=$2"
}
is "each is found by its policy" "$(for i in 1 2 3; do same sa-get $i | jq '."policy-id"'; done | xargs)" '1 2 3'
must same sa-del 2
refuse "one that is deleted is gone" 'no SA of this SPI' same sa-get 2
is "the others are not" "$(for i in 1 3; do same sa-get $i | jq '."policy-id"'; done | xargs)" '1 3'
must ctl a sa-add dev=espl0 id=1 out-spi=0x5005 encr=20 key="$SEED"
must same sa-del 1
must same sa-del 3
refuse "the last one takes the SPI along" 'no SA of this SPI' in_net a esplctl sa-get dev=espl0 spi=0x5005 dir=out
must ctl a flush

# --- refusals

ctl a negative dev=espl0 >"$WORK/negative" 2>&1
while read -r line; do
	case $line in
	'ok '*) ok "${line#*- }" ;;
	'not ok '*) not_ok "${line#*- }" "$reason" ;;
	'# '*) reason=${line#??} ;;
	esac
done <"$WORK/negative"
check "the whole table was gone through" grep -q '^1\.\.' "$WORK/negative"

raw()
{
	in_net a python3 -IS "$VM_DIR/netlink-raw.py" "$@"
}

is "a header with its reserved octets set is refused" "$(raw reserved | uniq)" 'Invalid argument'

espl_policy a
raw keys "$(device_index a espl0)" >"$WORK/keys"
is "each refused sa-add comes back without its keys" "$(grep -c '^wiped' "$WORK/keys") $(grep -v '^wiped' "$WORK/keys")" '10 '
must ctl a flush

# --- long dumps

objects()
{
	local i

	for ((i = 1; i <= $1; i++)); do
		echo "policy-set dev=espl0 id=$i local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24" \
			"rts=10.$((16 + i / 256)).$((i % 256)).0/24"
		echo "spi-alloc dev=espl0 spi=$((0x10000 + i))"
		echo "sa-add dev=espl0 id=$i in-spi=$((0x10000 + i)) out-spi=$((0x20000 + i)) encr=20 key=$SEED"
	done
}

count=400		# a dump takes several messages
[ -z "${VM_DEBUG:-}" ] || count=200
objects $count >"$WORK/objects"
check "$count policies, each with both SAs" bash -c "in-net a esplctl batch <'$WORK/objects' >/dev/null"
ctl a policy-get >"$WORK/policies"
ctl a sa-get dev=espl0 >"$WORK/sas"
is "a dump has every policy, once" "$(jq '[.[].id] | unique | length' "$WORK/policies")" $count
is "a dump has every SA, once" "$(jq '[.[] | .spi] | unique | length' "$WORK/sas")" $((2 * count))
is "and nothing else" "$(field a length policy-get) $(field a length sa-get dev=espl0)" "$count $((2 * count))"
must in_net a ip link add espl1 type esplane
must ctl a policy-set dev=espl1 id=1 local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24 rts=10.2.0.0/24
is "a dump of all devices has both" "$(field a length policy-get)" $((count + 1))
is "a dump of one device has its own" "$(field a length policy-get dev=espl1)" 1
is "another namespace sees nothing" "$(field b length policy-get)" 0
# A dump that is disturbed is repeated, or is whole.
spawn disturb in_net a bash -c 'while :; do esplctl spi-alloc dev=espl1 spi=0x7777
	esplctl sa-del dev=espl1 spi=0x7777 dir=in; done'
check "a dump while objects change is whole, or says that it is not" bash -c "
	for i in 1 2 3 4 5; do
		n=\$(in-net a esplctl --field length policy-get dev=espl0 2>'$WORK/err')
		[ \"\$n\" = $count ] || grep -q Interrupted '$WORK/err' || exit 1
	done"
reap disturb
must ctl a flush
is "flush of everything" "$(ctl a dump | tr -d '\n ')" '[][]'
must in_net a ip link del espl1

# --- as many as there can be

if [ -z "${VM_DEBUG:-}" ]; then	# too slow there
	index=$(device_index a espl0)
	is "a device takes 16384 policies, and no more" "$(raw fill policies "$index" 17000)" '16384 No space left on device'
	is "and 65536 SPIs" "$(raw fill spis "$index" 66000)" '65536 No space left on device'
	refuse "the refusal says so" '65536 SPIs' in_net a esplctl spi-alloc dev=espl0
	must ctl a flush
fi
must ctl a policy-set dev=espl0 id=1 local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24 rts=10.2.0.0/24
for ((i = 1; i <= 256; i++)); do
	echo "spi-alloc dev=espl0 spi=$((0x10000 + i))"
	echo "sa-add dev=espl0 id=1 in-spi=$((0x10000 + i)) encr=20 key=$SEED"
done >"$WORK/many"
check "a policy takes 256 inbound SAs" bash -c "in-net a esplctl batch <'$WORK/many' >/dev/null"
must ctl a spi-alloc dev=espl0 spi=0x20000
refuse "and no more" '256 inbound SAs' in_net a esplctl sa-add dev=espl0 id=1 in-spi=0x20000 encr=20 key="$SEED"
must ctl a sa-del dev=espl0 dir=in spi=0x10001
check "one that goes makes room" ctl a sa-add dev=espl0 id=1 in-spi=0x20000 encr=20 key="$SEED"
must ctl a flush

# --- permission

# shellcheck disable=SC2016
refuse "without CAP_NET_ADMIN nothing is allowed" 'permitted|permission' \
	in_net a setpriv --bounding-set=-net_admin --inh-caps=-net_admin esplctl policy-get
check "in a namespace of one's own, CAP_NET_ADMIN there is enough" unshare -rn bash -ec '
	ip link add espl0 type esplane
	esplctl policy-set dev=espl0 id=1 local=192.0.2.1 remote=192.0.2.2 lts=10.1.0.0/24 rts=10.2.0.0/24
	[ "$(esplctl --field length policy-get)" = 1 ]'

# --- events

espl_device b
for net in a b; do
	espl_policy $net
done
events_start a
in_net a ping -q -c 1 -W 1 10.2.0.1 >/dev/null
check "event acquire" wait_for 5 event_seen a '"acquire"' '"policy-id":1\b' '10\.1\.0\.1' '10\.2\.0\.1'
check "it says what asked" event_seen a '"acquire"' '"ts-remote":\{[^}]*"proto":1\b'
# The ping that asked waits at the policy and leaves with the SA: it counts too.
espl_sas a aes128gcm16 soft-packets=2 hard-packets=6
espl_sas b aes128gcm16
pings a 10.2.0.1 3 >/dev/null 2>&1
check "event expire: the soft limit in packets" wait_for 5 event_seen a '"expire"' '"dir":"out"' '"limit":"packets"' '"spi":8193\b'
is "soft is not hard" "$(events_like a '"expire"' '"hard"')" 0
pings a 10.2.0.1 6 -W 1 >/dev/null 2>&1
check "event expire: the hard limit in packets" wait_for 5 event_seen a '"expire"' '"dir":"out"' '"limit":"packets"' '"hard":true'
in_net b python3 -IS "$VM_DIR/hostile.py" garbage 192.0.2.2 192.0.2.1 3 0xdead00 >/dev/null
check "event invalid-spi" wait_for 5 event_seen a '"invalid-spi"' '"spi":14593280\b' '"peer-addr":"192\.0\.2\.2"'
must ctl a policy-del dev=espl0 id=1
check "event policy-gone" wait_for 5 event_seen a '"policy-gone"' '"policy-id":1\b'
# --- the mark of the outer packets

# The first ESP packet that leaves by the device, and the mark it has there.
marks_start()
{
	# shellcheck disable=SC2016
	spawn "marks-$1" in_net a python3 -IS -c '
import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.bind((sys.argv[1], 3))
s.setsockopt(socket.SOL_SOCKET, 75, 1)		# SO_RCVMARK
print("ready", flush=True)
while True:
    octets, controls, flags, source = s.recvmsg(2048, 64)
    if source[2] == 4 and octets[9] == 50:	# PACKET_OUTGOING, ESP
        marks = [struct.unpack("I", c[2])[0] for c in controls if c[1] == socket.SO_MARK]
        print("mark", *marks, flush=True)
        break' "$1"
	wait_for 20 grep -q ready "$WORK/marks-$1.log" || bail "no packet socket: $(cat "$WORK/marks-$1.log")"
}

net_link a eth1 198.51.100.1/24 b eth1 198.51.100.2/24
must in_net a ip rule add fwmark 0x42 table 66
net_route a 192.0.2.2/32 via 198.51.100.2 dev eth1 table 66
espl_policy a none mark=0x42
espl_sas a aes128gcm16
marks_start eth1
in_net a ping -q -c 1 -W 1 10.2.0.1 >/dev/null
check "a marked policy's packets take the route of the mark" wait_for 10 grep -qx 'mark 66' "$WORK/marks-eth1.log"
reap marks-eth1
must ctl a policy-set dev=espl0 id=1 mark=0
marks_start eth0
in_net a ping -q -c 1 -W 1 10.2.0.1 >/dev/null
check "without the mark they take the other one" wait_for 10 grep -qx 'mark 0' "$WORK/marks-eth0.log"
reap marks-eth0
must ctl a policy-del dev=espl0 id=1

# --- a peer that moves

# peer_of_sa [WORD...]: peer-addr and peer-port beside the inbound SA, "null null" without them
peer_of_sa()
{
	ctl a raw cmd=sa-get text="ifindex=$(device_index a espl0)$*" | jq -r 'if type == "array" then .[] else . end |
		select(."sa-in") | "\(."peer-addr") \(."peer-port")"'
}

one='spi=0x1001 dir=1'
for net in a b; do
	espl_policy $net udp
	espl_socket $net
done
espl_sas a aes128gcm16
ctl b policy-get dev=espl0 id=1 >/dev/null && must ctl b policy-del dev=espl0 id=1
espl_policy b udp
espl_sas b aes128gcm16
check "the peer is where the policy says" pings b 10.1.0.1 1
is "sa-get: no other address of the peer" "$(peer_of_sa " $one")" 'null null'
must ctl b policy-set dev=espl0 id=1 encap=udp local=192.0.2.2 remote=192.0.2.1 lport=4501 rport=4500
check "the peer sends from another port" pings b 10.1.0.1 1
check "event mapping" wait_for 5 event_seen a '"mapping"' '"spi":4097\b' '"peer-addr":"192\.0\.2\.2"' '"peer-port":4501\b'
is "sa-get says the same" "$(peer_of_sa " $one")" '192.0.2.2 4501'
is "so does a dump" "$(ctl a raw cmd=sa-get dump text="ifindex=$(device_index a espl0)" |
	jq -rc 'flatten[] | [has("sa-in"), ."peer-port"]' | sort | xargs)" '[false,null] [true,4501]'
must ctl a policy-set dev=espl0 id=1 encap=udp local=192.0.2.1 remote=192.0.2.2 lport=4500 rport=4501
is "no more when the policy follows" "$(peer_of_sa " $one")" 'null null'
for net in a b; do
	must ctl $net policy-del dev=espl0 id=1
done

# --- tracepoints

traced()
{
	grep -qE -- "$1" "$tracefs/trace"
}

tracefs=/sys/kernel/tracing
mountpoint -q $tracefs || mount -t tracefs tracefs $tracefs 2>/dev/null
if [ -d $tracefs/events ]; then
	check "the events can be switched on" bash -c "for e in esplane skb/kfree_skb; do echo 1 >$tracefs/events/\$e/enable || exit; done"
	espl_policy a
	espl_sas a aes128gcm16
	check "tracepoint sa_start" traced 'sa_start: device=espl0 policy=1 spi=0x00001001 dir=in'
	check "of both directions" traced 'sa_start: device=espl0 policy=1 spi=0x00002001 dir=out'
	must in_net a ip address add 10.9.0.1/32 dev espl0
	refuse "a packet outside of the selectors" '' in_net a ping -q -c 1 -W 1 -I 10.9.0.1 10.2.0.1
	check "tracepoint drop: reason and device" traced ' drop: device=espl0 reason=tx-no-policy spi=0x00000000 packets=1'
	check "the kernel's own tracepoint has a reason too" traced 'kfree_skb: .*reason: XFRM_POLICY'
	in_net b python3 -IS "$VM_DIR/hostile.py" garbage 192.0.2.2 192.0.2.1 3 0x1001 >/dev/null
	check "tracepoint drop: the SPI" wait_for 5 traced ' drop: device=espl0 reason=rx-[a-z-]+ spi=0x00001001 packets=1'
	check "no SA is freed before its time" bash -c "! grep -q 'sa_free: .* spi=0x00001001 ' $tracefs/trace"
	must ctl a policy-del dev=espl0 id=1
	check "tracepoint sa_free" wait_for 10 traced 'sa_free: device=espl0 policy=1 spi=0x00001001 dir=in'
	for e in esplane skb/kfree_skb; do
		echo 0 >"$tracefs/events/$e/enable"
	done
else
	skip "tracepoints" "this kernel has no tracefs"
fi

index=$(device_index a espl0)
must in_net a ip link del espl0
check "event device-gone" wait_for 5 event_seen a '"device-gone"' "\"ifindex\":$index\b"
finish
