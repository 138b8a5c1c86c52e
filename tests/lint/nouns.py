#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Each function of a tree is named after its file, so that a stack trace and ftrace say
where it is: tx_drop or espl_tx_drop in tx.c and tx.h, selector_add or selectors_find in
selector.c.

    nouns.py [--known FILE] TREE...

FILE names the files where that is not so yet; one where it is so is a finding."""
import argparse
import os
import re

# Files with other nouns beside their name.
NOUNS = {"wire": "esp|ah|udp", "satable": "sa|spi"}

# From the start of a line to the brace at the start of another: type, name, parameters.
FUNCTION = re.compile(r"^(?:\w[\w \t*]*?[\s*])?(\w+)\((\w*)[^;{}]*\)[^;{}()=]*\n\{", re.MULTILINE)


def functions(path):
    """Line and name of each function; the name is None where it cannot be read."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    names = {m.end() - 1: m.group(2) if m.group(1).isupper() else m.group(1) for m in FUNCTION.finditer(text)}
    for brace in re.finditer(r"^\{", text, re.MULTILINE):
        yield text.count("\n", 0, brace.start()) + 1, names.get(brace.start())


def findings(path):
    stem = os.path.basename(path)[:-2]
    noun = re.compile(rf"(espl_)?({'|'.join(filter(None, (re.escape(stem), NOUNS.get(stem))))})s?(_|$)")
    for line, name in functions(path):
        if name is None:
            yield f"{path}:{line}: tests/lint/nouns.py cannot read the name of this function"
        elif not noun.match(name):
            yield f"{path}:{line}: {name} is not named after its file: {stem}_{name.removeprefix('espl_')}, or what suits"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--known", default=os.devnull)
    parser.add_argument("trees", nargs="+")
    options = parser.parse_args()
    with open(options.known, encoding="utf-8") as f:
        known = {line.strip(): n for n, line in enumerate(f, 1) if line.strip() and not line.startswith("#")}
    wrong = set()
    for tree in options.trees:
        for folder, _, files in sorted(os.walk(tree)):
            for path in sorted(os.path.join(folder, f) for f in files if f.endswith((".c", ".h"))):
                found = list(findings(path))
                wrong |= {path} if found else set()
                if found and path not in known:
                    print("\n".join(found))
    for path, line in known.items():
        if path not in wrong:
            print(f"{options.known}:{line}: {path} is no longer needed: delete this line")


if __name__ == "__main__":
    main()
