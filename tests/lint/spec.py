#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The netlink specification and the uapi header say the same: names, values, order."""
import re
import sys

import yaml

HEADER = "include/uapi/linux/esplane.h"
SPEC = "Documentation/netlink/esplane.yaml"
found = 0


def finding(text, where=SPEC):
    global found
    found += 1
    print(f"{where}:1: {text}")


def parse_header():
    """-> {constant: value} of the #defines, [{constant: value}] of the enums."""
    with open(HEADER, encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    defines = {}
    for name, value in re.findall(r"^#define\s+(ESPLANE_\w+)\s+(\S+)\s*$", text, re.M):
        defines[name] = value.strip('"')
    enums = []
    for body in re.findall(r"enum(?:\s+\w+)?\s*\{(.*?)\}", text, re.S):
        enum, value = {}, 0
        for entry in filter(None, (e.strip() for e in body.split(","))):
            name, _, explicit = entry.partition("=")
            value = int(explicit, 0) if explicit else value
            if not name.startswith("__"):
                enum[name.strip()] = value
            value += 1
        enums.append(enum)
    return defines, enums


def constant(prefix, name):
    return (prefix + name).upper().replace("-", "_")


def numbered(entries, prefix, start=0):
    result, value = {}, start
    for entry in entries:
        if isinstance(entry, str):
            entry = {"name": entry}
        value = entry.get("value", value)
        result[constant(prefix, entry["name"])] = value
        value += 1
    return result


def compare(what, spec, header):
    for name in spec.keys() - header.keys():
        finding(f"{what}: {name} is not in {HEADER}")
    for name in header.keys() - spec.keys():
        finding(f"{what}: {name} is missing", SPEC)
    for name in spec.keys() & header.keys():
        if str(spec[name]) != str(header[name]):
            finding(f"{what}: {name} is {spec[name]}, but {header[name]} in {HEADER}")
    if not found and list(spec) != list(header):
        finding(f"{what}: not in the order of {HEADER}")


def check_references(spec):
    """Every attribute that an operation or a nest names exists."""
    sets = {s["name"]: {a["name"] for a in s["attributes"]} for s in spec["attribute-sets"]}
    for group in spec["attribute-sets"]:
        for attribute in group["attributes"]:
            nested = attribute.get("nested-attributes")
            if nested and nested not in sets:
                finding(f"{group['name']}/{attribute['name']}: no attribute set {nested}")
    for operation in spec["operations"]["list"]:
        parts = [operation.get("event")]
        for kind in ("do", "dump"):
            parts += [operation.get(kind, {}).get(side) for side in ("request", "reply")]
        for part in filter(None, parts):
            for name in part["attributes"]:
                if name not in sets[operation["attribute-set"]]:
                    finding(f"{operation['name']}: no attribute {name}")


def main():
    with open(SPEC, encoding="utf-8") as f:
        spec = yaml.safe_load(f)
    defines, enums = parse_header()
    by_first = {next(iter(e)): e for e in enums}
    groups = []
    for s in spec["attribute-sets"]:
        groups.append((f"attribute set {s['name']}", numbered(s["attributes"], s["name-prefix"])))
    groups.append(("operations", numbered(spec["operations"]["list"],
                                          spec["operations"]["name-prefix"])))
    consts = {}
    for d in spec["definitions"]:
        if d["type"] == "const":
            consts[constant("esplane-", d["name"])] = d["value"]
        else:
            groups.append((f"enum {d['name']}",
                           numbered(d["entries"], f"esplane-{d['name']}-", d.get("value-start", 0))))
    for what, group in groups:
        header = by_first.pop(next(iter(group)), None)
        if header is None:
            finding(f"{what}: no enum of {HEADER} begins with {next(iter(group))}")
        else:
            compare(what, group, header)
    for first in by_first:
        finding(f"the enum that begins with {first} in {HEADER} is missing")

    consts["ESPLANE_GENL_NAME"] = spec["name"]
    for number, group in enumerate(spec["mcast-groups"]["list"]):
        consts[constant("esplane-mcgrp-", group["name"])] = group["name"]
        assert number == 0
    consts["ESPLANE_GENL_VERSION"] = spec.get("version", 1)
    wanted = {n: v for n, v in defines.items() if not n.endswith("_MAX") or n in consts}
    compare("definitions", dict(sorted(consts.items())), dict(sorted(wanted.items())))
    check_references(spec)


main()
sys.exit(found > 0)
