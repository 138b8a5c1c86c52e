#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Addresses inside the tunnel: strongSwan's client gets them from our pool, ours from its; both families,
# kept over rekeys, a new IKE SA, and a daemon that was killed.
# vm: cpus=2 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn

module_load
site_make
swan_start b b
espl_start a a </dev/null

# --- the pool is ours

# espl_server ADDRESSES
espl_server()
{
	cat <<-END
	pool "road" {
		addresses = { $1 }
		leases = "alice@example.org 10.9.0.5"
		dns = { "10.1.0.53", "fd01::53" }
		dns-domains = "corp.example.org"
		subnets = "10.1.0.0/24"
	}
	tunnel "office" {
		local = "192.0.2.1"
		remote = any
		local-id = "paris@example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		local-ts = { "10.1.0.0/24", "fd01::/64" }
		pool = "road"
		interface = "office"
	}
	END
}

# swan_client ID
swan_client()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			${2-vips = 0.0.0.0, ::}
			local {
				auth = psk
				id = $1
			}
			remote {
				auth = psk
				id = paris@example.org
			}
			children {
				net {
					remote_ts = 10.1.0.0/24, fd01::/64
					esp_proposals = $ESP
				}
			}
		}
	}
	secrets {
		ike-a {
			secret = "$SECRET"
		}
	}
	END
}

# swan_comes ID: the client of that identity, and no other
swan_comes()
{
	swan b --terminate --ike a >/dev/null 2>&1
	wait_for 60 swan_is_empty || note "the client before $1 is still there"
	swan_client "$@" | swan_load b
	swan b --initiate --child net >"$WORK/initiate" 2>&1
}

# leased: ADDRESS STATE IDENTITY of all
leased()
{
	espl a leases | awk 'NR > 1 { print $2, $3, $4 }' | paste -sd , -
}

# carries DESCRIPTION ADDRESS...: both ways
carries()
{
	local addr there

	for addr in "${@:2}"; do
		there=10.1.0.1
		[[ $addr != *:* ]] || there=fd01::1
		check "$1: $addr reaches us" echoes b "$there" "$addr"
		check "$1: we reach $addr" echoes a "$addr" "$there"
	done
}

# rekeyed IKE-SAS CHILDREN: so often so far, the IKE SA by the peer. It is asked for and done later: who takes the
# IKE SA down in between takes down one of two.
rekeyed()
{
	[ "$(espl_log a | grep -c 'IKE SA rekeyed: by the peer')" -ge "$1" ] &&
		[ "$(espl_status child_rekeys)" -ge "$2" ] &&
		[ "$(swan b --list-sas --raw | grep -o 'state=ESTABLISHED' | wc -l)" -eq 1 ]
}

ROAD='"10.9.0.0/29", "fd09::/64"'
espl_server "$ROAD" >"$WORK/a/esplane.conf"
must espl a reload

check "server: bob gets addresses" swan_comes bob@example.org
is "server: the first ones" "$(leased)" "10.9.0.1 used bob@example.org,fd09::1 used bob@example.org"
carries "server" 10.9.0.1 fd09::1
is "server: a route leads to it" "$(in_net a ip -o route show 10.9.0.1 | awk '{ print $3 }')" office
must swan b --rekey --child net
must swan b --rekey --ike a
check "server: rekeyed by the peer" wait_for 60 rekeyed 1 1
carries "server, after rekeys" 10.9.0.1 fd09::1
check "server: status has the addresses" grep -q '"inner_remote":\["10.9.0.1","fd09::1"\]' <(espl a --json status office)
check "server: status shows the domain" grep -q 'dns domains *corp.example.org' <(espl a status office)

check "server: alice gets hers" swan_comes alice@example.org
is "server: which is kept for her" "$(leased)" \
	"10.9.0.1 kept bob@example.org,10.9.0.5 used alice@example.org,fd09::1 kept bob@example.org,fd09::2 used alice@example.org"
carries "alice" 10.9.0.5 fd09::2
refuse "server: who asks for no address is told so" "" swan_comes carol@example.org ''
check "server: in the log" grep -q 'the peer asks for no address' <(espl_log a)
check "server: and by a notify" grep -q FAILED_CP_REQUIRED <(swan_log b)

# The file is written within the second; a daemon that is killed has no time for anything.
check "leases: are in the file" wait_for 20 grep -q '^road fd09::2 3:' "$WORK/a/leases"
kill_daemon()
{
	reap a KILL
	wait_for 20 leftover_gone
}
leftover_gone()
{
	! pgrep -f "$WORK/a/esplane.conf" >/dev/null
}
kill_daemon
espl_start a a < <(espl_server "$ROAD")
is "leases: are there after a kill" "$(leased)" \
	"10.9.0.1 kept bob@example.org,10.9.0.5 kept alice@example.org,fd09::1 kept bob@example.org,fd09::2 kept alice@example.org"
check "leases: dave comes" swan_comes dave@example.org
check "leases: and gets another" grep -q '10.9.0.2 used dave' <(leased)
check "leases: bob comes again" swan_comes bob@example.org
check "leases: and gets his own" grep -q '10.9.0.1 used bob.*fd09::1 used bob' <(leased)
carries "bob again" 10.9.0.1 fd09::1

must espl_stop a
printf 'esplane leases 1\nroad 10.9.0' >"$WORK/a/leases"
espl_start a a < <(espl_server "$ROAD")
check "leases: a file that is cut short is said" grep -q 'the file of leases is not sound: it is set aside' <(espl_log a)
check "leases: and set aside" test -s "$WORK/a/leases.bad"

# A pool of one address; who has it holds it for its grace.
espl_server '"10.9.0.5-10.9.0.6"' >"$WORK/a/esplane.conf"
must espl a reload
check "full: one address for bob" swan_comes bob@example.org
refuse "full: none for dave" "" swan_comes dave@example.org
check "full: the log says so" grep -q 'pool road is full: all its IPv4 addresses are leased' <(espl_log a)
check "full: and the notify" grep -q INTERNAL_ADDRESS_FAILURE <(swan_log b)
swan b --terminate --ike a >/dev/null 2>&1

# --- the pool is strongSwan's

espl_client()
{
	cat <<-END
	tunnel "office" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		local-id = "alice@example.org"
		remote-id = "gw.example.org"
		psk = "$SECRET"
		ike = "$IKE"
		esp = "$ESP"
		address = request
		remote-ts = { "10.2.0.0/24", "fd02::/64" }
		interface = "office"
	}
	END
}

# swan_server [POOLS LINE]
swan_server()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			$1
			local {
				auth = psk
				id = gw.example.org
			}
			remote {
				auth = psk
				id = alice@example.org
			}
			children {
				net {
					local_ts = 10.2.0.0/24, fd02::/64
					esp_proposals = $ESP
				}
			}
		}
	}
	pools {
		v4 {
			addrs = 10.8.0.0/29
			dns = 10.2.0.53
			subnet = 10.2.0.0/24
			25 = corp.example.net
		}
		v6 {
			addrs = fd08::/125
			dns = fd02::53
		}
	}
	secrets {
		ike-a {
			secret = "$SECRET"
		}
	}
	END
}

# Who is told of name servers, in the place of openresolv: it writes down what it hears.
TOLD=$WORK/told
cat >"${ESPL_ROOT:-}/usr/sbin/resolvconf" <<-END
#!/bin/sh
echo "\$*" >>$TOLD
case "\$*" in *-a*) cat >>$TOLD ;; esac
END
chmod +x "${ESPL_ROOT:-}/usr/sbin/resolvconf"

told()
{
	grep -qx -- "$1" "$TOLD"
}

inner()
{
	in_net a ip -br address show dev office | grep -oE '(10\.8|fd08)[^ ]*' | paste -sd ' ' -
}

reach()
{
	check "$1: IPv4" echoes a 10.2.0.1
	check "$1: IPv6" echoes a fd02::1
}

espl_client >"$WORK/a/esplane.conf"
must espl a reload
swan_server 'pools = v4, v6' | swan_load b
must swan b --load-pools --file "$WORK/b/swanctl.conf"
check "client: up" espl a up office
is "client: its addresses are on the interface" "$(inner)" "10.8.0.1/32 fd08::1/128"
reach "client"
check "client: status has address and DNS" grep -q '"inner_local":\["10.8.0.1","fd08::1"\].*"dns":\["10.2.0.53","fd02::53"\]' \
	<(espl a --json status office)
check "client: resolvconf is told of the tunnel" wait_for 20 told '-[xp] -a office.esplane'
check "client: and of the name servers" wait_for 20 told 'nameserver 10.2.0.53'
must espl a rekey office/office
must swan b --rekey --ike a
must swan b --rekey --child net
check "client: rekeyed by both" wait_for 60 rekeyed 1 2
reach "client, after rekeys"
is "client: the same addresses" "$(inner)" "10.8.0.1/32 fd08::1/128"
: >"$TOLD"
check "client: again" espl a restart office
check "client: resolvconf is told again" wait_for 20 told '-[xp] -a office.esplane'
is "client: the same again" "$(inner)" "10.8.0.1/32 fd08::1/128"
kill_daemon
: >"$TOLD"
espl_start a a < <(espl_client)
check "client: after a crash the next daemon takes the name servers back" wait_for 20 told '-f -d office.esplane'
check "client: up again" espl a up office
is "client: and the same address again" "$(inner)" "10.8.0.1/32 fd08::1/128"
: >"$TOLD"
check "client: down" espl a down office
check "client: the name servers are taken back" wait_for 20 told '-f -d office.esplane'
is "client: nothing is left" "$(in_net a ip -br link show type esplane; in_net a ip route show proto 73)" ""
swan_server '' | swan_load b
refuse "client: a peer that gives none is said" 'no address for this host inside the tunnel.*INTERNAL_ADDRESS_FAILURE' \
	espl a up office
finish
