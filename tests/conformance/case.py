# SPDX-License-Identifier: GPL-2.0
"""What a case is, and what it is given: a trial with a subject and peers."""
import inspect
import time
from dataclasses import dataclass

from peer import wire
from peer.exchange import PATIENCE, Init, Peer, Unexpected, ike_proposal
from subject.net import IPV4

CASES = []


@dataclass
class Case:
    number: int
    rfc: str
    logo: str                   # number in the IPv6 Ready Logo IKEv2 conformance specification
    only: str                   # the one subject that it is for, or None
    outside: object             # of subject/net.py: where subject and peers are
    name: str
    function: object

    @property
    def about(self):
        return " ".join(inspect.getdoc(self.function).split())


def case(number, rfc, logo=None, only=None, over=(IPV4,)):
    """
    Declares a case. Its function's doc is one sentence: what the subject does. @over: what it runs
    with, IPv4 first; over IPv6 too is a second case.
    """
    def declare(function):
        name = function.__name__
        if any(c.number == number or c.name == name for c in CASES):
            raise ValueError(f"case {number} {name} is there twice")
        if not function.__doc__:
            raise ValueError(f"case {number} says nothing about itself")
        for i, outside in enumerate(over):
            CASES.append(Case(number + 60000 * i, rfc, logo, only, outside, name + "_ipv6" * i,
                              function))
        return function
    return declare


def check(truth, what):
    if not truth:
        raise Unexpected(what)


def equal(found, wanted, what):
    if found != wanted:
        raise Unexpected(f"{what}: {found!r}, not {wanted!r}")


def refused(message, kind):
    """@message is a response with this error, and grants nothing."""
    found = message.error()
    equal(wire.NOTIFY_NAMES.get(found, found), wire.NOTIFY_NAMES.get(kind, kind),
          "the answer's error")
    check(message.get(wire.SA) is None, "an SA payload beside an error")


def accepted(message):
    check(message.error() is None, f"refused: {message}")


class Trial:
    """One case under way."""
    def __init__(self, subject):
        self.subject, self.peers, self.outside = subject, [], subject.outside

    def start(self, **options):
        """The subject with one tunnel, `t`, that has these options too. _ in a name means -."""
        self.start_tunnels(t=options)

    def start_tunnels(self, **tunnels):
        self.subject.start(**{name: {k.replace("_", "-"): v for k, v in o.items()}
                              for name, o in tunnels.items()})
        for peer in self.peers:
            peer.drain()

    @property
    def kernel(self):
        return self.subject.kernel

    def peer(self, number=0, **more):
        """The peer with that address; the first one is the tunnel's remote."""
        return self.peer_at(self.outside.peers[number], **more)

    def peer_at(self, address, subject=None, **more):
        peer = next((p for p in self.peers if p.address == address), None)
        if not peer:
            peer = Peer(address, subject or self.outside.subject, **more)
            self.peers.append(peer)
        return peer

    def close(self):
        for peer in self.peers:
            peer.close()

    def report(self):
        return [line for peer in self.peers for line in peer.log]

    # --- both roles at once ---

    def connected(self, **options):
        """The peer and its IKE SA with a child, begun by the peer."""
        child = {k: options.pop(k) for k in ("offer",) if k in options}
        self.start(**options)
        peer = self.peer()
        sa = peer.connect(*child.get("offer", ()))
        self.has_child(sa)
        return peer, sa

    def called(self, **options):
        """Likewise, begun by the subject."""
        self.start(**options)
        peer = self.peer()
        self.subject.up()
        sa = peer.accept()
        self.has_child(sa)
        return peer, sa

    # --- what must be and must not be ---

    def has_child(self, sa, child=None):
        self.kernel.wait(lambda k: k.has(child or sa.child), "a pair of SAs with the right keys",
                         PATIENCE)

    def receives(self, child):
        self.kernel.wait(lambda k: k.receives(child), "an inbound SA with the right keys", PATIENCE)

    def has_pairs(self, count, patience=PATIENCE):
        """The kernel has so many inbound and outbound SAs."""
        self.kernel.wait(lambda k: len(k.inbound) == count and len(k.outbound) == count,
                         f"{count} pairs of SAs", patience)

    def silent(self, peer, wanted=None):
        """Nothing (that @wanted likes) comes: an unrelated question is answered, and only that."""
        peer.drain()
        probe = Init(peer, ike_proposal(wire.Transform(wire.ENCR, 1023, 128),
                                        wire.Transform(wire.PRF, 1023),
                                        wire.Transform(wire.DH, wire.CURVE25519)))
        probe.ask_until_answered()
        if self.subject.threads:
            self.rest(0.3)
            peer.drain()
        for message in peer.inbox:
            if message.spi_i == probe.spi:
                continue                        # the answer to a probe that was sent twice
            if wanted is None or wanted(message):
                raise Unexpected(f"an answer, where silence is right: {message}")

    def alive(self, sa):
        """The IKE SA is there: it answers."""
        accepted(sa.request(wire.INFORMATIONAL))

    def gone(self, peer, sa):
        """The IKE SA is not there: its request has no protected answer."""
        sa.send(wire.INFORMATIONAL, [])
        self.silent(peer, lambda m: m.inner is not None)

    def nothing_kept(self):
        """No policy, no SA, no reserved SPI."""
        self.kernel.wait(lambda k: not (k.policies or k.inbound or k.outbound or k.spis),
                         "an empty kernel", PATIENCE)

    @staticmethod
    def soon(seconds):
        """A moment for receive()."""
        return time.monotonic() + seconds

    def rest(self, seconds):
        """For what is a time in the case itself: a retransmission that must not come before."""
        time.sleep(seconds)
