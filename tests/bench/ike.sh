#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Inside the virtual machine, with --icount: what IKE costs a daemon, opposite strongSwan, which is the same for each.
#   tests/bench/ike.sh esplane|strongswan psk|ecdsa TUNNELS [PKI]
# PKI: the folder that tests/bench/ike-certs has made.
# First it is the server of clients that come one after the other, leave, and come again: TUNNELS, 200 at most, since what
# each costs hardly depends on their number: of 1,000, esplane took 7 % more for each with psk. Then it begins TUNNELS at once.
# Lines "RESULT DAEMON METHOD TEST VALUE UNIT".
. "${VM_DIR:?run me with tests/bench/run-ike}/lib.sh"
. "$VM_DIR/../interop/site.sh"

daemon=$1 method=$2 tunnels=$3 PKI=${4:-}
IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-noesn
clients=$((tunnels < 200 ? tunnels : 200))
FIRST=$((clients / 10))		# clients before those that are measured

# what neither daemon is to be slowed by: limits on half-open IKE SAs of one address, lines of a log, one bucket for
# all IKE SAs
QUIET='
	dos_protection = no
	ikesa_table_size = 1024
	filelog {
		log {
			default = 0
			ike = 0
			knl = 0
		}
	}'

result()
{
	echo "RESULT $daemon $method $*"
}

# number N: its two octets of an address
number()
{
	echo "$(($1 / 250)).$(($1 % 250 + 1))"
}

# remote_ts N: what client number N asks for. Of a server all ask for the whole network; of many tunnels on one host each
# has a route of its own.
remote_ts()
{
	if [ "$role" = server ]; then
		echo 10.1.0.0/16
	else
		echo "10.1.$(number "$1")/32"
	fi
}

# --- strongSwan's configuration, of either site

# swan_auth local|remote ID [CERTIFICATE]
swan_auth()
{
	echo "$1 {"
	if [ "$method" = psk ]; then
		echo "auth = psk"
	else
		echo "auth = pubkey"
		[ "$1" = remote ] || echo "certs = $PKI/$3.pem"
		[ "$1" = local ] || echo "cacerts = $PKI/ca.pem"
	fi
	printf 'id = %s\n}\n' "$2"
}

# swan_conn NAME LOCAL-ADDRESS REMOTE-ADDRESS LOCAL-ID REMOTE-ID CERTIFICATE LOCAL-TS REMOTE-TS [CHILD-LINE]
swan_conn()
{
	cat <<-END
	$1 {
		version = 2
		local_addrs = $2
		remote_addrs = $3
		proposals = $IKE
		mobike = no
		$(swan_auth local "$4" "$6")
		$(swan_auth remote "$5")
		children {
			$1 {
				local_ts = $7
				remote_ts = $8
				esp_proposals = $ESP
				${9:-}
			}
		}
	}
	END
}

swan_secret()
{
	if [ "$method" = psk ]; then
		printf 'secrets {\n ike-a {\n secret = "%s"\n }\n}\n' "$SECRET"
	fi
}

# swan_keys SITE WHO
swan_keys()
{
	mkdir -p "$WORK/$1/private" "$WORK/$1/x509ca"
	[ "$method" = psk ] || cp "$PKI/$2.key" "$WORK/$1/private/"
	[ "$method" = psk ] || cp "$PKI/ca.pem" "$WORK/$1/x509ca/"
}

# swan_clients COUNT LOCAL-ADDRESS REMOTE-ADDRESS [CHILD-LINE]
swan_clients()
{
	local n

	echo 'connections {'
	for ((n = 1; n <= $1; n++)); do
		swan_conn "c$n" "$2" "$3" "c$n.example.org" here.example.org "c$n" "10.9.$(number "$n")/32" "$(remote_ts "$n")" "${4:-}"
	done
	echo '}'
	swan_secret
}

# swan_server LOCAL-ADDRESS REMOTE-ADDRESS CERTIFICATE
swan_server()
{
	echo 'connections {'
	swan_conn server "$1" "$2" here.example.org %any "$3" 10.1.0.0/16 10.9.0.0/16
	echo '}'
	swan_secret
}

# --- esplane's

# espl_auth CERTIFICATE KEY
espl_auth()
{
	if [ "$method" = psk ]; then
		echo "psk = \"$SECRET\""
	else
		printf 'cert = "%s"\nkey = "%s"\nca = "%s"\n' "$PKI/$1.pem" "$PKI/$2.key" "$PKI/ca.pem"
	fi
}

# espl_tunnel_of NAME REMOTE LOCAL-ID LOCAL-TS REMOTE-TS CERTIFICATE KEY [LINE]
espl_tunnel_of()
{
	cat <<-END
	tunnel "$1" {
		local = "192.0.2.1"
		remote = "$2"
		local-id = "$3"
		$(espl_auth "$6" "$7")
		ike = "$IKE"
		esp = "$ESP"
		dpd = "never"
		local-ts = "$4"
		remote-ts = "$5"
		${8:-}
	}
	END
}

espl_clients()
{
	local n

	for ((n = 1; n <= tunnels; n++)); do
		espl_tunnel_of "c$n" 192.0.2.2 "c$n.example.org" "10.9.$(number "$n")/32" "$(remote_ts "$n")" "c$n" there 'start = up'
	done
}

# --- the daemon that is measured, at site a

daemon_pids()
{
	if [ "$daemon" = esplane ]; then
		pgrep -f "$WORK/a/esplane.conf"
	else
		cat "$WORK/a.pid"
	fi
}

# Nanoseconds, which are instructions here, that its threads have run, their system calls included. %d of mawk ends at 2^31.
daemon_time()
{
	local pid

	for pid in $(daemon_pids); do
		cat "/proc/$pid/task/"*/schedstat
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Octets of memory that its processes have and no file: what is shared among them counts once.
daemon_memory()
{
	local pid

	for pid in $(daemon_pids); do
		awk '/^Pss_Anon:/ { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1 } END { printf "%.0f\n", sum * 1024 }'
}

# swan_has COUNT SITE: that many IKE SAs, and none that is half open
swan_has()
{
	swan "$2" --stats | grep -q "^IKE_SAs: $1 total, 0 half-open"
}

# --- what is measured

server_start()
{
	if [ "$daemon" = esplane ]; then
		espl_start a a < <(espl_tunnel_of server any here.example.org 10.1.0.0/16 10.9.0.0/16 here here)
	else
		swan_start a a "$QUIET"
		swan_keys a here
		swan_server 192.0.2.1 192.0.2.2 here | swan_load a
	fi
}

# come FIRST LAST: these clients, one after the other
come()
{
	local n

	for ((n = $1; n <= $2; n++)); do
		swan b --initiate --child "c$n" --timeout "$HANG" >"$WORK/initiate" 2>&1 ||
			bail "client $n: $(tail -n 5 "$WORK/initiate") $(tail -n 5 "$WORK/a.log")"
	done
}

# leave FIRST LAST: these clients
leave()
{
	local n

	for ((n = $1; n <= $2; n++)); do
		swan b --terminate --ike "c$n" --timeout "$HANG" >"$WORK/terminate" 2>&1 ||
			bail "client $n does not leave: $(tail -n 5 "$WORK/terminate")"
	done
}

measure_server()
{
	local time memory count=$((clients - FIRST)) role=server

	server_start
	swan_start b b "$QUIET"
	swan_keys b there
	swan_clients "$clients" 192.0.2.2 192.0.2.1 | swan_load b
	come 1 "$FIRST"
	time=$(daemon_time) memory=$(daemon_memory)
	come $((FIRST + 1)) "$clients"
	time=$(($(daemon_time) - time))
	result handshake "$((time / count))" instructions
	result handshakes "$((count * 1000000000 / time))" per-second
	result memory "$((($(daemon_memory) - memory) / count))" octets
	result memory-all "$(daemon_memory)" octets
	check "all of them are up" swan_has "$clients" b
	leave $((FIRST + 1)) "$clients"
	time=$(daemon_time)
	come $((FIRST + 1)) "$clients"
	result again "$((($(daemon_time) - time) / count))" instructions
	reap a
	reap b
}

measure_client()
{
	local begin role=client

	swan_start b b "$QUIET"
	swan_keys b here
	swan_server 192.0.2.2 192.0.2.1 here | swan_load b
	if [ "$daemon" = esplane ]; then
		espl_clients >"$WORK/clients"
		begin=$(date +%s%N)
		espl_start a a <"$WORK/clients"
	else
		swan_start a a "$QUIET"
		swan_keys a there
		swan_clients "$tunnels" 192.0.2.1 192.0.2.2 'start_action = start' >"$WORK/clients"
		begin=$(date +%s%N)
		swan_load a <"$WORK/clients"
	fi
	check "all that it begins are up" wait_for 1000 swan_has "$tunnels" b
	result begun "$((($(date +%s%N) - begin) / 1000000))" ms
	reap a
	reap b
}

[ "$daemon" != esplane ] || module_load
site_make
measure_server
measure_client
finish
