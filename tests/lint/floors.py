#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A folder is a floor: a file includes and calls its own folder or a lower one, and no
files call each other in a circle. Calls are read from the object files, so that a forward
declaration hides none; the address of a function or an object in a table counts as a call.
Those of the functions in headers, which leave no trace there, are read from the sources.

    floors.py [--known FILE] [--list] TREE=OBJECTS...

TREE is a folder of sources, OBJECTS the folder with its object files, alike inside.
FILE names what is known to be wrong (tests/lint/known-arrows); an entry that is not needed
is a finding. --list prints what FILE has to be today."""
import argparse
import collections
import os
import re
import subprocess
import sys

from nouns import functions

# folder: what it stands on. It sees these, and what they see. A folder with files after the
# bar holds these and no others. A folder that is not here is a finding.
FLOORS = """
userspace/lib
userspace/suite             userspace/lib
userspace/wire              userspace/suite
userspace/wire/v1           userspace/wire
userspace/wire/v2           userspace/wire
userspace/crypto            userspace/suite
userspace/ike/core          userspace/wire userspace/crypto
userspace/ike/object        userspace/ike/core
userspace/ike/exchange      userspace/ike/object
userspace/ike/auth          userspace/ike/exchange
userspace/ike/v1            userspace/ike/auth userspace/wire/v1
userspace/ike/v2            userspace/ike/auth userspace/wire/v2
userspace/ike               userspace/ike/v1 userspace/ike/v2 | ike command settle attempt dispatch query change wishes
userspace/esplaned/conf     userspace/ike
userspace/esplaned/nl       userspace/ike
userspace/esplaned/host     userspace/esplaned/conf userspace/esplaned/nl
userspace/esplaned/keys     userspace/esplaned/conf
userspace/esplaned/core     userspace/esplaned/host
userspace/esplaned/control  userspace/esplaned/core
userspace/esplaned/engine   userspace/esplaned/control userspace/esplaned/keys
userspace/esplaned/command  userspace/esplaned/engine
userspace/esplaned          userspace/esplaned/command | main daemon
userspace/ikectl            userspace/crypto
kernel/pure
kernel/core                 kernel/pure
kernel/path                 kernel/core
kernel/ctl                  kernel/path
kernel                      kernel/ctl | main
"""

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
RELOCATIONS = re.compile(r"^Relocation section '\.rela?(\S+)'")
# Offset, info, type, value, name: the only thing that an arrow needs of it is first and last.
RELOCATION = re.compile(r"^([0-9a-f]+)\s+[0-9a-f]+\s+R_\S+\s+[0-9a-f]+\s+(\S+)")
SYMBOL = re.compile(r"^\s*\d+: [0-9a-f]+\s+\S+ (?:FUNC|OBJECT|NOTYPE|TLS)\s+(?:GLOBAL|WEAK)\s+\S+\s+(?!UND)\S+ (\S+)$")

Arrow = collections.namedtuple("Arrow", "tail head")
# What makes an arrow: the file and line of each use, and the symbol or header.
Use = collections.namedtuple("Use", "path line what")


def read_floors():
    below, allowed = {}, {}
    for line in FLOORS.strip().splitlines():
        stands, _, names = line.partition("|")
        folder, *on = stands.split()
        below[folder] = {folder}.union(*(below[f] for f in on))
        if names:
            allowed[folder] = set(names.split())
    return below, allowed


BELOW, ALLOWED = read_floors()


class Sources:
    """The files of the trees, what they include, and the arrows of their calls."""
    def __init__(self, trees):
        self.findings, self.misplaced, self.includes, self.files = [], {}, {}, []
        self.calls = collections.defaultdict(list)
        for tree in trees:
            for folder, folders, names in os.walk(tree):
                folders.sort()
                names = sorted(n for n in names if n.endswith((".c", ".h")))
                if names and folder not in BELOW:
                    self.findings.append(f"{folder}:1: this folder has no floor in tests/lint/floors.py")
                    continue
                for name in names:
                    path = os.path.join(folder, name)
                    self.files.append(path)
                    if name[:-2] not in ALLOWED.get(folder, {name[:-2]}):
                        self.misplaced[path] = (f"{path}:1: this file has no place here: {folder}/ is for "
                                                + ", ".join(sorted(ALLOWED[folder])))
                    self.read(tree, path)
        self.inlined()

    def read(self, tree, path):
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                places = [os.path.normpath(os.path.join(d, match.group(1))) for d in (os.path.dirname(path), tree)]
                header = next((p for p in places if os.path.exists(p)), None)
                if header is None:
                    self.findings.append(f"{path}:{number}: {match.group(1)} is not there")
                else:
                    self.includes.setdefault(Arrow(path, header), []).append(Use(path, number, match.group(1)))

    def inlined(self):
        """Adds the calls of functions that headers define."""
        home = {name: path for path in self.files if path.endswith(".h") for _, name in functions(path)}
        for path in self.files:
            with open(path, encoding="utf-8") as f:
                text = COMMENT_OR_STRING.sub(lambda m: "\n" * m.group().count("\n"), f.read())
            for number, line in enumerate(text.splitlines(), 1):
                for name in WORD.findall(line):
                    if name in home and self.node(path) != self.node(home[name]):
                        self.calls[Arrow(self.node(path), self.node(home[name]))].append(Use(path, number, name))

    def node(self, path):
        """A header with a source file of its name is one with it."""
        source = path[:-2] + ".c"
        return source if os.path.exists(source) else path


class Objects:
    """What the objects of a tree define and use."""
    def __init__(self, tree, folder, sources):
        self.tree, self.folder, self.sources = tree, folder, sources
        self.defined = collections.defaultdict(set)
        self.used = collections.defaultdict(list)

    def add_calls(self):
        objects, sources, tree, folder = {}, self.sources, self.tree, self.folder
        for path in sources.files:
            if path.startswith(tree + "/") and path.endswith(".c"):
                compiled = os.path.join(folder, path[len(tree) + 1:-2] + ".o")
                if os.path.exists(compiled):
                    objects[compiled] = path
                else:
                    sources.findings.append(f"{path}:1: it was not compiled: there is no {compiled}")
        if objects:
            self.read(objects)
            self.resolve({path: compiled for compiled, path in objects.items()})

    def read(self, objects):
        text = subprocess.run(["readelf", "-srW", *objects], check=True, capture_output=True, text=True).stdout
        path, section = next(iter(objects.values())), None
        for line in text.splitlines():
            if line.startswith("File: "):
                path = objects[line[6:]]
            elif match := SYMBOL.match(line):
                self.defined[match.group(1)].add(path)
            elif match := RELOCATIONS.match(line):
                section = match.group(1)
            elif not (section or "").startswith(".debug") and (match := RELOCATION.match(line)):
                self.used[path].append((section, match.group(1), match.group(2)))

    def resolve(self, objects):
        for path, uses in sorted(self.used.items()):
            uses = [use for use in uses if use[2] in self.defined]
            for (section, offset, symbol), at in zip(uses, self.places(objects[path], uses, path)):
                definers = self.defined[symbol]
                if len(definers) > 1:    # the two programs may each have one of the name
                    program = path.split("/")[:2]
                    definers = {d for d in definers if d.split("/")[:2] == program} or definers
                for head in definers:
                    tail = self.sources.node(at[0])
                    if tail != head:
                        self.sources.calls[Arrow(tail, head)].append(Use(at[0], at[1], symbol))

    def places(self, compiled, uses, path):
        """Where each use is written: for code that was inlined, in its header."""
        found = {}
        for section in sorted({use[0] for use in uses}):
            offsets = [use[1] for use in uses if use[0] == section]
            text = subprocess.run(["addr2line", "-a", "-i", "-e", compiled, "-j", section], check=True,
                                  input="\n".join(offsets) + "\n", capture_output=True, text=True).stdout
            offset = None
            for line in text.splitlines():
                if line.startswith("0x"):
                    offset = int(line, 16)
                    continue
                file, _, number = line.rpartition(":")
                file, number = self.inside(file), number.split()[0]
                if file and number.isdigit():
                    found.setdefault((section, offset), (file, int(number)))
        return [found.get((section, int(offset, 16)), (path, 1)) for section, offset, _ in uses]

    def inside(self, file):
        for top in (self.folder, self.tree):
            top = os.path.realpath(top) + "/"
            if file.startswith(top):
                path = os.path.join(self.tree, os.path.normpath(file[len(top):]))
                return path if os.path.exists(path) else None
        return None


def is_upward(arrow):
    tail, head = os.path.dirname(arrow.tail), os.path.dirname(arrow.head)
    return tail in BELOW and head not in BELOW[tail]


def neighbours(arrows):
    out = collections.defaultdict(list)
    for arrow in sorted(arrows):
        out[arrow.tail].append(arrow.head)
    return out


def way(out, start, end):
    """The shortest way from start to end, as arrows; None without one."""
    came, queue = {start: None}, collections.deque([start])
    while queue:
        node = queue.popleft()
        for head in out.get(node, ()):
            if head == end:
                arrows = [Arrow(node, head)]
                while came[node]:
                    arrows.insert(0, Arrow(came[node], node))
                    node = came[node]
                return arrows
            if head not in came:
                came[head] = node
                queue.append(head)
    return None


def cycles(arrows):
    """One for each knot (files that reach each other): the shortest, and the knot's files."""
    out, done, found = neighbours(arrows), set(), []
    for start in sorted(out):
        if start in done or not way(out, start, start):
            continue
        knot = {n for n in out if n == start or way(out, start, n) and way(out, n, start)}
        done |= knot
        found.append((min((way(out, n, n) for n in sorted(knot)), key=len), knot))
    return found


class Known:
    """What is known to be wrong: "FILE" has no place, "FILE -> FILE" points upwards or
    closes a circle."""
    def __init__(self, path):
        self.path, self.lines = path, {}
        with open(path, encoding="utf-8") if path else open(os.devnull, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                entry = line.partition("#")[0].strip()
                if entry:
                    tail, arrow, head = (s.strip() for s in entry.partition("->"))
                    self.lines[Arrow(tail, head) if arrow else tail] = number

    def __contains__(self, entry):
        return entry in self.lines

    def unneeded(self, misplaced, graphs):
        """Entries that can go: what they allow is not there, or harms nothing."""
        rest = [{a for a in graph if a not in self} for graph in graphs]
        for entry, number in self.lines.items():
            if not isinstance(entry, Arrow):
                needed = entry in misplaced
            else:
                needed = False
                for graph, without in zip(graphs, rest):
                    if entry not in graph:
                        continue
                    if is_upward(entry) or way(neighbours(without), entry.head, entry.tail):
                        needed = True
                    else:
                        without.add(entry)
            if not needed:
                yield number, " -> ".join(entry) if isinstance(entry, Arrow) else entry


def names(uses):
    return ", ".join(sorted({use.what for use in uses}))


def report(sources, known):
    """Every finding, as FILE:LINE: TEXT."""
    yield from sources.findings
    yield from (text for path, text in sources.misplaced.items() if path not in known)
    for arrows, verb in ((sources.includes, "includes"), (sources.calls, "uses")):
        for arrow, uses in sorted(arrows.items()):
            if is_upward(arrow) and arrow not in known:
                what = arrow.head if verb == "includes" else f"{names(uses)} of {arrow.head}"
                folder = os.path.dirname(arrow.tail)
                yield (f"{uses[0].path}:{uses[0].line}: {verb} {what}, but {folder}/ sees only "
                       + ", ".join(sorted(BELOW[folder])))
    for arrows in (headers(sources), sources.calls):
        for cycle, knot in cycles(a for a in arrows if a not in known):
            first = arrows[cycle[0]][0]
            steps = "".join(f" -> {a.head} ({names(arrows[a])})" for a in cycle)
            yield f"{first.path}:{first.line}: a circle, of {len(knot)} files in the knot: {cycle[0].tail}{steps}"
    for number, entry in known.unneeded(sources.misplaced, (sources.includes, sources.calls)):
        yield f"{known.path}:{number}: {entry} is no longer needed: delete this line"


def headers(sources):
    return {a: u for a, u in sources.includes.items() if a.tail.endswith(".h")}


def listing(sources, known):
    """The entries that make every finding about floors, places and circles a known one. Of
    a circle the arrow of the fewest uses goes; the known ones stay where they are needed."""
    yield from sorted(sources.misplaced)
    for graph in (sources.includes, sources.calls):
        wrong = {a for a in graph if is_upward(a) or a in known}
        arrows = headers(sources) if graph is sources.includes else graph
        while found := cycles(a for a in arrows if a not in wrong):
            wrong |= {min(cycle, key=lambda a: len(graph[a])) for cycle, _ in found}
        for arrow in sorted(wrong):
            rest = neighbours(a for a in arrows if a not in wrong)
            if not is_upward(arrow) and not way(rest, arrow.head, arrow.tail):
                wrong.remove(arrow)
            else:
                yield f"{arrow.tail} -> {arrow.head}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--known")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("trees", nargs="+")
    options = parser.parse_args()
    trees = dict(tree.split("=", 1) for tree in options.trees)
    sources = Sources(trees)
    for tree, folder in trees.items():
        Objects(tree, folder, sources).add_calls()
    found = list((listing if options.list else report)(sources, Known(options.known)))
    print("\n".join(found), end="\n" if found else "")
    return bool(found) and not options.list


if __name__ == "__main__":
    sys.exit(main())
