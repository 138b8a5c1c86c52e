# SPDX-License-Identifier: GPL-2.0
# make help lists what there is. Every target is complete from nothing on
# Debian 12 as root: packages that are missing are installed first.
VERSION := $(shell cat VERSION)
B := $(CURDIR)/build

# The running kernel if its headers are here, else the newest that has them.
KERNEL ?= $(shell v=$$(uname -r); [ -e /lib/modules/$$v/build/Makefile ] && echo $$v || tests/vm/run --print-kernel)

# What check-kernels tests: the host's, those of other Debian releases. KERNELS= for less.
KERNELS ?= stock trixie sid
# Whose IKE daemons check-peers talks to. PEERS= for less.
PEERS ?= trixie sid

PREFIX ?= /usr/local
SRC ?= /usr/src
BINDIR = $(DESTDIR)$(PREFIX)/bin
SBINDIR = $(DESTDIR)$(PREFIX)/sbin
MANDIR = $(DESTDIR)$(PREFIX)/share/man
UNITDIR = $(DESTDIR)$(PREFIX)/lib/systemd/system
CONFDIR = $(DESTDIR)/etc/esplane
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
MODDIR = $(DESTDIR)$(SRC)/esplane-$(VERSION)

all: module user

help:
	@echo 'make [all]         the module for KERNEL=$(KERNEL) and the programs, in build/'
	@echo 'make demo          two sites, one tunnel, inside a virtual machine'
	@echo 'make check         every test on the stock kernel: N passed, N failed'
	@echo 'make check-debug   KUnit, scenarios and stress on a debug kernel'
	@echo 'make check-kernels KUnit, scenarios and interop on the kernels of $(KERNELS)'
	@echo 'make check-peers    interop with the IKE daemons of Debian $(PEERS), ML-KEM among it'
	@echo 'make unit | kunit | sim | conformance | fuzz-smoke | scenarios | interop     parts of check'
	@echo 'make mutants       does a test catch each of tests/sim/mutants? (half an hour)'
	@echo 'make coverage      lines of the parsers and the engine that tests reach'
	@echo 'make lint          style, static analysis, floors, netlink specification'
	@echo 'make bench         throughput beside in-tree ESP and WireGuard; build/bench.json'
	@echo 'make bench-ike     what IKE costs, beside strongSwan; build/bench-ike.json and .svg'
	@echo 'make install       programs, man pages, completion, unit; module sources for DKMS [PREFIX= DESTDIR=]'
	@echo 'make uninstall     the reverse; the configuration stays'
	@echo 'make clean         remove build/'
	@echo 'tests/vm/run --help and tests/check --help say how to run single things.'

packages-%:
	@tests/setup $*

module: packages-build packages-module
	@tests/vm/kmod "$(KERNEL)"

# One writer at a time: tests/vm/run builds too, and may run several times at once.
user: packages-build
	@mkdir -p $B/user
	+@flock $B/user/.lock $(MAKE) -s --no-print-directory -C userspace O=$B/user all

unit:
	@tests/check 'unit/*'
kunit:
	@tests/check kunit
sim:
	@tests/check 'sim*'
conformance:
	@tests/check conformance
mutants: packages-build
	@tests/sim/mutants/run
fuzz-smoke:
	@tests/check 'fuzz/*'
scenarios:
	@tests/check 'scenario/*'
interop:
	@tests/check 'interop/*'
check:
	@tests/check
check-debug:
	@tests/check --debug
# All of them, also when one has failed.
check-kernels:
	@bad=; for k in $(KERNELS); do \
		echo "--- kernel: $$k"; tests/check --kernel $$k || bad="$$bad $$k"; \
	done; for k in $(KERNELS); do \
		echo "$$k: $$(cat build/check-$$k/summary)"; \
	done; [ -z "$$bad" ] || { echo "failed on:$$bad"; exit 1; }

check-peers: packages-build packages-vm packages-stock packages-interop packages-kernels
	@bad=; for p in $(PEERS); do tests/interop/peers/run $$p || bad="$$bad $$p"; done; \
	[ -z "$$bad" ] || { echo "failed with:$$bad"; exit 1; }

demo: packages-build packages-vm packages-stock packages-interop
	@ESPLANE_COLOR=$$([ ! -t 1 ] || echo yes) tests/vm/run --timeout 2000 -- tests/demo/story.sh

bench: packages-build packages-vm packages-stock packages-bench
	@tests/bench/run

coverage: packages-build packages-check packages-coverage
	@tests/coverage

bench-ike: packages-build packages-vm packages-stock packages-interop packages-conformance
	@tests/bench/run-ike

lint: packages-build packages-module packages-lint
	@tests/lint/run

# The module is built on the host that will load it, by DKMS where that is installed.
# DKMS builds a version once: what it built from older sources of this one has to go.
dkms_forget = { ! dkms status esplane/$(VERSION) | grep -q . || dkms remove esplane/$(VERSION) --all; }
install: user
	install -d $(BINDIR) $(SBINDIR) $(UNITDIR) $(MODDIR)/include/uapi/linux
	install -m 755 build/user/ikectl/ikectl $(BINDIR)/ikectl
	install -m 755 build/user/esplaned/esplaned $(SBINDIR)/esplaned
	sed 's|@SBINDIR@|$(PREFIX)/sbin|; s|@BINDIR@|$(PREFIX)/bin|' packaging/esplaned.service >$(UNITDIR)/esplaned.service
	install -m 644 Kbuild VERSION dkms.conf $(MODDIR)
	for f in kernel/*.[ch] kernel/*/*.[ch]; do install -D -m 644 $$f $(MODDIR)/$$f || exit 1; done
	install -m 644 include/uapi/linux/esplane.h $(MODDIR)/include/uapi/linux
	for s in 5 8; do \
		install -d $(MANDIR)/man$$s && install -m 644 Documentation/man/*.$$s $(MANDIR)/man$$s || exit 1; \
	done
	install -D -m 644 packaging/completion/ikectl.bash $(BASHDIR)/ikectl
	install -D -m 644 packaging/completion/_ikectl $(ZSHDIR)/_ikectl
	install -D -m 644 packaging/completion/ikectl.fish $(FISHDIR)/ikectl.fish
	install -d -m 700 $(CONFDIR)
	[ -e $(CONFDIR)/esplane.conf ] || install -m 600 packaging/esplane.conf $(CONFDIR)/esplane.conf
	@[ -n "$(DESTDIR)" ] || ! command -v dkms >/dev/null || { $(dkms_forget) && dkms add esplane/$(VERSION); }
	@echo 'The module: dkms install esplane/$(VERSION) && modprobe esplane'

uninstall:
	@[ -n "$(DESTDIR)" ] || ! command -v dkms >/dev/null || { $(dkms_forget); }
	rm -f $(BINDIR)/ikectl $(SBINDIR)/esplaned $(UNITDIR)/esplaned.service
	rm -f $(BASHDIR)/ikectl $(ZSHDIR)/_ikectl $(FISHDIR)/ikectl.fish
	rm -f $(patsubst Documentation/man/%,$(MANDIR)/man?/%,$(wildcard Documentation/man/*.[58]))
	rm -rf $(MODDIR)

clean:
	rm -rf build

.PHONY: all help module user unit kunit sim conformance mutants fuzz-smoke scenarios interop check check-debug check-kernels check-peers demo bench bench-ike coverage lint \
	install uninstall clean
