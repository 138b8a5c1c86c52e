#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install, DKMS has built the module for this kernel (tests/vm/dkms-build) and installs it, modprobe finds it, make uninstall.
# vm: cpus=1 timeout=300 debug=no alone=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"

version=$(cat "$VM_TOP/VERSION")
release=$(uname -r)
built=$VM_TOP/build/dkms/tree/esplane/$version/$release
tree=/var/lib/dkms/esplane/$version
installed=/lib/modules/$release/updates/dkms/esplane.ko
[ -d "$built" ] || bail "no module from DKMS: run tests/vm/dkms-build $release first"
rm -rf /var/lib/dkms/esplane "$installed"*
# depmod reads all modules that there are, a minute each time: these are those that ours may need.
kernel=/lib/modules/$release/kernel
must mkdir -p "$WORK/modules/net"
must cp -a "$kernel/net/ipv4" "$kernel/net/ipv6" "$WORK/modules/net/"
must cp -a "$kernel/crypto" "$WORK/modules/"
must mount --bind "$WORK/modules" "$kernel"

check "make install" make -C "$VM_TOP" install PREFIX=/usr
for f in /usr/bin/ikectl /usr/sbin/esplaned /usr/lib/systemd/system/esplaned.service \
	 "/usr/src/esplane-$version/dkms.conf" /etc/esplane/esplane.conf /usr/share/man/man8/ikectl.8; do
	check "it installs $f" test -e "$f"
done
is "the configuration is for root alone" "$(stat -c '%a %U' /etc/esplane /etc/esplane/esplane.conf | xargs)" \
	"700 root 600 root"
check "the unit names the installed daemon" grep -qx 'ExecStart=/usr/sbin/esplaned --foreground \$OPTIONS' \
	/usr/lib/systemd/system/esplaned.service
check "DKMS knows the sources" bash -c "dkms status esplane/$version | grep -q esplane"
check "which are those that it has built from" diff -r "$VM_TOP/build/dkms/root/usr/src/esplane-$version" "$tree/source/"
must cp -r "$built" "$tree/"
check "and has built" bash -c "dkms status esplane/$version -k $release | grep -q built"
check "dkms install" dkms install -m esplane -v "$version" -k "$release"
check "modprobe esplane" modprobe esplane
# Newer ones compress it, as the kernel's own.
is "modprobe took the one that DKMS built" "$(modinfo -F filename esplane | sed 's/\.[xz][a-z]*$//')" "$installed"
is "its version" "$(cat /sys/module/esplane/version 2>/dev/null || modinfo -F version esplane)" "$version"
check "a device can be made" ip link add espl0 type esplane
check "and deleted" ip link del espl0
check "the installed daemon reads the sample configuration" esplaned --check-config
echo '# mine' >>/etc/esplane/esplane.conf
check "installing once more" make -C "$VM_TOP" install PREFIX=/usr
check "leaves the configuration alone" grep -qx '# mine' /etc/esplane/esplane.conf
check "and DKMS will build from the new sources" \
	bash -c "dkms status esplane/$version | grep -q added && ! compgen -G '$installed*'"
must cp -r "$built" "$tree/"
check "dkms install, once more" dkms install -m esplane -v "$version" -k "$release"
check "the module unloads" rmmod esplane
check "make uninstall" make -C "$VM_TOP" uninstall PREFIX=/usr
for f in /usr/bin/ikectl /usr/sbin/esplaned "/usr/src/esplane-$version" "$installed"; do
	refuse "which removes $f" '' compgen -G "$f*"
done
check "but not the configuration" test -e /etc/esplane/esplane.conf
finish
