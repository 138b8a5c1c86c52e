#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Includes point one way, by folder; one that has no floor is a finding too, so that
each new one gets its place here."""
import os
import re
import sys

# folder: the folders whose headers it may include, besides its own and those below its own
USERSPACE = {
    "lib": [],
    "suite": ["lib"],
    "wire": ["lib", "suite"],
    "crypto": ["lib", "suite"],
    "ike": ["lib", "suite", "wire", "crypto"],
    "esplaned": ["lib", "suite", "wire", "crypto", "ike"],
    "ikectl": ["lib", "suite"],
}

# A file of the kernel includes its own folder and those before it; main.c all of them.
KERNEL = ["pure", "core", "path", "ctl"]

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
found = 0


def finding(path, line, text):
    global found
    found += 1
    print(f"{path}:{line}: {text}")


def includes(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1)


def sources(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith((".c", ".h")):
            yield name, os.path.join(folder, name)


def check_userspace():
    for folder in sorted(os.listdir("userspace")):
        directory = os.path.join("userspace", folder)
        if not os.path.isdir(directory):
            continue
        if folder not in USERSPACE:
            finding(directory, 1, "this folder has no layer in tests/lint/layers.py")
            continue
        for parent, _, _ in os.walk(directory):
            for _, path in sources(parent):
                check_file(folder, path)


def check_file(folder, path):
    for number, header in includes(path):
        target = header.split("/")[0]
        if target != folder and target not in USERSPACE[folder]:
            finding(path, number, f"{folder}/ may not include {header}: it sees only "
                    + (", ".join(USERSPACE[folder]) or "itself"))
        elif not os.path.exists(os.path.join("userspace", header)):
            finding(path, number, f"{header} is not there")


def check_kernel():
    for name in sorted(os.listdir("kernel")):
        if name not in KERNEL + ["main.c"]:
            finding(f"kernel/{name}", 1, "it has no floor in tests/lint/layers.py")
    for floor, folder in enumerate(KERNEL):
        for _, path in sources(os.path.join("kernel", folder)):
            for number, header in includes(path):
                target = header.split("/")[0] if "/" in header else folder
                if target not in KERNEL[:floor + 1]:
                    finding(path, number, f"kernel/{folder}/ may not include {header}: it sees only "
                            + ", ".join(KERNEL[:floor + 1]))


check_userspace()
check_kernel()
sys.exit(found > 0)
