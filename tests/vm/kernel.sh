# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Where a kernel is, for those who build for it and boot it. It needs $top, the repository.
# A kernel's NAME is a VERSION in /lib/modules, "stock" (Debian's for this host, the newest that is
# here), "debug" (tests/vm/debug-kernel), or a Debian suite as "trixie" (tests/vm/debian-root).

kernel_release=''	# what uname -r says on it
kernel_image=''		# what the machine boots
kernel_modules=''	# its modules; empty: they are in /lib/modules
kernel_build=''		# what modules are built with
kernel_root=''		# the root where kernel_build and its compiler are; empty: this host's own

# Debian's stock kernels that are here; the cloud one has no 9p.
kernel_newest()
{
	local f v

	for f in /boot/vmlinuz-*; do
		v=${f#/boot/vmlinuz-}
		[ -e "/lib/modules/$v/build/Makefile" ] &&
			compgen -G "/lib/modules/$v/kernel/net/9p/9pnet_virtio.ko*" >/dev/null && echo "$v"
	done | sort -V | tail -n 1
}

# kernel_find NAME: sets the above, makes what is missing and can be made; says why it cannot.
kernel_find()
{
	local cache

	kernel_release='' kernel_modules='' kernel_root=''
	case $1 in
	debug)
		cache=$("$top/tests/vm/debug-kernel") || return
		kernel_release=$(cat "$cache/release")
		kernel_image=$cache/bzImage kernel_modules=$cache/modules kernel_build=$cache/build
		return
		;;
	stock)
		kernel_release=$(kernel_newest)
		[ -n "$kernel_release" ] || {
			echo "no kernel with its headers: install linux-image-amd64 linux-headers-amd64" \
			     "(tests/setup stock does it)" >&2
			return 2
		}
		;;
	[0-9]*) kernel_release=$1 ;;
	*)
		cache=$("$top/tests/vm/debian-root" "$1") || return
		kernel_release=$(cat "$cache/release")
		kernel_root=$cache/root
		kernel_image=$kernel_root/boot/vmlinuz-$kernel_release
		kernel_modules=$kernel_root/usr/lib/modules/$kernel_release
		;;
	esac
	kernel_build=/lib/modules/$kernel_release/build
	[ -z "$kernel_root" ] || return 0
	kernel_image=/boot/vmlinuz-$kernel_release
	[ -e "$kernel_build/Makefile" ] || {
		echo "no headers for kernel $kernel_release: install linux-headers-$kernel_release" >&2
		return 2
	}
}

# kernel_run COMMAND...: where the kernel's compiler is; the repository is at its own path there too.
# shellcheck disable=SC2016 # the dollars are the inner shell's
kernel_run()
{
	if [ -z "$kernel_root" ]; then
		"$@"
		return
	fi
	# In a mount namespace of its own: nothing stays mounted.
	unshare --mount --propagation private -- bash -euc '
		root=$1 top=$2
		shift 2
		mkdir -p "$root$top"
		mount --bind "$top" "$root$top"
		mount -t proc proc "$root/proc"
		mount --bind /dev "$root/dev"
		PATH=/usr/sbin:/usr/bin LC_ALL=C exec chroot "$root" "$@"' - "$kernel_root" "$top" "$@"
}
