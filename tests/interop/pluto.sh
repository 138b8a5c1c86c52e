# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Libreswan at the other end: one pluto a namespace, from the files that tests/setup unpacked
# beside the system, as it cannot be installed where strongSwan is; below $SWAN_ROOT, if that is set.
# Sourced after tests/interop/site.sh.

PLUTO_ROOT=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/esplane/libreswan
PLUTO_BIN=$PLUTO_ROOT/usr/libexec/ipsec
PLUTO=()
# shellcheck disable=SC2034 # site.sh has it
PEER=Libreswan
[ -z "${SWAN_ROOT:-}" ] || PLUTO=(chroot "$SWAN_ROOT") PLUTO_BIN=/usr/libexec/ipsec

# pluto_nss NAME: its database of keys and certificates, empty at first
pluto_nss()
{
	[ ! -d "$WORK/$1/nss" ] || return 0
	mkdir -p "$WORK/$1/nss"
	must certutil -N -d "sql:$WORK/$1/nss" --empty-password
}

# pluto_start NAME NET [PLUTO-ARGUMENTS...]
pluto_start()
{
	local name=$1 net=$2 dir=$WORK/$1

	[ -x "${SWAN_ROOT:-}$PLUTO_BIN/pluto" ] || bail "no Libreswan in ${SWAN_ROOT:-$PLUTO_ROOT}: run tests/setup libreswan"
	modprobe_teach
	modprobe -qa xfrm_user xfrm_interface esp4 esp6 authenc echainiv seqiv gcm ccm chacha20poly1305 2>/dev/null
	# pluto calls its helpers by the path that it was built for.
	[ -e "${SWAN_ROOT:-}/usr/libexec/ipsec" ] || must ln -s "$PLUTO_BIN" /usr/libexec/ipsec
	mkdir -p "$dir/run"
	pluto_nss "$name"
	echo 'config setup' >"$dir/ipsec.conf"
	: >"$dir/ipsec.secrets"
	echo "$net" >"$dir/net"
	spawn "$name" in_net "$net" "${PLUTO[@]}" "$PLUTO_BIN/pluto" --nofork --stderrlog --use-xfrm --no-dnssec \
		--config "$dir/ipsec.conf" --secretsfile "$dir/ipsec.secrets" --nssdir "$dir/nss" \
		--ipsecdir "$dir" --rundir "$dir/run" "${@:3}"
	wait_for 30 pluto "$name" --status ||
		bail "pluto does not start: $(tail -n 20 "$WORK/$name.log")"
	must pluto "$name" --listen
}

# pluto NAME WHACK-ARGUMENTS...
pluto()
{
	"${PLUTO[@]}" "$PLUTO_BIN/whack" --rundir "$WORK/$1/run" "${@:2}"
}

# pluto_initiate NAME CONNECTION: until it is up, or not
pluto_initiate()
{
	timeout "$HANG" "${PLUTO[@]}" "$PLUTO_BIN/whack" --rundir "$WORK/$1/run" --initiate --name "$2"
}

# pluto_rekey NAME CONNECTION: its CHILD_SA. Libreswan 5 has another word for it.
pluto_rekey()
{
	local how=--rekey-ipsec

	! grep -q -e --rekey-child <<<"$(pluto "$1" --help 2>&1)" || how=--rekey-child
	pluto "$1" "$how" --name "$2" --asynchronous
}

# pluto_load NAME CONNECTION SECRET <IPSEC.CONF: replaces the connection, and all secrets by SECRET
pluto_load()
{
	(umask 077 && echo ": PSK \"$3\"" >"$WORK/$1/ipsec.secrets")
	must pluto "$1" --rereadsecrets
	pluto "$1" --name "$2" --delete >/dev/null 2>&1
	pluto_add "$1" "$2"
}

# pluto_add NAME CONNECTION <IPSEC.CONF: one more. addconn looks for %defaultroute, in the namespace where it runs.
pluto_add()
{
	local dir=$WORK/$1

	{ echo 'config setup'; cat; } >"$dir/ipsec.conf"
	must in_net "$(cat "$dir/net")" "${PLUTO[@]}" "$PLUTO_BIN/addconn" --config "$dir/ipsec.conf" --ctlsocket "$dir/run/pluto.ctl" "$2"
}

# pluto_crash NAME: it ends without a word to its peers
pluto_crash()
{
	reap "$1" KILL
	rm -rf "$WORK/$1/run" "$WORK/$1/nss"
	in_net "$1" ip xfrm state flush
	in_net "$1" ip xfrm policy flush
}

# pluto_stop NAME: with a word to its peers
pluto_stop()
{
	reap "$1"
	rm -rf "${WORK:?}/$1"
}

pluto_log()
{
	cat "$WORK/$1.log"
}

# pluto_conn NAME IKE ESP [LINE...]: a connection of site b; empty IKE or ESP: what Libreswan has by itself. AUTH_B: lines
# instead of the pre-shared key.
pluto_conn()
{
	cat <<-END
	conn $1
	  ikev2=insist
	  ${AUTH_B:-authby=secret}
	  left=192.0.2.2
	  leftid=@gw.example.org
	  leftsubnet=${TS_B:-10.2.0.0/24}
	  leftupdown=%disabled
	  right=192.0.2.1
	  rightid=paris@example.org
	  rightsubnet=${TS_A:-10.1.0.0/24}
	  ${2:+ike=$2}
	  ${3:+phase2alg=$3}
	  $(printf '  %s\n' "${@:4}")
	  auto=add
	END
}

# What pluto of site b has
pluto_sas()
{
	pluto b --showstates | grep -c "$1"
}

pluto_has()
{
	[ "$(pluto_sas ESTABLISHED_IKE_SA)" = "$1" ] && [ "$(pluto_sas ESTABLISHED_CHILD_SA)" = "$2" ]
}

peer_is_empty()
{
	pluto_has 0 0
}

pluto_up()
{
	[ "$(pluto_sas ESTABLISHED_CHILD_SA)" -ge 1 ]
}
