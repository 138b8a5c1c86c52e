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

# The test tool of the kernel half: on PATH inside the virtual machine.
tools: $B/tests/esplctl
ESPLCTL := $(wildcard tests/vm/esplctl*.c)
$B/tests/esplctl: $(ESPLCTL) tests/vm/esplctl.h include/uapi/linux/esplane.h
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
		-Wno-unused-parameter -Wno-missing-field-initializers -Werror -Iinclude/uapi \
		$(shell pkg-config --cflags libnl-genl-3.0 jansson) -o $@.$$$$ $(ESPLCTL) \
		$(shell pkg-config --libs libnl-genl-3.0 jansson) && mv $@.$$$$ $@

clean:
	rm -rf $B
.PHONY: all module user tools clean
