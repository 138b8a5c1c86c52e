# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Two sites that every interop test uses, joined by one link:
#
#	a (esplane)     192.0.2.1 ------- 192.0.2.2     b (strongSwan)
#	10.1.0.1, fd01::1                               10.2.0.1, fd02::1
#
# Sourced after tests/vm/lib.sh.

SECRET="correct horse battery staple"
PEER=strongSwan		# at b; pluto.sh changes it, and peer_is_empty

# With the daemons of another Debian release, and an esplaned that was built there: tests/interop/peers/run.
if [ -n "${ESPLANE_PEERS_ROOT:-}" ]; then
	# shellcheck disable=SC2034 # lib.sh has them
	SWAN_ROOT=$ESPLANE_PEERS_ROOT ESPL_ROOT=$ESPLANE_PEERS_ROOT ESPL_DAEMON=$ESPLANE_PEERS_DAEMON
	for dir in proc dev sys "$WORK" "$VM_TOP"; do
		mkdir -p "$ESPLANE_PEERS_ROOT/$dir"
		must mount --rbind "/${dir#/}" "$ESPLANE_PEERS_ROOT/$dir"
	done
fi

# The loopback addresses stand for each site's network.
site_make()
{
	net_add a b
	net_link a eth0 192.0.2.1/24 b eth0 192.0.2.2/24
	must in_net a ip address add 10.1.0.1/32 dev lo
	must in_net b ip address add 10.2.0.1/32 dev lo
	must in_net a ip address add fd01::1/128 dev lo
	must in_net b ip address add fd02::1/128 dev lo
	# Selectors go by the inner source: charon's routes set it, as ours do.
}

# espl_tunnel NAME IKE ESP [LINE...]: one tunnel of esplane.conf
espl_tunnel()
{
	cat <<-END
	tunnel "$1" {
		local = "192.0.2.1"
		remote = "192.0.2.2"
		local-id = "paris@example.org"
		remote-id = "gw.example.org"
		psk = "${PSK_A:-$SECRET}"
		ike = { "$2" }
		esp = { "$3" }
		local-ts = { "10.1.0.0/24" }
		remote-ts = { "10.2.0.0/24" }
		interface = "office"
		$(printf '%s\n' "${@:4}")
	}
	END
}

# swan_conn IKE ESP [CONNECTION LINES [CHILD LINES]]: swanctl.conf of site b
swan_conn()
{
	cat <<-END
	connections {
		a {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $1
			mobike = no
			${3:-}
			local {
				auth = psk
				id = gw.example.org
			}
			remote {
				auth = psk
				id = paris@example.org
			}
			children {
				net {
					local_ts = ${TS_B:-10.2.0.0/24}
					remote_ts = ${TS_A:-10.1.0.0/24}
					esp_proposals = $2
					${4:-}
				}
			}
		}
	}
	secrets {
		ike-a {
			id = paris@example.org
			secret = "${PSK_B:-$SECRET}"
		}
	}
	END
}

espl_is()
{
	[ "$(espl_status state)" = "$1" ]
}

# espl_status NAME: a string or number of the tunnel; bash finds it sooner than jq starts.
espl_status()
{
	[[ $(espl a --json status office 2>/dev/null) =~ \"$1\":\"?([^\",}]*) ]] && echo "${BASH_REMATCH[1]}"
}

swan_has_child()
{
	swan b --list-sas --raw | grep -q 'state=INSTALLED'
}

swan_is_empty()
{
	! swan b --list-sas --raw | grep -q 'list-sa event'
}

# espl_anew NAME: it reads its configuration, and of the one before nothing is left, not what was taken down by hand either
espl_anew()
{
	local conf=$WORK/$1/esplane.conf

	cp "$conf" "$conf.next"
	: >"$conf"
	must espl "$1" reload
	cat "$conf.next" >"$conf"
	must espl "$1" reload
}

# ping_both DESCRIPTION: each side reaches the other through the tunnel
ping_both()
{
	check "$1: a reaches b" in_net a ping -qc 3 -i 0.05 -W "$HANG" -I 10.1.0.1 10.2.0.1 &&
		check "$1: b reaches a" in_net b ping -qc 3 -i 0.05 -W "$HANG" -I 10.2.0.1 10.1.0.1
}

peer_is_empty()
{
	swan_is_empty
}

# begins INITIATOR: esplane's tunnel office, or the peer's connection
begins()
{
	case $1 in
	esplane) espl a up office ;;
	strongSwan) swan b --initiate --child net --timeout "$HANG" ;;
	Libreswan) pluto_initiate b a ;;
	esac
}

# ends DESCRIPTION: at both ends. What esplane takes down stays down for the peer too, until the next espl_anew.
ends()
{
	check "$1: down" espl a down office
	check "$1: nothing is left at $PEER" wait_for 10 peer_is_empty
}

# up_by INITIATOR DESCRIPTION: up, each end reaches the other, and down
up_by()
{
	check "$2: up" begins "$1" || return
	check "$2: esplane has it" wait_for 5 espl_is up
	ping_both "$2"
	ends "$2"
}
