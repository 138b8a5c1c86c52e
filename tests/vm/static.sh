# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2015
# Tunnels with static keys, without a daemon: for scenarios, after lib.sh.
#
# Two sites: namespace a has esplane, b the in-tree stack or esplane too.
#	a: eth0 192.0.2.1, inner 10.1.0.1 and fd01::1, device espl0
#	b: eth0 192.0.2.2, inner 10.2.0.1 and fd02::1
# After outer_ipv6 they are 2001:db8::1 and 2001:db8::2 instead.
# SPIs: 0x1001 towards a, 0x2001 towards b. Everything is policy 1.

TS_A='10.1.0.0/24' TS_B='10.2.0.0/24' TS6_A='fd01::/64' TS6_B='fd02::/64'
OUTER_A=192.0.2.1 OUTER_B=192.0.2.2 OUTER_ANY=0.0.0.0 OUTER_LEN=24
K16=000102030405060708090a0b0c0d0e0f
K32=${K16}101112131415161718191a1b1c1d1e1f
K64=${K32}202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
SALT=a0a1a2a3
SUITES="aes128gcm16 aes256gcm16 chacha20poly1305 aes128-sha256 aes192-sha256 aes256-sha256"
# Each other cipher, each other integrity algorithm with a block of each length.
MORE_SUITES="aes192gcm16 aes128gcm12 aes256gcm8 aes128ccm16 aes192ccm12 aes256ccm8 aes128gmac aes192gmac aes256gmac
	aes128ctr-sha256 aes192ctr-sha384 aes256ctr-aescmac 3des-sha1 3des-sha512 3des-aesxcbc null-sha256 null-sha384
	null-aescmac aes128-sha1 aes192-sha384 aes256-sha512 aes128-aesxcbc aes256-aescmac"

# Before sites_add: the sites are joined by IPv6, and by nothing else.
outer_ipv6()
{
	OUTER_A=2001:db8::1 OUTER_B=2001:db8::2 OUTER_ANY=:: OUTER_LEN=64
	CLEAR='ip or ip6[6] = 6 or (ip6[6] = 17 and not port 4500) or (ip6[6] = 58 and (ip6[40] = 128 or ip6[40] = 129)) or
		(ip6[6] = 44 and (ip6[40] = 6 or ip6[40] = 58 or (ip6[40] = 17 and ip6[42:2] < 8 and ip6[50:2] != 4500)))'
}

# suite_cipher NAME: $encr, its number; $key; $cipher, ip xfrm's words; $icv, bits, of an AEAD
suite_cipher()
{
	local bits=${1#aes} kind

	bits=${bits:0:3}
	kind=${1#aes"$bits"}
	key=$K64
	[ "$bits" != 128 ] || key=${K64:0:32}
	[ "$bits" != 192 ] || key=${K64:0:48}
	[ "$bits" != 256 ] || key=${K64:0:64}
	icv=''
	case $1 in
	chacha20poly1305) encr=28 icv=128 key=${K64:0:64}$SALT cipher="rfc7539esp(chacha20,poly1305)" ;;
	3des) encr=3 key=${K64:0:48} cipher="cbc(des3_ede)" ;;
	null) encr=11 key='' cipher="ecb(cipher_null)" ;;
	aes???) encr=12 cipher="cbc(aes)" ;;
	aes???ctr) encr=13 key+=$SALT cipher="rfc3686(ctr(aes))" ;;
	aes???gcm*) icv=$((${kind#gcm} * 8)) encr=$((16 + icv / 32)) key+=$SALT cipher="rfc4106(gcm(aes))" ;;
	aes???ccm*) icv=$((${kind#ccm} * 8)) encr=$((12 + icv / 32)) key+=${SALT:0:6} cipher="rfc4309(ccm(aes))" ;;
	aes???gmac) icv=128 encr=21 key+=$SALT cipher="rfc4543(gcm(aes))" ;;
	*) bail "no cipher $1" ;;
	esac
}

# suite_integ NAME: $integ, its number; $ikey; $hash, ip xfrm's name; $icv, bits
suite_integ()
{
	case $1 in
	sha256) integ=12 ikey=${K64:0:64} hash="hmac(sha256)" icv=128 ;;
	sha384) integ=13 ikey=${K64:0:96} hash="hmac(sha384)" icv=192 ;;
	sha512) integ=14 ikey=$K64 hash="hmac(sha512)" icv=256 ;;
	sha1) integ=2 ikey=${K64:0:40} hash="hmac(sha1)" icv=96 ;;
	aesxcbc) integ=5 ikey=${K64:0:32} hash="xcbc(aes)" icv=96 ;;
	aescmac) integ=8 ikey=${K64:0:32} hash="cmac(aes)" icv=96 ;;
	*) bail "no integrity algorithm $1" ;;
	esac
}

# suite NAME: $espl_suite for esplctl, $xfrm_suite for ip xfrm. NAME is a cipher, or CIPHER-INTEG
suite()
{
	local encr key cipher integ ikey hash icv

	suite_cipher "${1%%-*}"
	espl_suite="encr=$encr${key:+ key=$key}"
	if [ -n "$icv" ]; then
		xfrm_suite="aead $cipher 0x$key $icv"
		return
	fi
	suite_integ "${1#*-}"
	espl_suite+=" integ=$integ ikey=$ikey"
	# an empty word is no key to ip xfrm
	xfrm_suite="enc $cipher ${key:+0x}${key:-\"\"} auth-trunc $hash 0x$ikey $icv"
}

# ctl NET ARGUMENTS...: esplctl in a namespace
ctl()
{
	in_net "$1" esplctl "${@:2}"
}

# device_index NET DEVICE
device_index()
{
	in_net "$1" ip -o link show "$2" | cut -d: -f1
}

# field NET PATH COMMAND...: one number of an answer
field()
{
	in_net "$1" esplctl --field "$2" "${@:3}"
}

# Numbers (PATH,PATH...) of the inbound or outbound SA, of the device: sa_in NET PATH [SPI], drops NET NAME [DEVICE]
sa_in()
{
	field "$1" "$2" sa-get dev=espl0 dir=in spi="${3:-$(in_spi "$1")}"
}

sa_out()
{
	field "$1" "$2" sa-get dev=espl0 dir=out spi="${3:-$(out_spi "$1")}"
}

drops()
{
	field "$1" "stats.$2" info dev="${3:-espl0}"
}

# both_are PATHS WHAT: the numbers of both SAs of a
both_are()
{
	[ "$(sa_out a "$1")" = "$2" ] && [ "$(sa_in a "$1")" = "$2" ] && return
	ctl a sa-get dev=espl0
	return 1
}

# Five echo requests of 84 octets from a and their answers, and nothing else, in the counters.
counters()
{
	pings a 10.2.0.1 5 -s 56 || return
	wait_for 5 both_are packets,bytes,seq '5 420 5'
	both_are packets,bytes,seq '5 420 5'
}

# From b: what comes by another address than the policy's, or port, counts, and is no sign that the way of the policy
# works (RFC 4555 3.12). signs_of_life ENCAP REMOTE LOCAL: addresses that nobody has
signs_of_life()
{
	local other others="remote=$2 local=$3"

	[ "$1" = none ] || others+=' rport=4501 lport=4501'
	for other in $others; do
		configuration aes128gcm16 "$1" no
		must ctl a policy-set dev=espl0 id=1 "$other"
		in_net b ping -q -c 1 -W 0.2 10.1.0.1
		wait_for 5 life_is '1 true false' || { echo "with $other: $life"; return 1; }
		espl_policy a "$1"
		in_net b ping -q -c 1 -W 0.2 10.1.0.1
		wait_for 5 life_is '2 true true' || { echo "after $other: $life"; return 1; }
	done
}

life_is()
{
	life=$(ctl a sa-get dev=espl0 dir=in spi=0x1001 | jq -r '[.packets, has("idle"), has("heard")] | join(" ")')
	[ "$life" = "$1" ]
}

# Why what should have arrived has not, as TAP's comments.
say_drops()
{
	in_net b cat /proc/net/xfrm_stat | awk '$2' | sed 's/^/#   /'
	ctl a info dev=espl0 | sed -n '/stats/,$s/^/#   /p'
}

in_spi()
{
	[ "$1" = a ] && echo 0x1001 || echo 0x2001
}

out_spi()
{
	[ "$1" = a ] && echo 0x2001 || echo 0x1001
}

sites_add()
{
	net_add a b
	net_link a eth0 "$OUTER_A/$OUTER_LEN" b eth0 "$OUTER_B/$OUTER_LEN"
}

# espl_device NET [DEVICE]: the device with addresses and routes
espl_device()
{
	local net=$1 device=${2:-espl0} me=1 it=2

	[ "$net" = a ] || me=2 it=1
	must in_net "$net" ip link add "$device" type esplane
	espl_addresses "$net" "$device" "$me" "$it"
}

espl_addresses()
{
	must in_net "$1" ip -batch - <<-END
		address add 10.$3.0.1/32 dev $2
		address add fd0$3::1/128 dev $2 nodad
		link set $2 up
		route add 10.$4.0.0/24 dev $2 src 10.$3.0.1
		route add fd0$4::/64 dev $2 src fd0$3::1
	END
}

# policy_line NET [ENCAP] [ESPLCTL-ARGUMENT...]: the command for policy 1 towards the other site
policy_line()
{
	local encap=${2:-none} me=1 it=2 ports='' local=$OUTER_A remote=$OUTER_B

	[ "$1" = a ] || me=2 it=1 local=$OUTER_B remote=$OUTER_A
	[ "$encap" = none ] || ports='lport=4500 rport=4500'
	echo "policy-set dev=espl0 id=1 encap=$encap $ports local=$local remote=$remote" \
		"lts=10.$me.0.0/24 rts=10.$it.0.0/24 lts=fd0$me::/64 rts=fd0$it::/64" "${@:3}"
}

# sa_lines NET SUITE [ESPLCTL-ARGUMENT...]: the commands for both SAs of policy 1
sa_lines()
{
	suite "$2"
	echo "spi-alloc dev=espl0 spi=$(in_spi "$1")"
	echo "sa-add dev=espl0 id=1 in-spi=$(in_spi "$1") out-spi=$(out_spi "$1") $espl_suite" "${@:3}"
}

espl_policy()
{
	must ctl "$1" batch <<<"$(policy_line "$@")"
}

espl_sas()
{
	suite "$2"
	must ctl "$1" batch <<<"$(sa_lines "$@")"
}

# espl_tunnel NET SUITE [ENCAP] [ESPLCTL-ARGUMENT...]: policy 1 with both SAs
espl_tunnel()
{
	suite "$2"
	must ctl "$1" batch <<<"$(policy_line "$1" "${3:-none}")
$(sa_lines "$1" "$2" "${@:4}")"
}

# espl_socket NET [ESPLCTL-ARGUMENT...]: ESP in UDP, with a process that owns the socket
espl_socket()
{
	spawn "socket-$1" in_net "$1" esplctl socket-attach addr="$OUTER_ANY" hold "${@:2}"
	wait_for 5 grep -q attached "$WORK/socket-$1.log" || bail "socket-attach: $(cat "$WORK/socket-$1.log")"
}

# esplane at both ends: espl_pair SUITE [ENCAP] [ESPLCTL-ARGUMENT...]
espl_pair()
{
	local net

	sites_add
	for net in a b; do
		espl_device "$net"
		espl_tunnel "$net" "$1" "${2:-none}" "${@:3}"
		[ "${2:-none}" = none ] || espl_socket "$net"
	done
}

# --- the in-tree stack, in b

xfrm_modules()
{
	modprobe -qa esp4 esp6 xfrm4_tunnel xfrm_user xfrm_algo authenc echainiv seqiv 2>/dev/null
}

# xfrm_site NET: addresses and routes, without SAs
xfrm_site()
{
	must in_net "$1" ip address add 10.2.0.1/32 dev lo
	must in_net "$1" ip address add fd02::1/128 dev lo
	if [ "$OUTER_A" = 192.0.2.1 ]; then
		net_route "$1" 10.1.0.0/24 dev eth0 via 192.0.2.1 src 10.2.0.1
	else
		net_route "$1" 10.1.0.0/24 dev eth0 src 10.2.0.1
	fi
	net_route "$1" fd01::/64 dev eth0 src fd02::1
}

# xfrm_policies NET ME IT REQID LOCAL REMOTE: one pair of prefixes
xfrm_policies()
{
	must in_net "$1" ip xfrm policy add dir out src "$5" dst "$6" \
		tmpl src "$2" dst "$3" proto esp reqid "$4" mode tunnel
	must in_net "$1" ip xfrm policy add dir in src "$6" dst "$5" \
		tmpl src "$3" dst "$2" proto esp reqid "$4" mode tunnel
}

# xfrm_sas NET ME IT IN-SPI OUT-SPI REQID SUITE [none|udp] [esn]
xfrm_sas()
{
	local net=$1 me=$2 it=$3 more='replay-window 32 flag af-unspec'

	suite "$7"
	[ "${9:-}" != esn ] || more='replay-window 64 flag esn af-unspec'
	[ "${8:-none}" = none ] || more+=" encap espinudp 4500 4500 $OUTER_ANY"
	must in_net "$net" ip -batch - <<-END
		xfrm state add src $it dst $me proto esp spi $4 reqid $6 mode tunnel $xfrm_suite $more
		xfrm state add src $me dst $it proto esp spi $5 reqid $6 mode tunnel $xfrm_suite $more
	END
}

# xfrm_socket NET: the kernel wants a socket that has asked for ESP in UDP
xfrm_socket()
{
	spawn "xfrm-socket-$1" in_net "$1" python3 -IS -c '
import signal, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_UDP, 100, 2)	# UDP_ENCAP, UDP_ENCAP_ESPINUDP
s.bind((sys.argv[1], 4500))
print("bound", flush=True)
signal.pause()' "$OUTER_ANY"
	wait_for 10 grep -q bound "$WORK/xfrm-socket-$1.log" || bail "no socket for ESP in UDP"
}

# --- traffic

# pings FROM ADDRESS COUNT [PING-ARGUMENT...]: all answered
pings()
{
	in_net "$1" ping -q -c "$3" -i 0.01 -W "$HANG" "${@:4}" "$2"
}

# ping_sizes FROM ADDRESS SIZE...: one packet of each size
ping_sizes()
{
	# shellcheck disable=SC2016
	in_net "$1" bash -c 'to=$1 hang=$2; shift 2
		for size; do
			ping -q -c 1 -W "$hang" -s "$size" "$to" || { echo "no answer to $size octets"; exit 1; }
		done' sizes "$2" "$HANG" "${@:3}"
}

listening()
{
	in_net "$1" ss -Hlnt "sport = :$2" | grep -q .
}

# transfer FROM TO ADDRESS KIB: a TCP stream of random octets arrives as it was sent
transfer()
{
	local sum

	[ -e "$WORK/octets" ] || dd if=/dev/urandom of="$WORK/octets" bs=1024 count=4096 status=none
	head -c $(($4 * 1024)) "$WORK/octets" >"$WORK/sent"
	in-net "$2" timeout "$HANG" nc -l -N "$3" 5001 >"$WORK/received" </dev/null &
	wait_for 5 listening "$2" 5001 || return 1
	in_net "$1" timeout "$HANG" nc -N "$3" 5001 <"$WORK/sent" || return 1
	wait $!
	sum=$(sha256sum <"$WORK/sent")
	[ "$sum" = "$(sha256sum <"$WORK/received")" ] || {
		echo "$(stat -c %s "$WORK/received") of $(stat -c %s "$WORK/sent") octets, or others"
		return 1
	}
}

# In the clear: whatever a capture of eth0 has that is neither ESP nor neighbour discovery.
# Later fragments of ESP in UDP have no ports: the first one answers for them.
CLEAR='tcp or icmp or ip6 proto 17 or (ip proto 17 and ip[6:2] & 0x1fff = 0 and not port 4500) or (icmp6 and (ip6[40] == 128 or ip6[40] == 129))'

# From a, over a path of 1320 octets: whose packets are too long is told, and what is left.
too_big()
{
	in_net a ping -c 3 -i 0.2 -W 1 -M "do" -s 1340 10.2.0.1
	in_net a ping -c 3 -i 0.2 -W 1 -M "do" -s 1340 10.2.0.1 2>&1 | grep -q 'mtu *= *12[0-9][0-9]'
}

# flood NAME NET ADDRESS [SIZE [PING-ARGUMENT...]]: pings, as fast as they go, until reaped; a new ping where one gave up
flood()
{
	local rate=${*:5}

	spawn "$1" in_net "$2" bash -c "trap 'kill \$p; exit' TERM
		while :; do ping -q ${rate:--f} -s ${4:-500} $3 >/dev/null 2>&1 & p=\$!; wait \$p
			sleep 0.2; done"
}

# stream NAME FROM TO ADDRESS [IPERF3-ARGUMENT...]: TCP or what is asked for, until reaped
stream()
{
	spawn "$1-server" in_net "$3" iperf3 -s -B "$4" -p 5201 --forceflush
	wait_for 10 listening "$3" 5201 || bail "iperf3 does not listen: $(cat "$WORK/$1-server.log")"
	spawn "$1" in_net "$2" bash -c "trap 'kill \$p; exit' TERM
		while :; do iperf3 -c $4 -p 5201 -t 86000 ${*:5} & p=\$!; wait \$p; sleep 0.3; done"
}

# Events of a namespace, a line each, in $WORK/events-NET.log
events_start()
{
	spawn "events-$1" in_net "$1" esplctl listen seconds=100000
	wait_for 5 grep -q listening "$WORK/events-$1.log" || bail "esplctl listen: $(cat "$WORK/events-$1.log")"
}

# events_like NET PATTERN...: how many events match all of the patterns
events_like()
{
	local f=$WORK/events-$1.log lines p

	lines=$(grep '"event"' "$f")
	for p in "${@:2}"; do
		lines=$(grep -E -- "$p" <<<"$lines")
	done
	[ -z "$lines" ] && echo 0 || wc -l <<<"$lines"
}

event_seen()
{
	[ "$(events_like "$@")" -gt 0 ]
}

# crypto_async DRIVER...: makes the first of these that the kernel can make, through an AF_ALG
# socket. From now on it is the kernel's best, and answers later, from another context. It stays
# until the machine ends. Drivers by their full names: what AES-NI has is asynchronous already,
# which cryptd refuses and pcrypt does not.
crypto_async()
{
	modprobe -qa cryptd pcrypt algif_aead 2>/dev/null
	spawn "async" python3 -IS -c '
import errno, signal, socket, sys
s = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
for name in sys.argv[1:]:
    try:
        s.bind(("aead", name))
    except OSError as e:
        # The kernel has made it, and AF_ALG may not use what is asynchronous, on 7.2.
        if e.errno != errno.EEXIST:
            print(name, e, flush=True)
            continue
    print("made", name, flush=True)
    break
else:
    print("none", flush=True)
signal.pause()' "$@"
	wait_for 20 grep -qE '^(made|none)' "$WORK/async.log"
	grep -q ^made "$WORK/async.log" || bail "no asynchronous cipher: $(cat "$WORK/async.log")"
}

# Likewise for ChaCha20-Poly1305, by cryptd; by pcrypt where cryptd has nothing to take, on 7.2.
crypto_async_chacha20()
{
	crypto_async 'cryptd(rfc7539esp(chacha20-simd,poly1305-simd))' \
		'cryptd(rfc7539esp(chacha20-generic,poly1305-generic))' \
		'pcrypt(rfc7539esp(chacha20-lib,poly1305-generic))'
}
