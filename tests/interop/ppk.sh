#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Post-quantum pre-shared keys (RFC 8784): either end begins, either end wants one or may go without.
# vm: cpus=2 timeout=300 debug=no
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/../interop/site.sh"

IKE=aes128gcm16-prfsha256-x25519 ESP=aes128gcm16-esn
PPK=0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f

module_load
site_make
swan_start b b
espl_start a a </dev/null

# ours LINE...
ours()
{
	espl_tunnel office "$IKE" "$ESP" "$@" >"$WORK/a/esplane.conf"
	espl_anew a
}

# theirs CONNECTION-LINES [ID SECRET]
theirs()
{
	{
		swan_conn "$IKE" "$ESP" "$1"
		[ $# -eq 1 ] || printf 'secrets {\nppk-office {\nid = %s\nsecret = %s\n}\n}\n' "$2" "$3"
	} | swan_load b
}

# up_by END DESCRIPTION has|lacks: until it is down again
up_by()
{
	local log=has\ the\ PPK before

	[ "$3" = has ] || log='does not use the PPK'
	before=$(espl_log a | grep -c "$log")
	case $1 in
	us) check "$2: up" espl a up office ;;
	peer) check "$2: up" swan b --initiate --child net --timeout "$HANG" ;;
	esac
	check "$2: the tunnel is up here" wait_for 20 espl_is up
	ping_both "$2"
	is "$2: the log says so" "$(espl_log a | grep -c "$log")" $((before + 1))
	must espl a down office
	must wait_for 20 swan_is_empty
}

# espl_says TEXT: in its log
espl_says()
{
	espl_log a | grep -q "$1"
}

MUST='ppk-required = "yes"'
OURS=("ppk = \"$PPK\"" 'ppk-id = "office-1"')

ours "${OURS[@]}" "$MUST"
theirs $'ppk_id = office-1\nppk_required = yes' office-1 "$PPK"
up_by us "both want it, esplane initiates" has

ours "${OURS[@]}" "$MUST" 'metric = 3'	# what was taken down by hand refuses its peer
up_by peer "both want it, strongSwan initiates" has

ours "${OURS[@]}"
theirs 'ppk_id = office-1' office-1 "$PPK"
up_by us "nobody insists, esplane initiates" has

ours "${OURS[@]}" 'metric = 3'
up_by peer "nobody insists, strongSwan initiates" has

theirs 'ppk_id = office-2' office-2 "$PPK"
ours "${OURS[@]}" 'metric = 4'
up_by peer "two PPKs, strongSwan initiates" lacks

theirs ''
ours "${OURS[@]}"
up_by us "strongSwan has none, esplane initiates" lacks

ours "${OURS[@]}" 'metric = 3'
up_by peer "strongSwan has none, strongSwan initiates" lacks

ours "${OURS[@]}" "$MUST"
refuse "strongSwan has none, and esplane wants it: not up" 'uses no PPK' espl a up office
must wait_for 20 swan_is_empty

ours "${OURS[@]}" "$MUST" 'metric = 3'
refuse "strongSwan has none, and is refused" '' swan b --initiate --child net --timeout "$HANG"
check "strongSwan has none: the log says why" wait_for 20 espl_says 'wants one'

theirs '' office-2 "$PPK"		# with ppk_id strongSwan would want that one
ours "${OURS[@]}"
up_by us "two PPKs, esplane initiates" lacks

finish
