#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write what esplane.yaml says as C: the uapi header, and the tables that say which attributes
a request may carry, their lengths and ranges.

    Documentation/netlink/generate.py            writes them
    Documentation/netlink/generate.py --check    says which are not as they would be written

A nest in a request may carry the attributes of the subset SET-request, if there is one, else
of its whole set."""
import os
import sys
import textwrap

import yaml

SPEC = "Documentation/netlink/esplane.yaml"
NOTICE = "Generated from Documentation/netlink/esplane.yaml by generate.py beside it: change that."
SHORT = range(-32768, 32768)	# what struct nla_policy itself can hold of a range


class SpecError(Exception):
    pass


def constant(*parts):
    return "".join(parts).upper().replace("-", "_")


def block(text, indent=""):
    """Text as a comment of its own."""
    text = " ".join(text.split())
    one = f"{indent}/* {text} */"
    if len(one.expandtabs(8)) <= 100:
        return one
    lines = textwrap.wrap(text, 96 - len(indent.expandtabs(8)))
    return "\n".join([f"{indent}/*"] + [f"{indent} * {line}" for line in lines] + [f"{indent} */"])


def entry(code, comment):
    """A line of an enum, its comment behind it, or in front where that gets too long."""
    line = f"\t{code},"
    if not comment:
        return line
    tabs = max(1, (40 - len(line.expandtabs(8)) + 7) // 8)
    behind = f"{line}{chr(9) * tabs}/* {' '.join(comment.split())} */"
    return behind if len(behind.expandtabs(8)) <= 100 else block(comment, "\t") + "\n" + line


class Spec:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.yaml = yaml.safe_load(f)
        self.name = self.yaml["name"]
        self.sets = {s["name"]: s for s in self.yaml["attribute-sets"]}
        self.enums = {d["name"]: d for d in self.yaml["definitions"] if d["type"] == "enum"}
        self.consts = {d["name"]: d for d in self.yaml["definitions"] if d["type"] == "const"}
        self.operations = self.yaml["operations"]["list"]
        self.check()

    def check(self):
        for name, group in self.sets.items():
            for attribute in self.attributes(name):
                for key, known in (("nested-attributes", self.sets), ("enum", self.enums)):
                    if attribute.get(key, next(iter(known))) not in known:
                        raise SpecError(f"{name}/{attribute['name']}: no {key} {attribute[key]}")
            if group["attributes"][0] != {"name": "unspec", "type": "unused", "value": 0} and "subset-of" not in group:
                raise SpecError(f"{name} does not begin with unspec, which is 0")
        for operation in self.operations:
            for side in ("request", "reply", "event"):
                self.carries(operation, side)

    def attributes(self, name):
        """Of a set, or of a subset, each as its set describes it."""
        group = self.sets[name]
        if "subset-of" not in group:
            return group["attributes"]
        return [self.attribute(group["subset-of"], a["name"]) for a in group["attributes"]]

    def attribute(self, group, name):
        for attribute in self.sets[group]["attributes"]:
            if attribute["name"] == name:
                return attribute
        raise SpecError(f"there is no attribute {group}/{name}")

    def attribute_constant(self, group, attribute):
        group = self.sets[group]
        group = self.sets[group["subset-of"]] if "subset-of" in group else group
        return constant(group["name-prefix"], attribute["name"])

    def carries(self, operation, side):
        """Attributes of a request or reply of do and dump, or of an event; in their order."""
        parts = [operation.get("event")] if side == "event" else \
            [operation.get(kind, {}).get(side) for kind in ("do", "dump")]
        names = dict.fromkeys(name for part in parts if part for name in part["attributes"])
        return [self.attribute(operation["attribute-set"], name) for name in names]

    def number(self, value):
        """A literal, or the constant of that name; and what it is."""
        if value in self.consts:
            return constant(self.name, "-", value), self.consts[value]["value"]
        if not isinstance(value, int):
            raise SpecError(f"{value} is neither a number nor a constant")
        return str(value), value

    def enum_range(self, name):
        enum = self.enums[name]
        names = [e if isinstance(e, str) else e["name"] for e in enum["entries"]]
        first = enum.get("value-start", 0)
        return [(constant(self.name, "-", name, "-", n), first + i) for i, n in enumerate(names)]


# --- the header

def describe(spec, attribute):
    kind = {"nest": "nest", "unused": "", "pad": "", "binary": ""}.get(attribute["type"], attribute["type"])
    if attribute["type"] == "nest":
        kind = "nest of " + constant(spec.sets[attribute["nested-attributes"]]["name-prefix"]) + "*"
    if "enum" in attribute:
        kind += f", enum {spec.name}_{attribute['enum']}"
    if attribute.get("multi-attr"):
        kind += ", repeated"
    doc = attribute.get("doc", "").rstrip(".")
    return ". ".join(filter(None, (kind, doc))) if kind and doc else kind or doc


def header_enum(doc, name, lines, end):
    out = [block(doc)] if doc else []
    out += [f"enum{' ' + name if name else ''} {{"] + lines
    if end:
        out += [f"\t__{end}", "};", f"#define {end} (__{end} - 1)"]
    else:
        out += ["};"]
    return out + [""]


def header(spec):
    guard = "_UAPI_LINUX_" + constant(spec.name) + "_H"
    upper = constant(spec.name)
    out = ["/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */", block(NOTICE),
           block(spec.yaml["doc"]), f"#ifndef {guard}", f"#define {guard}", "",
           f'#define {upper}_GENL_NAME\t"{spec.name}"',
           f"#define {upper}_GENL_VERSION\t{spec.yaml.get('version', 1)}"]
    for group in spec.yaml["mcast-groups"]["list"]:
        out.append(f'#define {upper}_MCGRP_{constant(group["name"])}\t"{group["name"]}"')
    for name, d in spec.consts.items():
        value = f'"{d["value"]}"' if isinstance(d["value"], str) else str(d["value"])
        out += ["", block(d["doc"])] if "doc" in d else []
        out.append(f"#define {constant(spec.name, '-', name)}\t{value}")
    out.append("")

    lines = []
    for operation in spec.operations:
        doc = operation.get("doc", "")
        carried = ", ".join(constant(a["name"]) for side in ("request", "event") for a in spec.carries(operation, side))
        reply = ", ".join(constant(a["name"]) for a in spec.carries(operation, "reply"))
        lines += [block(doc, "\t")] if operation["name"] != "unspec" else []
        lines.append(entry(constant(spec.yaml["operations"]["name-prefix"], operation["name"]),
                           carried + (f" -> {reply}" if reply else "")))
    out += header_enum("Operations, what they carry and -> what the answer carries; then the events.", "", lines,
                       f"{upper}_CMD_MAX")
    for name, enum in spec.enums.items():
        lines = []
        for (code, value), e in zip(spec.enum_range(name), enum["entries"]):
            first = value == enum.get("value-start", 0) != 0
            lines.append(entry(code + (f" = {value}" if first else ""), "" if isinstance(e, str) else
                               e.get("doc", "").rstrip(".")))
        out += header_enum(enum.get("doc"), f"{spec.name}_{name}", lines, None)
    for name, group in spec.sets.items():
        if "subset-of" in group:
            continue
        lines = [entry(spec.attribute_constant(name, a), describe(spec, a)) for a in group["attributes"]]
        out += header_enum(group.get("doc"), "", lines, constant(group["name-prefix"], "max"))
    return "\n".join(out + [f"#endif /* {guard} */", ""])


# --- the tables

class Tables:
    def __init__(self, spec):
        self.spec = spec
        self.ranges = {}	# name: (min, max)
        self.nests = {}		# set: its table's lines
        self.tables = {}
        for operation in spec.operations:
            if "do" in operation:
                self.tables[operation["name"]] = self.lines(operation["attribute-set"], spec.carries(operation, "request"))

    def lines(self, group, attributes):
        lines = []
        for a in attributes:
            if a["type"] == "unused":
                continue
            key = f"\t[{self.spec.attribute_constant(group, a)}] ="
            line = f"{key} {self.policy(a)},"
            lines.append(line if len(line.expandtabs(8)) <= 100 else f"{key}\n\t\t{self.policy(a)},")
            if a["type"] == "nest" and a["nested-attributes"] not in self.nests:
                nest = a["nested-attributes"]
                self.nests[nest] = []
                subset = nest + "-request" if nest + "-request" in self.spec.sets else nest
                self.nests[nest] = self.lines(nest, self.spec.attributes(subset))
        return lines

    def policy(self, a):
        checks, kind = a.get("checks", {}), f"NLA_{a['type'].upper()}"
        if a["type"] == "nest":
            return "{ .type = NLA_NESTED }"
        if a["type"] == "binary":
            return f"NLA_POLICY_RANGE(NLA_BINARY, {self.spec.number(checks['min-len'])[0]}, {self.spec.number(checks['max-len'])[0]})"
        if "enum" in a:
            values = self.spec.enum_range(a["enum"])
            low, high = values[0], values[-1]
        else:
            low, high = (self.spec.number(checks[k]) if k in checks else None for k in ("min", "max"))
        if high and high[1] not in SHORT:
            name = constant(a["name"]).lower() + "_range"
            self.ranges[name] = (low[0] if low else "0", high[0])
            return f"NLA_POLICY_FULL_RANGE({kind}, &{name})"
        if low and low[1] == 0:
            low = None
        if low and high:
            return f"NLA_POLICY_RANGE({kind}, {low[0]}, {high[0]})"
        if low:
            return f"NLA_POLICY_MIN({kind}, {low[0]})"
        return f"NLA_POLICY_MAX({kind}, {high[0]})" if high else f"{{ .type = {kind} }}"

    def declarations(self):
        """Name and size of each."""
        for name in self.tables:
            group = next(o for o in self.spec.operations if o["name"] == name)["attribute-set"]
            yield constant(name).lower(), constant(self.spec.sets[group]["name-prefix"], "max"), self.tables[name]
        for name, lines in self.nests.items():
            yield constant("nest-", name).lower(), constant(self.spec.sets[name]["name-prefix"], "max"), lines

    def source(self):
        out = ["// SPDX-License-Identifier: GPL-2.0", block(NOTICE), '#include "attrs.h"', ""]
        if self.ranges:
            out.append(block("A range in struct nla_policy itself ends at 32767. Not const until 6.7."))
        for name, (low, high) in self.ranges.items():
            out.append(f"static struct netlink_range_validation {name} = {{ .min = {low}, .max = {high} }};")
        out.append("")
        for name, size, lines in self.declarations():
            out += [f"const struct nla_policy espl_attrs_{name}[{size} + 1] = {{"] + lines + ["};", ""]
        return "\n".join(out)

    def declared(self):
        out = ["/* SPDX-License-Identifier: GPL-2.0 */", block(NOTICE),
               block("Which attributes a request may carry, their lengths and ranges, for each operation; then those "
                     "of the nests in requests. An attribute without an entry is refused."),
               "#ifndef _ESPL_ATTRS_H", "#define _ESPL_ATTRS_H", "", "#include <net/netlink.h>", "",
               f"#include <linux/{self.spec.name}.h>", ""]
        out += [f"extern const struct nla_policy espl_attrs_{name}[{size} + 1];" for name, size, _ in self.declarations()]
        return "\n".join(out + ["", "#endif", ""])


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    try:
        spec = Spec(SPEC)
        tables = Tables(spec)
        files = {"include/uapi/linux/esplane.h": header(spec), "kernel/ctl/attrs.h": tables.declared(),
                 "kernel/ctl/attrs.c": tables.source()}
    except SpecError as e:
        print(f"{SPEC}:1: {e}")
        sys.exit(1)
    stale = 0
    for path, text in files.items():
        old = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                old = f.read()
        if old == text:
            continue
        if "--check" in sys.argv[1:]:
            stale += 1
            print(f"{path}:1: it is not what {SPEC} says: run Documentation/netlink/generate.py")
        else:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
    sys.exit(stale > 0)


if __name__ == "__main__":
    main()
