#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each allocation of a request fails once: all of it is done, or nothing, and nothing leaks.
# vm: cpus=1 timeout=300 debug=only
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"
. "$VM_DIR/static.sh"

faults=/sys/kernel/debug/failslab
[ -e $faults ] || bail "no $faults: the kernel needs CONFIG_FAILSLAB"
echo N >$faults/ignore-gfp-wait
echo 0 >$faults/verbose
# The sysctls of a device show a stack when they cannot be made, and do without.
LOG_BAD=${LOG_BAD/|Call Trace/}
module_load
net_add a
must in_net a ip link add espl0 type esplane
status='' steps=0
while read -r line; do
	case $line in
	'ok '*) ok "${line#* - }" ;;
	'not ok '*) not_ok "${line#* - }" ;;
	'status '*) status=${line#* } ;;
	*) note "${line#\# }" ;;
	esac
	[[ $line != *'allocations failed'* ]] || steps=$((steps + 1))
done < <(in_net a esplctl starve dev=espl0 2>&1; echo "status $?")
is "all of it was tried" "$status, $steps" "0, 6"
finish
