# SPDX-License-Identifier: GPL-2.0
"""The subject's kernel, played by the test: what esplaned has told it (fake_kern.c)."""
import json
import os
import select
import socket
import time


class Kernel:
    """.policies by number; .pairs: (policy, SPI in) to {"in", "out"} as they were added
    together."""
    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(2)
        self.path, self.operations, self.events = path, None, None
        self.journal, self.policies, self.inbound, self.outbound, self.spis = [], {}, {}, {}, set()

    def connected(self, alive):
        """Waits for esplaned, as long as @alive(): it may refuse its configuration."""
        self.listener.settimeout(0.1)
        self.operations, self.events = self.accept(alive), self.accept(alive)

    def accept(self, alive):
        while True:
            try:
                return self.listener.accept()[0]
            except TimeoutError:
                if not alive():
                    raise AssertionError("esplaned has ended") from None

    def close(self):
        for s in (self.listener, self.operations, self.events):
            if s:
                s.close()
        os.unlink(self.path)

    def read(self, timeout=0):
        """Takes in what has been said. False: nothing."""
        some = False
        while self.operations and select.select([self.operations], [], [], timeout)[0]:
            line = self.operations.recv(65536)
            if not line:
                break
            self.take(json.loads(line))
            some, timeout = True, 0
        return some

    def take(self, op):
        self.journal.append(op)
        what, policy = op["op"], op.get("policy")
        if what == "spi-alloc":
            self.spis.add(op["spi"])
        elif what == "policy-set":
            self.policies[policy] = op
        elif what == "policy-del":
            del self.policies[policy]
            self.inbound = {s: sa for s, sa in self.inbound.items() if sa["policy"] != policy}
            self.outbound.pop(policy, None)
        elif what == "sa-add":
            for way in ("in", "out"):
                if op[way]:
                    op[way]["policy"] = policy
            if op["in"]:
                self.spis.discard(op["in"]["spi"])
                self.inbound[op["in"]["spi"]] = op["in"]
            if op["out"]:
                self.outbound[policy] = op["out"]
        elif what == "sa-del":
            self.drop(op)
        elif what == "flush":
            self.policies, self.inbound, self.outbound, self.spis = {}, {}, {}, set()

    def drop(self, op):
        if op["out"]:
            if self.outbound.get(op["policy"], {}).get("spi") == op["spi"]:
                del self.outbound[op["policy"]]
        else:
            self.inbound.pop(op["spi"], None)
            self.spis.discard(op["spi"])

    def wait(self, wanted, what, patience):
        """Until @wanted(self)."""
        until = time.monotonic() + patience
        self.read()
        while not wanted(self):
            if not self.read(max(0, min(0.2, until - time.monotonic()))) and \
                    time.monotonic() > until:
                raise AssertionError(f"the kernel: {what} did not happen; it has {self}")

    def event(self, text):
        self.events.send(text.encode())

    def expire(self, policy, spi, out=True, hard=False):
        device = self.policies[policy]["device"]
        self.event(f"expire {device:x} {policy:x} {spi:x} {'out' if out else 'in'} "
                   f"{'hard' if hard else 'soft'}")

    def has(self, child):
        """Are both directions of the peer's @child there, with the same keys?"""
        spi_out = int.from_bytes(child.spi_in, "big")
        spi_in = int.from_bytes(child.spi_out, "big")
        there = self.inbound.get(spi_in)
        back = next((sa for sa in self.outbound.values() if sa["spi"] == spi_out), None)
        return bool(there and back and self.keys(there) == child.out_keys and
                    self.keys(back) == child.in_keys)

    def receives(self, child):
        """Is the direction to the subject there? A responder sends on the new one later (2.8)."""
        there = self.inbound.get(int.from_bytes(child.spi_out, "big"))
        return bool(there and self.keys(there) == child.out_keys)

    @staticmethod
    def keys(sa):
        return bytes.fromhex(sa["encr_key"]), bytes.fromhex(sa["integ_key"])

    def __str__(self):
        return (f"policies {sorted(self.policies)}, in {[f'{s:08x}' for s in self.inbound]}, "
                f"out {[format(sa['spi'], '08x') for sa in self.outbound.values()]}")
