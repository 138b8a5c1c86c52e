#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# ikectl reload of a living tunnel with strongSwan: a ping runs through one child while another is removed, one is added, one
# replaced and lifetimes change. None of its packets is lost, its keys and the IKE SA stay.
# vm: cpus=2 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn

module_load
site_make
for i in 1 2 3 4; do
	must in_net a ip address add "10.1.$i.1/32" dev lo
	must in_net b ip address add "10.2.$i.1/32" dev lo
done
swan_start b b
espl_start a a </dev/null

# conf OPTIONS NAME NUMBER...: the tunnel with these options and children
conf()
{
	local options=$1

	shift
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
			start = up
			$options
		END
		while [ $# -gt 0 ]; do
			printf '\tchild "%s" { local-ts = "10.1.%d.0/24"\n remote-ts = "10.2.%d.0/24" }\n' "$1" "$2" "$2"
			shift 2
		done
		echo "}"
	} >"$WORK/a/esplane.conf"
}

swan_conf()
{
	local i

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
	END
	for i in 1 2 3 4; do
		printf 'c%d {\n local_ts = 10.2.%d.0/24\n remote_ts = 10.1.%d.0/24\n esp_proposals = %s\n replay_window = 1024\n }\n' \
			"$i" "$i" "$i" "$ESP"
	done
	cat <<-END
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

# What the peer has of our children: the number of each.
peers_children()
{
	swan b --list-sas --raw | grep -oE 'c[0-9]-[0-9]+ \{name=c[0-9] [^}]*state=INSTALLED' | sed -E 's/.*name=c([0-9]).*/\1/' |
		sort | tr '\n' ' '
}

ike_spi()
{
	espl a --json status office | jq -r '[.. | .ike_spi?.initiator // empty] | first'
}

child_spi()
{
	espl a --json status "office/$1" | jq -r '[.. | .spi_in? // empty] | first'
}

# reload_says DESCRIPTION LINE
reload_says()
{
	espl a reload >"$WORK/out" 2>&1
	check "$1" grep -qxF "$2" "$WORK/out" || sed 's/^/# /' "$WORK/out"
}

carries()
{
	an_echo a "10.2.$1.1" "10.1.$1.1"
}

swan_conf | swan_load b
conf "" data 1 voice 2
must espl a reload
wait_for 20 carries 2
check "both children carry" carries 1
ike=$(ike_spi) data=$(child_spi data)
pinging a 10.2.1.1 10.1.1.1

conf "" data 1 admin 3
reload_says "one is removed, one is added" "changed  office: admin new, voice removed"
wait_for 20 carries 3
check "the peer has lost the one" wait_for 10 says "1 3 " peers_children
refuse "which carries nothing" '' an_echo a 10.2.2.1 10.1.2.1

conf "" data 1 admin 4
reload_says "one has other selectors" "changed  office: admin replaced"
wait_for 20 carries 4
check "the peer has it with these" wait_for 10 says "1 4 " peers_children

conf $'rekey = 50m\nike-rekey = 3h\ndpd = 45s' data 1 admin 4
reload_says "lifetimes are others" "changed  office: options, data changed, admin changed"
check "one is taken down by hand" espl a down office/admin
conf $'rekey = 50m\nike-rekey = 3h\ndpd = 45s' data 1 admin 2
reload_says "it gets other selectors" "changed  office: admin replaced"
sleep 3
is "and stays down" "$(peers_children)" "1 "
reload_says "nothing differs" "configuration reloaded: 1 tunnel"

pinged "no echo of the first child was lost"
is "its keys are the same" "$(child_spi data)" "$data"
is "the IKE SA is the same" "$(ike_spi)" "$ike"
refuse "neither is unknown" '' [ "$ike" = null ]

check "up again" espl a up office/admin
check "it carries" carries 2
check "down" espl a down office
finish
