#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# make install, DKMS builds the module for this kernel, modprobe finds it, make uninstall.
# vm: cpus=2 timeout=600 memory=3072 debug=no alone=yes
. "${VM_DIR:?run me with tests/vm/run}/lib.sh"

version=$(cat "$VM_TOP/VERSION")
release=$(uname -r)
dkms="dkms -m esplane -v $version -k $release"
# Nothing is signed here: no firmware asks for it, and the key would take a minute to make.
mkdir -p /etc/dkms
echo 'sign_file=/etc/dkms/framework.conf	# not a program' >/etc/dkms/framework.conf
rm -rf /var/lib/dkms/esplane /lib/modules/"$release"/updates/dkms/esplane.ko*

check "make install" make -C "$VM_TOP" install PREFIX=/usr
for f in /usr/bin/ikectl /usr/sbin/esplaned /usr/lib/systemd/system/esplaned.service \
	 "/usr/src/esplane-$version/dkms.conf" /etc/esplane/esplane.conf /usr/share/man/man8/ikectl.8; do
	check "it installs $f" test -e "$f"
done
is "the configuration is for root alone" "$(stat -c '%a %U' /etc/esplane /etc/esplane/esplane.conf | xargs)" \
	"700 root 600 root"
check "the unit names the installed daemon" grep -qx 'ExecStart=/usr/sbin/esplaned --foreground' \
	/usr/lib/systemd/system/esplaned.service
check "DKMS knows the sources" bash -c "dkms status esplane/$version | grep -q esplane"
# shellcheck disable=SC2086
check "dkms build" $dkms build ||
	note "$(tail -n 30 "/var/lib/dkms/esplane/$version/build/make.log" 2>/dev/null)"
# shellcheck disable=SC2086
check "dkms install" $dkms install
check "modprobe esplane" modprobe esplane
is "modprobe took the one that DKMS built" "$(modinfo -F filename esplane)" \
	"/lib/modules/$release/updates/dkms/esplane.ko"
is "its version" "$(cat /sys/module/esplane/version 2>/dev/null || modinfo -F version esplane)" "$version"
check "a device can be made" ip link add espl0 type esplane
check "and deleted" ip link del espl0
check "the installed daemon reads the sample configuration" esplaned --check-config
echo '# mine' >>/etc/esplane/esplane.conf
check "installing once more" make -C "$VM_TOP" install PREFIX=/usr
check "leaves the configuration alone" grep -qx '# mine' /etc/esplane/esplane.conf
check "the module unloads" rmmod esplane
check "make uninstall" make -C "$VM_TOP" uninstall PREFIX=/usr
for f in /usr/bin/ikectl /usr/sbin/esplaned "/usr/src/esplane-$version" \
	 "/lib/modules/$release/updates/dkms/esplane.ko"; do
	check "which removes $f" test ! -e "$f"
done
check "but not the configuration" test -e /etc/esplane/esplane.conf
finish
