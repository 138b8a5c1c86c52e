#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""
Does each test that Documentation/rfc-coverage.md names exist, and has each row one, or a reason?
Prints "FILE:LINE: what". Another FILE and top folder may be given: coverage.py [FILE [TOP]].
"""
import glob
import os
import re
import sys

KINDS = ("conformance", "unit", "scenario", "interop", "fuzz")


def cases(top):
    """The names of the conformance cases."""
    found = set()
    for path in glob.glob(os.path.join(top, "tests/conformance/cases/*.py")):
        with open(path, encoding="utf-8") as f:
            found |= set(re.findall(r"^@case\(.*\n(?:[^\n]*\n)?def (\w+)\(", f.read(), re.M))
    return found


def unit_has(top, name):
    """@name: FOLDER/FILE:TEST; the test is one that main() runs."""
    file, _, test = name.partition(":")
    path = os.path.join(top, "tests/unit", file + ".c")
    if not test or not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as f:
        return bool(re.search(rf"\b(cmocka_unit_test\w*|TEST)\({test}\b", f.read()))


def exists(top, kind, name, known):
    if kind == "conformance":
        return name in known
    if kind == "unit":
        return unit_has(top, name)
    path = {"scenario": f"tests/vm/scenario/{name}.sh", "interop": f"tests/interop/{name}.sh",
            "fuzz": f"tests/fuzz/{name}.c"}[kind]
    return os.path.exists(os.path.join(top, path))


def check(file, top):
    known, rows = cases(top), 0
    with open(file, encoding="utf-8") as f:
        lines = f.read().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("| ") or line.startswith(("| section ", "| --- ")):
            continue
        rows += 1
        shown = line.rstrip(" |").rpartition("|")[2]
        tests = re.findall(r"`(%s)/([^`]+)`" % "|".join(KINDS), shown)
        if not tests and not re.search(r"\*\*(n/a|open)\*\*: \S", shown):
            yield f"{file}:{number}: neither a test nor a reason"
        for kind, name in tests:
            if not exists(top, kind, name, known):
                yield f"{file}:{number}: there is no test {kind}/{name}"
    if not rows:
        yield f"{file}:1: no rows"


FILE = sys.argv[1] if len(sys.argv) > 1 else "Documentation/rfc-coverage.md"
for finding in check(FILE, sys.argv[2] if len(sys.argv) > 2 else "."):
    print(finding)
