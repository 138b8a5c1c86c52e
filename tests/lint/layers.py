#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Includes point one way. Userspace by folder, the kernel by file; a file that is in
no layer is a finding too, so that each new one gets its place here."""
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

# Own layer or lower only.
KERNEL = [
    "wire stats cb compat",
    "replay lifetime suite crypto trie selector flow",
    "event sa satable child segment",
    "encap tx rx socket",
    "device",
    "policy decode encode netlink",
    "main",
]
LAYER = {name: n for n, names in enumerate(KERNEL) for name in names.split()}

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
    for name, path in sources("kernel"):
        stem = name[:-2]
        if stem not in LAYER:
            finding(path, 1, "this file has no layer in tests/lint/layers.py")
            continue
        for number, header in includes(path):
            other = os.path.basename(header)[:-2]
            if other not in LAYER:
                finding(path, number, f"{header} has no layer in tests/lint/layers.py")
            elif LAYER[other] > LAYER[stem]:
                finding(path, number, f"{name} (layer {LAYER[stem]}) may not include {header} "
                        f"(layer {LAYER[other]})")


check_userspace()
check_kernel()
sys.exit(found > 0)
