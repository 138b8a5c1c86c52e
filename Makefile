# SPDX-License-Identifier: GPL-2.0
VERSION := $(shell cat VERSION)
KERNEL ?= $(shell uname -r)
B := build

all: module user

module:
	@tests/vm/kmod $(KERNEL)

# One writer at a time: tests/vm/run builds too, and may run several times at once.
user:
	@mkdir -p $B/user
	@flock $B/user/.lock $(MAKE) --no-print-directory -C userspace all

clean:
	rm -rf $B
.PHONY: all module user clean
