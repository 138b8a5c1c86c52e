#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 100,000 forged IKE_SA_INITs from spoofed addresses beside real clients (RFC 7296 2.6): the clients of strongSwan
# connect while it lasts, and it lasts until some of them have; what the daemon keeps stays within its bound, and
# nothing of it stays.
# vm: cpus=2 timeout=90 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-noesn
CLIENTS=20 SOME=3 TRIES=3
FORGED=100000 MOST=500000 SECONDS_OF_FLOOD=$((40 * ${VM_SLOW:-1}))	# of FORGED; at MOST it ends
BOUND=$((1024 * 1024))		# octets: 32 half-open IKE SAs of 24 KiB, and a margin for malloc

# clients: of strongSwan, each with an address and a name of its own
clients()
{
	local n

	echo 'connections {'
	for ((n = 1; n <= CLIENTS; n++)); do
		cat <<-END
		c$n {
			version = 2
			local_addrs = 192.0.2.2
			remote_addrs = 192.0.2.1
			proposals = $IKE
			mobike = no
			local {
				auth = psk
				id = c$n.example.org
			}
			remote {
				auth = psk
				id = here.example.org
			}
			children {
				c$n {
					local_ts = 10.9.0.$n/32
					remote_ts = 10.1.0.0/16
					esp_proposals = $ESP
				}
			}
		}
		END
	done
	printf '}\nsecrets {\n ike-a {\n secret = "%s"\n }\n}\n' "$SECRET"
}

# Octets of memory of the daemon's processes that are no file's.
memory()
{
	local pid

	for pid in $(pgrep -f "$WORK/a/esplane.conf"); do
		awk '/^Pss_Anon:/ { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1 } END { printf "%d\n", sum * 1024 }'
}

counter()
{
	espl a --json status | json_get ".counters.$1"
}

module_load
site_make
must in_net b ip address add 10.9.0.1/32 dev lo
# What is answered to spoofed addresses gets as far as the wire.
net_route a 198.18.0.0/15 via 192.0.2.2
must in_net b ip route add blackhole 198.18.0.0/15
espl_start a a <<END
tunnel "server" {
	local = "192.0.2.1"
	remote = any
	local-id = "here.example.org"
	psk = "$SECRET"
	ike = "$IKE"
	esp = "$ESP"
	dpd = "never"
	local-ts = "10.1.0.0/16"
	remote-ts = "10.9.0.0/16"
}
END
swan_start b b
clients | swan_load b
before=$(memory)

spawn flood in_net b ike-flood 192.0.2.1 198.18.0.0 $FORGED $SECONDS_OF_FLOOD $MOST 32
begin=$SECONDS
check "the flood makes the daemon ask for cookies" wait_for 20 sh -c "ikectl --control $WORK/a/control --json status |
	grep -qE '\"cookies_sent\": ?[1-9][0-9]{2}'"
up=0 peak=0 beside=0 tries=0
for ((n = 1; n <= CLIENTS; n++)); do
	# On a slow host most packets are dropped where they wait, a client's too: it gives up, and comes again.
	for ((try = 0; try < TRIES; try++)); do
		tries=$((tries + 1))
		now=$(memory)
		[ "$now" -le "$peak" ] || peak=$now
		! swan b --initiate --child "c$n" --timeout "$HANG" >"$WORK/initiate" 2>&1 || break
	done
	[ "$try" -eq $TRIES ] || up=$((up + 1))
	! running flood || beside=$up
	now=$(memory)
	[ "$now" -le "$peak" ] || peak=$now
	[ "$beside" -lt $SOME ] || kill "$(cat "$WORK/flood.pid")" 2>/dev/null
done
is "real clients that connect" "$up" "$CLIENTS"
note "of them $beside while the flood lasts; $tries tries"
check "some of them while it lasts" test "$beside" -ge $SOME
kill "$(cat "$WORK/flood.pid")" 2>/dev/null
wait "$(cat "$WORK/flood.pid")"
forged=$(cat "$WORK/flood.log")
check "$FORGED forged requests have left, or more" test "$forged" -ge $FORGED
note "$forged of them in at most $((SECONDS - begin)) s"
note "dropped where they wait: $(in_net a awk '$2 ~ /:01F4$/ { print $NF }' /proc/net/udp)"
note "cookies sent: $(counter cookies_sent); octets before, at most, after: $before $peak $(memory)"
check "what it takes stays below $BOUND octets beside the clients' own" \
	test $((peak - before - CLIENTS * 16384)) -le $BOUND
check "status answers" espl a status
check "the half-open IKE SAs are gone" wait_for 60 sh -c "ikectl --control $WORK/a/control --json status |
	grep -qE '\"half_open\": ?0[,}]'"
check "a client's packets pass" in_net b ping -qc 2 -i 0.05 -W "$HANG" -I 10.9.0.1 10.1.0.1
reap a
reap b
finish
