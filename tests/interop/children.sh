#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Several children in one IKE SA, each made by either end, and rekeyed under traffic; and many peers
# at once on one tunnel with remote = any, some of them with a network that another one has.
# vm: cpus=2 timeout=600 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn
NAMES=(data voice admin)
PEERS=${PEERS:-50}

module_load
site_make
for i in 1 2 3; do
	must in_net a ip address add "10.1.$i.1/32" dev lo
	must in_net b ip address add "10.2.$i.1/32" dev lo
done
swan_start b b
espl_start a a </dev/null

# --- three children

# children FUNCTION: a section for each
children()
{
	local i

	for i in 1 2 3; do
		"$1" "${NAMES[i - 1]}" "$i"
	done
}

espl_child()
{
	printf '\tchild "%s" { local-ts = "10.1.%d.0/24"\n remote-ts = "10.2.%d.0/24" }\n' "$1" "$2" "$2"
}

swan_child()
{
	printf '\t%s {\n local_ts = 10.2.%d.0/24\n remote_ts = 10.1.%d.0/24\n esp_proposals = %s\n replay_window = 1024\n }\n' \
		"$1" "$2" "$2" "$ESP"
}

espl_three()
{
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		local-id = "paris@example.org"
		remote-id = "gw.example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		$(children espl_child)
	}
	END
}

swan_three()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			local {
				auth = psk
				id = gw.example.org
			}
			remote {
				auth = psk
				id = paris@example.org
			}
			children {
				$(children swan_child)
			}
		}
	}
	secrets {
		ike-a {
			id = paris@example.org
			secret = "$SECRET"
		}
	}
	END
}

swan_installed()
{
	swan b --list-sas --raw | grep -o 'state=INSTALLED' | wc -l
}

swan_ike_sas()
{
	swan b --list-sas --raw | grep -o 'list-sa event' | wc -l
}

# children_carry DESCRIPTION
children_carry()
{
	local i

	for i in 1 2 3; do
		check "$1: ${NAMES[i - 1]} carries" echoes a "10.2.$i.1" "10.1.$i.1"
	done
}

# How often a child was rekeyed; bash finds it sooner than jq starts.
rekeys_of()
{
	[[ $(espl a --json status "office/$1") =~ \"child_rekeys\":\ ?([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

rekeyed()
{
	[ "$(rekeys_of "$1")" -ge "$2" ]
}

espl_three >"$WORK/a/esplane.conf"
espl_anew a
swan_three | swan_load b

check "children: up" espl a up office
is "children: the peer has three CHILD_SAs" "$(swan_installed)" 3
is "children: in one IKE SA" "$(swan_ike_sas)" 1
children_carry "begun here"

pinging a 10.2.2.1 10.1.2.1
for round in 1 2 3; do
	check "children: rekey of voice by us, $round" espl a rekey office/voice
	must swan b --rekey --child voice
	check "children: rekey of voice by the peer, $round" wait_for 20 rekeyed voice $((round * 2))
done
is "children: the others were not rekeyed" "$(rekeys_of data) $(rekeys_of admin)" "0 0"
pinged "children: no echo was lost in the rekeys"

children_down()
{
	espl_log a | grep -c ': child down'
}

check "children: one is taken down" espl a down office/voice
check "children: the log says so" wait_for 20 says 1 children_down
check "children: the peer knows" wait_for 20 says 2 swan_installed
refuse "children: it carries nothing" '' an_echo a 10.2.2.1 10.1.2.1
check "children: the others do" echoes a 10.2.1.1 10.1.1.1
check "children: and up again" espl a up office/voice
children_carry "after that"
check "children: down" espl a down office
check "children: the peer has nothing left" wait_for 20 swan_is_empty

# --- one child here, of which the peer makes a CHILD_SA for each pair

# every PREFIX: all three networks, as a list
every()
{
	printf '{ "%s.1.0/24", "%s.2.0/24", "%s.3.0/24" }' "$1" "$1" "$1"
}

espl_three | sed "/^\tchild\|^\t\t*child\|^ remote-ts/d; s|esp = .*|&\n\t\tlocal-ts = $(every 10.1)\n\t\tremote-ts = $(every 10.2)|" >"$WORK/a/esplane.conf"
espl_anew a
for name in "${NAMES[@]}"; do
	check "parts: the peer makes $name" swan b --initiate --child "$name" --timeout "$HANG"
done
is "parts: the peer has three CHILD_SAs" "$(swan_installed)" 3
is "parts: in one IKE SA" "$(swan_ike_sas)" 1
children_carry "parts"
check "parts: down" espl a down office
check "parts: the peer has nothing left" wait_for 20 swan_is_empty

# --- the peer has two addresses, of which nobody is at the first

espl_three | sed 's/remote = .*/remote = { "192.0.2.77", "192.0.2.2" }/' >"$WORK/a/esplane.conf"
espl_anew a
check "two addresses: up" espl a up office
is "two addresses: status has the one that has answered" \
	"$(espl a --json status office | jq -r '.tunnels[0].peers[0].remote_endpoint' | cut -d: -f1)" 192.0.2.2
children_carry "two addresses"
is "two addresses: one IKE SA" "$(swan_ike_sas)" 1
check "two addresses: down" espl a down office
check "two addresses: the peer has nothing left" wait_for 20 swan_is_empty

# --- the IKE SA gets new keys: after a time by us, in between by the peer

# ike_rekeys by us|by the peer
ike_rekeys()
{
	espl_log a | grep -c "IKE SA rekeyed: $1"
}

ike_rekeyed()
{
	[ "$(ike_rekeys "$1")" -ge "$2" ]
}

espl_three | sed 's/esp = /ike-rekey = "5s"\n\t\tesp = /' >"$WORK/a/esplane.conf"
espl_anew a
check "IKE SA: up" espl a up office
before=$(children_down)
pinging a 10.2.2.1 10.1.2.1
for round in 1 2; do
	check "IKE SA: rekeyed by us, $round" wait_for 60 ike_rekeyed 'by us' "$round"
	must swan b --rekey --ike a
	check "IKE SA: rekeyed by the peer, $round" wait_for 60 ike_rekeyed 'by the peer' "$round"
done
check "IKE SA: a child is rekeyed in the new one" espl a rekey office/voice
check "IKE SA: and once more" wait_for 60 ike_rekeyed 'by us' 3
is "IKE SA: no child has been down" "$(children_down)" "$before"
pinged "IKE SA: no echo was lost"
check "IKE SA: one is left" wait_for 20 says 1 swan_ike_sas
is "IKE SA: the peer has three CHILD_SAs" "$(swan_installed)" 3
children_carry "after the rekeys of the IKE SA"
check "IKE SA: down" espl a down office
check "IKE SA: the peer has nothing left" wait_for 20 swan_is_empty

# The peer begins: one, then the two others in the same IKE SA.
espl_three | sed 's/esp = /metric = 7\n\t\tesp = /' >"$WORK/a/esplane.conf"
espl_anew a
for name in "${NAMES[@]}"; do
	check "children: the peer makes $name" swan b --initiate --child "$name" --timeout "$HANG"
done
is "children: in one IKE SA" "$(swan_ike_sas)" 1
children_carry "begun there"
must swan b --terminate --ike a --timeout "$HANG"

# --- hundreds of selectors, and one of a protocol, a port, a range: each end has some that the other lacks

# selectors FIRST LAST BEFORE AFTER SEPARATOR
selectors()
{
	local i

	for ((i = $1; i <= $2; i++)); do
		printf '%s10.20.%d.0/24%s%s' "$3" "$i" "$4" "$([ "$i" = "$2" ] || echo "$5")"
	done
}

espl_hundreds()
{
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		local-id = "paris@example.org"
		remote-id = "gw.example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = "10.1.0.0/16"
		remote-ts = { "10.2.1.1-10.2.1.9", "10.2.2.0/24[tcp/5201-5300]", $(selectors 1 240 '"' '"' ', ') }
	}
	END
}

hundreds_agreed()
{
	espl a --json status office | jq -r '.tunnels[0].peers[0].children[0].remote_ts | length, .[]'
}

# hundreds_are WHO
hundreds_are()
{
	local agreed

	agreed=$(hundreds_agreed)
	is "hundreds, begun $1: both ends have 202" "$(head -1 <<<"$agreed")" 202
	check "hundreds, begun $1: a range is cut" grep -qx '10.2.1.5-10.2.1.9' <<<"$agreed"
	check "hundreds, begun $1: and ports" grep -qx '10.2.2.0/24\[tcp/5201\]' <<<"$agreed"
	check "hundreds, begun $1: the first carries" echoes a 10.20.21.1 10.1.1.1
	check "hundreds, begun $1: the last carries" echoes a 10.20.220.1 10.1.1.1
	refuse "hundreds, begun $1: one beside them does not" '' \
		an_echo a 10.20.221.1 10.1.1.1
}

for i in 21 220 221; do
	must in_net b ip address add "10.20.$i.1/32" dev lo
done
espl_hundreds >"$WORK/a/esplane.conf"
espl_anew a
TS_B="$(selectors 21 220 '' '' ','),10.2.1.5-10.2.1.20,10.2.2.0/24[tcp/5201]" \
	TS_A=10.1.0.0/16 swan_conn "$IKE" "$ESP" | swan_load b
check "hundreds: up" espl a up office
hundreds_are here
check "hundreds: a rekey" espl a rekey office/office
hundreds_are "here and rekeyed"
check "hundreds: down" espl a down office
check "hundreds: the peer has nothing left" wait_for 20 swan_is_empty
espl_hundreds | sed 's/esp = /metric = 7\n\t\tesp = /' >"$WORK/a/esplane.conf"	# "down" ends there
espl_anew a
check "hundreds: the peer begins" swan b --initiate --child net --timeout "$HANG"
hundreds_are there
must swan b --terminate --ike a --timeout "$HANG"

# --- many peers on one tunnel

espl_any()
{
	cat <<-END
	tunnel "road" {
		local = "192.0.2.1"
		remote = "any"
		local-id = "paris@example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = "10.1.0.0/16"
		remote-ts = "10.9.0.0/16"
	}
	END
}

# The second half asks for what the first half has.
swan_peer()
{
	local n=$1 net=$(($1 > PEERS / 2 ? $1 - PEERS / 2 : $1))

	cat <<-END
		p$n {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			local {
				auth = psk
				id = p$n@example.org
			}
			remote {
				auth = psk
				id = paris@example.org
			}
			children {
				c$n {
					local_ts = 10.9.$net.0/24
					remote_ts = 10.1.0.0/16
					esp_proposals = $ESP
				}
			}
		}
	END
}

swan_many()
{
	local n

	echo 'connections {'
	for ((n = 1; n <= PEERS; n++)); do
		swan_peer "$n"
	done
	printf '}\nsecrets {\n ike-a {\n secret = "%s"\n }\n}\n' "$SECRET"
}

peers_up()
{
	espl a --json status road | jq '[.tunnels[0].peers[]? | select(.state == "up")] | length'
}

# charon's routes need the address when they are laid
must in_net b ip address add 10.9.3.1/32 dev lo
espl_any >"$WORK/a/esplane.conf"
espl_anew a
swan_many | swan_load b
half=$((PEERS / 2)) up=0 refused=0
for ((n = 1; n <= PEERS; n++)); do
	if swan b --initiate --child "c$n" --timeout "$HANG" >"$WORK/initiate" 2>&1; then
		up=$((up + 1))
	elif grep -q TS_UNACCEPTABLE "$WORK/initiate"; then
		refused=$((refused + 1))
	fi
done
is "peers: the first half is up" "$up" "$half"
is "peers: the second half, with networks of the first, is refused" "$refused" "$half"
is "peers: all that are up are in status" "$(peers_up)" "$half"
check "peers: a refusal names whose the network is" grep -q "10.9.1.0/24 is in use by road/p1@example.org" "$WORK/a.log"
check "peers: one of them carries" echoes b 10.1.0.1 10.9.3.1
check "peers: one is taken down" espl a down road/p2@example.org
is "peers: the others stay" "$(peers_up)" $((half - 1))

espl_any | sed 's/esp = /duplicate-ts = "replace"\n\t\tesp = /' >"$WORK/a/esplane.conf"
espl_anew a
must in_net b ip address add "10.9.4.1/32" dev lo
check "the later one wins: the first" swan b --initiate --child c4 --timeout "$HANG"
check "the later one wins: the second" swan b --initiate --child "c$((half + 4))" --timeout "$HANG"
check "the later one wins: the log says so" grep -q "10.9.4.0/24 is taken over by road/p$((half + 4))@example.org" "$WORK/a.log"
check "the later one wins: the first is down" wait_for 20 says 1 peers_up
check "the later one wins: it carries" echoes b 10.1.0.1 10.9.4.1

# --- the peer starts again
swan_stop b
swan_start b b
swan_many | swan_load b
check "peers: after the peer's restart one comes back" swan b --initiate --child c3 --timeout "$HANG"
check "peers: and carries" echoes b 10.1.0.1 10.9.3.1
finish
