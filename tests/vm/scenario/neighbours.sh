#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What else the host does with packets: in-tree SAs, forwarding through one device, tunnels in tunnels.
# vm: cpus=1 timeout=300 debug=yes
# shellcheck disable=SC2317,SC2119,SC2086 # functions are called by check and wait_for
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

module_load
xfrm_modules
sites_add
espl_device a

# --- an in-tree SA in the same namespace

must in_net a ip address add 10.5.0.1/32 dev lo
must in_net b ip address add 10.6.0.1/32 dev lo
net_route a 10.6.0.0/24 dev eth0 via 192.0.2.2 src 10.5.0.1
net_route b 10.5.0.0/24 dev eth0 via 192.0.2.1 src 10.6.0.1
xfrm_policies a 192.0.2.1 192.0.2.2 1 10.5.0.0/24 10.6.0.0/24
xfrm_policies b 192.0.2.2 192.0.2.1 1 10.6.0.0/24 10.5.0.0/24
xfrm_sas a 192.0.2.1 192.0.2.2 0x3001 0x4001 1 aes128gcm16
xfrm_sas b 192.0.2.2 192.0.2.1 0x4001 0x3001 1 aes128gcm16
events_start a
check "an in-tree tunnel works beside the device" pings a 10.6.0.1 20
in_net b python3 -IS "$VM_DIR/hostile.py" garbage 192.0.2.2 192.0.2.1 3 0xdead00 >/dev/null
check "ESP for nobody is told" wait_for 5 event_seen a '"invalid-spi"' '"spi":14593280\b'
is "ESP for the in-tree stack is not" "$(events_like a '"invalid-spi"' '"spi":12289\b')" 0

# --- from one policy to another of the same device

net_forward a
espl_device b
espl_tunnel a aes128gcm16
espl_tunnel b aes128gcm16
must ctl a policy-set dev=espl0 id=1 lts=10.1.0.0/24 lts=10.3.0.0/24 rts=10.2.0.0/24
must ctl b policy-set dev=espl0 id=1 lts=10.2.0.0/24 rts=10.1.0.0/24 rts=10.3.0.0/24
net_route b 10.3.0.0/24 dev espl0 src 10.2.0.1
net_route a 10.3.0.0/24 dev espl0
must ctl a policy-set dev=espl0 id=3 local=192.0.2.1 remote=192.0.2.3 lts=0.0.0.0/0 rts=10.3.0.0/24
redirects()
{
	in_net a awk '$1 == "Icmp:" && !n { n = split($0, name); next }
		$1 == "Icmp:" { split($0, value); for (i = 2; i <= n; i++) if (name[i] == "OutRedirects") print value[i] }' \
		/proc/net/snmp
}
in_net b ping -q -c 3 -i 0.05 -W 1 10.3.0.1 >/dev/null
check "the hub forwards to the other policy" test "$(field a acquire policy-get dev=espl0 id=3)" = true
is "a hub sends no ICMP redirect into the tunnel" "$(redirects)" 0
must ctl a policy-del dev=espl0 id=3
must ctl a flush
must ctl b flush

# --- tunnels in tunnels: each encrypts what the other one sends

# nested SUITE: two devices in a, whose outer routes lead into each other
nested()
{
	must in_net a ip link add espl1 type esplane
	must in_net a ip address add 10.1.1.1/32 dev espl1
	must in_net a ip link set espl1 up
	net_route a 198.51.100.1/32 dev espl1 src 10.1.0.1
	net_route a 198.51.100.2/32 dev espl0 src 10.1.1.1
	suite "$1"
	must ctl a policy-set dev=espl0 id=1 local=10.1.0.1 remote=198.51.100.1 lts=0.0.0.0/0 rts=0.0.0.0/0
	must ctl a policy-set dev=espl1 id=1 local=10.1.1.1 remote=198.51.100.2 lts=0.0.0.0/0 rts=0.0.0.0/0
	must ctl a sa-add dev=espl0 id=1 out-spi=0x6001 $espl_suite
	must ctl a sa-add dev=espl1 id=1 out-spi=0x6002 $espl_suite
}

sent()
{
	echo $(($(field a packets sa-get dev=espl0 dir=out spi=0x6001) + $(field a packets sa-get dev=espl1 dir=out spi=0x6002)))
}

loops()
{
	echo $(($(drops a tx-loop) + $(drops a tx-loop espl1)))
}

loops_are()
{
	[ "$(loops)" = "$1" ]
}

ask_once()
{
	in_net a ping -q -c 1 -W 1 -s 8 10.2.0.1 >/dev/null
}

must in_net a sysctl -qw net.ipv4.conf.all.rp_filter=0
nested aes128gcm16
ask_once
is "two tunnels that lead into each other: a packet is encrypted four times" "$(sent)" 4
is "and then dropped and counted" "$(loops)" 1
must in_net a ip link del espl1

# The same, with a cipher that answers later: nothing on the stack says how deep it is.
crypto_async_chacha20
must ctl a flush
before=$(drops a tx-loop)
nested chacha20poly1305
check "the cipher is asynchronous" grep -qE '^(cryptd|pcrypt)' <<<"$(field a driver sa-get dev=espl0 dir=out spi=0x6001)"
ask_once
check "with an asynchronous cipher too it is dropped" wait_for 5 loops_are $((before + 1))
is "after it was encrypted four times" "$(sent)" 4
must in_net a ip link del espl1
finish
