#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The second stage of PID 1 inside the virtual machine: finishes the system,
# runs the command that tests/vm/run left in $job/command, reports its status.
exec </dev/null

find_port()
{
	local p

	for p in /sys/class/virtio-ports/*; do
		if [ "$(cat "$p/name")" = "$1" ]; then
			echo "/dev/${p##*/}"
			return
		fi
	done
	echo "init: no port named $1" >/dev/console
	exit 1
}

end()
{
	echo "exit $1" >"$status"
	sync
	echo o >/proc/sysrq-trigger
	sleep 60
}

mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts 2>/dev/null ||
	{ mkdir -p /dev/pts && mount -t devpts devpts /dev/pts; }
mkdir -p /dev/shm /run/lock /run/netns
mount -t tmpfs tmpfs /dev/shm
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr

status=$(find_port status)
exec >"$(find_port output)" 2>&1

job=$(sed -n 's/.*esplane\.job=\([^ ]*\).*/\1/p' /proc/cmdline)
# VM_DIR VM_TOP VM_KMOD VM_MODULES VM_DEBUG VM_WRITABLE; made by tests/vm/run
# shellcheck source=/dev/null
. "$job/environment"
if [ -n "$VM_MODULES" ]; then
	release=$(uname -r)
	mkdir -p "/lib/modules/$release"
	mount --bind "$VM_MODULES" "/lib/modules/$release"
fi
if [ -n "$VM_WRITABLE" ]; then
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none writable "$VM_WRITABLE" ||
		end 125
fi
hostname lab
ip link set lo up
export VM_DIR VM_TOP VM_KMOD VM_DEBUG
export PATH="$VM_PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root TERM=dumb LC_ALL=C.UTF-8
cd "$VM_CWD" || end 125
"$BASH" "$job/command"
end $?
