# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion of ikectl(8)

_ikectl_names()
{
	COMPREPLY=()
	local name
	while read -r name; do
		[[ $name == "$1"* ]] && COMPREPLY+=("$name")
	done < <("${ikectl[@]}" names 2>/dev/null)
}

_ikectl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} i command='' name='' options='--json --control --help --version'
	local commands='up down restart rekey reauth status explain log redirect top export-keys leases names monitor reload pki version help'
	local ikectl=("${COMP_WORDS[0]}")

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--control)
			i=$((i + 1))
			((i == COMP_CWORD)) && { mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; }
			ikectl+=(--control "${COMP_WORDS[i]}")
			;;
		-*) ;;
		*) if [ -z "$command" ]; then command=${COMP_WORDS[i]}; else name=${COMP_WORDS[i]}; fi ;;
		esac
	done
	[[ $command == up || $command == down ]] && options+=' --all'
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	elif [ -z "$command" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	elif [ -n "$name" ]; then
		COMPREPLY=()
	else
		case $command in
		up | down | restart | rekey | reauth | status | explain | log | redirect | top | export-keys) _ikectl_names "$cur" ;;
		pki) mapfile -t COMPREPLY < <(compgen -W 'ca server client sign revoke' -- "$cur") ;;
		help) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
		*) COMPREPLY=() ;;
		esac
	fi
}
complete -F _ikectl ikectl
