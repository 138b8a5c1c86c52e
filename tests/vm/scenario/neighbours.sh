#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What else the host does with packets: in-tree SAs, forwarding through one device, tunnels in tunnels.
# vm: cpus=1 timeout=300 debug=yes
# shellcheck disable=SC2317,SC2119 # functions are called by check and wait_for
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
finish
