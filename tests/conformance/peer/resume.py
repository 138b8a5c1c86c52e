# SPDX-License-Identifier: GPL-2.0
"""Session resumption (RFC 5723): IKE_SESSION_RESUME of both roles, AUTH, tickets."""
import os
import struct

from . import crypto, wire
from .exchange import Accept, Init, Unexpected
from .sa import IkeSa

REQUEST = wire.notify(wire.TICKET_REQUEST)


def resumed(peer, before, spis, nonces, initiator):
    """The IKE SA that takes the place of @before (5.1), with its algorithms."""
    sa = IkeSa(peer, before.suite, *spis, initiator)
    sa.derive(*nonces, b"Resumption", old=before)
    peer.sas.append(sa)
    return sa


def auth_payload(sa, body, ours=True):
    """prf(SK_px, <msg octets>) (4.3.3). @body: of the ID payload of whoever proves himself."""
    initiator = sa.initiator == ours
    key = sa.sk_pi if initiator else sa.sk_pr
    return wire.auth(wire.METHOD_PSK,
                     crypto.prf_mac(sa.suite.prf, key, sa.auth_octets(body, initiator)))


def check_auth(sa, message):
    ident = message.get(wire.IDR if sa.initiator else wire.IDI)
    if ident is None or message.get(wire.AUTH) is None:
        raise Unexpected(f"no proof in {message}")
    if message.get(wire.AUTH) != auth_payload(sa, ident, False).body:
        raise Unexpected("the AUTH payload is wrong")
    if message.get(wire.CERT) is not None:
        raise Unexpected("a CERT payload")


class Ticket:
    """What TICKET_LT_OPAQUE in @message grants for @sa (7.2)."""
    def __init__(self, sa, message):
        found = message.notify(wire.TICKET_LT_OPAQUE)
        if not found:
            raise Unexpected(f"no ticket in {message}")
        self.sa, self.life = sa, struct.unpack(">I", found.data[:4])[0]
        self.octets = found.data[4:]


def grant(octets, life=3600):
    return wire.notify(wire.TICKET_LT_OPAQUE, struct.pack(">I", life) + octets)


class Resume(Init):
    """An IKE_SESSION_RESUME exchange of ours. @octets: in place of those of the ticket."""
    exchange = wire.IKE_SESSION_RESUME

    def __init__(self, peer, ticket, octets=None, nonce=None):
        super().__init__(peer, nonce=nonce)
        self.ticket = ticket
        self.payloads = [wire.nonce(self.nonce),
                         wire.notify(wire.TICKET_OPAQUE,
                                     ticket.octets if octets is None else octets),
                         *peer.nat_payloads(self.spi, bytes(8))]

    def finish(self, message):
        if message.get(wire.NONCE) is None:
            raise Unexpected(f"refused: {message}")
        sa = resumed(self.peer, self.ticket.sa, (self.spi, message.spi_r),
                     (self.nonce, message.get(wire.NONCE)), True)
        sa.init_i, sa.init_r, sa.next_out = self.sent, message.raw, 1
        return sa


class AcceptResume(Accept):
    """The subject's IKE_SESSION_RESUME request, and our answer to it."""
    exchange = wire.IKE_SESSION_RESUME

    def ticket(self):
        found = self.request.notify(wire.TICKET_OPAQUE)
        if not found:
            raise Unexpected(f"no ticket in {self.request}")
        return found.data

    def resume(self, before, extra=()):
        """Granted, with the keys of @before."""
        nonce = os.urandom(32)
        nat = self.peer.nat_payloads(self.request.spi_i, self.spi, to_port=self.request.source[1])
        sent = self.reply([wire.nonce(nonce), *nat, *extra])
        sa = resumed(self.peer, before, (self.request.spi_i, self.spi),
                     (self.request.get(wire.NONCE), nonce), False)
        sa.init_i, sa.init_r = self.request.raw, sent
        sa.next_in, sa.to = 1, self.request.source
        return sa
