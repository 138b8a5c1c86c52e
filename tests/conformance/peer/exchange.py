# SPDX-License-Identifier: GPL-2.0
"""The peer: its sockets, what came and was not asked for yet, the exchanges in their usual form."""
import ipaddress
import os
import select
import socket
import struct
import time
from collections import deque

from . import crypto, wire
from .sa import ChildSa, IkeSa, Suite, nat_hash
from .wire import Payload, Proposal, Transform, Ts

PATIENCE = float(os.environ.get("CONFORMANCE_PATIENCE", 20))    # seconds, for what hangs
MARKER = bytes(4)                                               # RFC 3948 2.2

T = Transform
GCM = T(wire.ENCR, wire.ENCR_AES_GCM_16, 128)
IKE_GCM = (GCM, T(wire.PRF, wire.PRF_HMAC_SHA2_256), T(wire.DH, wire.CURVE25519))
ESP_GCM = (GCM, T(wire.ESN, wire.NO_ESN))


class Unexpected(AssertionError):
    """The subject did what it must not, or did not what it must."""


def ike_proposal(*transforms, spi=b"", number=None):
    return Proposal(wire.PROTO_IKE, list(transforms or IKE_GCM), spi, number)


def esp_proposal(spi, *transforms, number=None):
    return Proposal(wire.PROTO_ESP, list(transforms or ESP_GCM), spi, number)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def endpoint(address, port):
    """As the subject writes it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Peer:
    """@address is ours, @subject the one of what is tested."""
    def __init__(self, address, subject, psk=b"conformance secret"):
        self.address, self.subject, self.psk = address, subject, psk
        self.sockets, self.inbox, self.sas, self.seen = {}, deque(), [], {}
        self.repeats = []                       # requests that came again
        self.log = []                           # lines, for the report of a failure
        self.local_ts, self.remote_ts = [Ts.net("10.2.0.0/24")], [Ts.net("10.1.0.0/24")]
        for port in (500, 4500):
            self.open(port)

    def open(self, port):
        s = socket.socket(family(self.address), socket.SOCK_DGRAM)
        s.bind((self.address, port))
        self.sockets[port] = s

    def close(self):
        for s in self.sockets.values():
            s.close()

    def at(self, port):
        """Our end."""
        return endpoint(self.address, port)

    # --- datagrams ---

    def send(self, data, port=500, to=None, marker=True):
        """@port: ours. From any but 500 IKE has a marker in front, unless it goes to 500."""
        to = to or (self.subject, 500 if port == 500 else 4500)
        if to[1] != 500 and marker:
            data = MARKER + data
        self.note(">", data[4:] if to[1] != 500 and marker else data)
        self.sockets[port].sendto(data, to)

    def note(self, way, data, message=None):
        try:
            text = str(message or wire.Message.decode(data))
        except wire.Malformed as why:
            text = f"{len(data)} octets ({why})"
        self.log.append(f"{time.monotonic():.3f} {self.address} {way} {text}")

    def receive(self, until):
        """The next message, decrypted where we have its keys; None after @until."""
        while True:
            ready, _, _ = select.select(list(self.sockets.values()), [], [],
                                        max(0, until - time.monotonic()))
            if not ready:
                return None
            port = next(p for p, s in self.sockets.items() if s is ready[0])
            data, source = ready[0].recvfrom(65536)
            if port != 500:
                if not data.startswith(MARKER):
                    continue                    # a keepalive
                data = data[4:]
            message = self.take(data, port, source[:2])
            if message:
                return message

    def take(self, data, port, source):
        message = wire.Message.decode(data)
        message.port, message.source = port, source
        owner = next((sa for sa in self.sas if sa.is_ours(message)), None)
        if owner and message.payloads and \
                message.exchange not in (wire.IKE_SA_INIT, wire.IKE_SESSION_RESUME):
            if message.payloads[-1].type == wire.SKF:
                self.note("<", data, message)
                message = owner.gather(message)
                if not message:
                    return None
            else:
                owner.open(message)
        self.note("<", data, message)
        if not message.response and data in self.seen:
            self.repeats.append(message)
            if self.seen[data] and message.id in self.seen[data].answers:
                self.send(self.seen[data].answers[message.id], port, source)
            return None
        if not message.response:
            self.seen[data] = owner
        return message

    def expect(self, wanted, what, timeout=None):
        """The first message that @wanted(message) likes; others wait."""
        for message in self.inbox:
            if wanted(message):
                self.inbox.remove(message)
                return message
        until = time.monotonic() + (PATIENCE if timeout is None else timeout)
        while True:
            message = self.receive(until)
            if message is None:
                raise Unexpected(f"{what} did not come")
            if wanted(message):
                return message
            self.inbox.append(message)

    def expect_repeats(self, count):
        """Until so many requests have come again."""
        until = time.monotonic() + PATIENCE
        while len(self.repeats) < count:
            message = self.receive(min(until, time.monotonic() + 0.05))
            if message:
                self.inbox.append(message)
            if time.monotonic() > until:
                raise Unexpected(f"{len(self.repeats)} requests came again, not {count}")

    def drain(self):
        """Reads what is there, and forgets nothing."""
        while message := self.receive(time.monotonic()):
            self.inbox.append(message)

    # --- IKE_SA_INIT ---

    def nat_payloads(self, spi_i, spi_r, port=500, to_port=500, local=None):
        return [wire.notify(wire.NAT_DETECTION_SOURCE_IP,
                            nat_hash(spi_i, spi_r, local or self.address, port)),
                wire.notify(wire.NAT_DETECTION_DESTINATION_IP,
                            nat_hash(spi_i, spi_r, self.subject, to_port))]

    def init(self, *proposals, **more):
        return Init(self, *proposals, **more)

    def connect(self, *proposals, **more):
        """IKE_SA_INIT and IKE_AUTH of ours, as they should be; the IKE SA with its child."""
        sa = self.init(*proposals).run()
        response = sa.request(wire.IKE_AUTH, self.auth_payloads(sa, **more))
        self.finish_auth(sa, response)
        return sa

    # --- IKE_AUTH ---

    def id_payload(self, kind, data=None):
        if data is None:
            packed = ipaddress.ip_address(self.address).packed
            return wire.identity(kind, wire.ID_IPV6_ADDR if ":" in self.address else
                                 wire.ID_IPV4_ADDR, packed)
        return wire.identity(kind, *data)

    def auth_payload(self, sa, id_body, psk=None):
        octets = sa.auth_octets(id_body, sa.initiator)
        return wire.auth(wire.METHOD_PSK, sa.key_pad_mac(self.psk if psk is None else psk, octets))

    def child_payloads(self, sa, esp=None, tsi=None, tsr=None):
        """SA, TSi, TSr of a request of ours. @esp: transforms of each proposal."""
        sa.spi_in = sa.new_spi()
        sa.offer = [esp_proposal(sa.spi_in, *t) for t in (esp or [ESP_GCM])]
        return [wire.sa(*sa.offer), wire.ts(wire.TSI, *(tsi or self.local_ts)),
                wire.ts(wire.TSR, *(tsr or self.remote_ts))]

    def auth_payloads(self, sa, ident=None, psk=None, idr=None, before=(), after=(), **child):
        """IKE_AUTH's payloads: request or response by the role of @sa."""
        me = self.id_payload(wire.IDI if sa.initiator else wire.IDR, ident)
        other = [self.id_payload(wire.IDR, idr)] if idr else []
        return [me, *before, *other, self.auth_payload(sa, me.body, psk),
                *self.child_payloads(sa, **child), *after]

    def check_auth(self, sa, message):
        """Is the AUTH payload of the subject right?"""
        kind = wire.IDR if sa.initiator else wire.IDI
        ident, auth = message.get(kind), message.get(wire.AUTH)
        if ident is None or auth is None:
            raise Unexpected(f"no proof in {message}")
        octets = sa.auth_octets(ident, not sa.initiator)
        if auth[0] != wire.METHOD_PSK or auth[4:] != sa.key_pad_mac(self.psk, octets):
            raise Unexpected("the AUTH payload is wrong")

    def finish_auth(self, sa, message):
        """The subject's IKE_AUTH response: proof and child."""
        self.check_auth(sa, message)
        sa.child = self.finish_child(sa, message, (sa.nonce_i, sa.nonce_r))

    def finish_child(self, sa, message, nonces, shared=b""):
        """A child that we asked for, from the subject's response."""
        body = message.get(wire.SA)
        if body is None:
            raise Unexpected(f"no child: {message}")
        chosen = wire.parse_sa(body)
        if len(chosen) != 1 or chosen[0].protocol != wire.PROTO_ESP or len(chosen[0].spi) != 4:
            raise Unexpected(f"not one ESP proposal: {[str(p) for p in chosen]}")
        child = ChildSa(sa, Suite.of(chosen[0]), sa.spi_in, chosen[0].spi, nonces, True, shared)
        child.chosen = chosen[0]
        child.local_ts = wire.parse_ts(message.get(wire.TSI))
        child.remote_ts = wire.parse_ts(message.get(wire.TSR))
        return child

    # --- CREATE_CHILD_SA ---

    def child_request(self, sa, old=None, group=None, nonce=None, **child):
        """Payloads for a new child, or in place of @old; sa.asked is what finishes it."""
        payloads = self.child_payloads(sa, **child)
        sa.asked_nonce, sa.asked_dh = nonce or os.urandom(32), group and crypto.dh(group)
        payloads.insert(1, wire.nonce(sa.asked_nonce))
        if group:
            payloads.insert(2, wire.ke(group, sa.asked_dh.public))
        if old:
            payloads.insert(0, wire.notify(wire.REKEY_SA, protocol=wire.PROTO_ESP, spi=old.spi_in))
        return payloads

    def child_granted(self, sa, message):
        """The child that the response to a child_request makes."""
        shared = b""
        if sa.asked_dh:
            if message.get(wire.KE) is None:
                raise Unexpected(f"no KE: {message}")
            shared = sa.asked_dh.shared(wire.parse_ke(message.get(wire.KE))[1])
        nonces = (sa.asked_nonce, message.get(wire.NONCE))
        if nonces[1] is None:
            raise Unexpected(f"no child: {message}")
        return self.finish_child(sa, message, nonces, shared)

    def new_child(self, sa, **more):
        message = sa.request(wire.CREATE_CHILD_SA, self.child_request(sa, **more))
        return self.child_granted(sa, message)

    def grant_request(self, sa, message, transforms=ESP_GCM, extra=(), nonce=None, **more):
        """Grants a CREATE_CHILD_SA request of the subject's for a child; returns the child."""
        nonce, payloads, key, shared = nonce or os.urandom(32), [], None, b""
        if message.get(wire.KE) is not None:
            group, public = wire.parse_ke(message.get(wire.KE))
            key = crypto.dh(group)
            shared = key.shared(public)
        nonces = (message.get(wire.NONCE), nonce)
        child = self.grant_child(sa, message, nonces, payloads, transforms, shared, **more)
        payloads.insert(1, wire.nonce(nonce))
        if key:
            payloads.insert(2, wire.ke(group, key.public))
        sa.respond(message, payloads + list(extra))
        return child

    def ike_request(self, sa, *proposals, group=None, nonce=None):
        """Payloads that rekey the IKE SA; sa.asked_ike is what finishes it."""
        spi, nonce = os.urandom(8), nonce or os.urandom(32)
        proposals = list(proposals) or [ike_proposal()]
        for p in proposals:
            p.spi = spi
        key = crypto.dh(group or proposals[0].one(wire.DH).id)
        sa.asked_ike = spi, nonce, key
        return [wire.sa(*proposals), wire.nonce(nonce),
                wire.ke(group or proposals[0].one(wire.DH).id, key.public)]

    def ike_granted(self, sa, message):
        """The IKE SA that takes the place of @sa."""
        if message.get(wire.SA) is None:
            raise Unexpected(f"refused: {message}")
        spi, nonce, key = sa.asked_ike
        chosen = wire.parse_sa(message.get(wire.SA))
        if len(chosen) != 1 or chosen[0].protocol != wire.PROTO_IKE or len(chosen[0].spi) != 8:
            raise Unexpected(f"not one IKE proposal with an SPI: {[str(p) for p in chosen]}")
        new = IkeSa(self, Suite.of(chosen[0]), spi, chosen[0].spi, True)
        new.chosen = chosen[0]
        new.derive(nonce, message.get(wire.NONCE),
                   key.shared(wire.parse_ke(message.get(wire.KE))[1]), old=sa)
        return self.take_over(sa, new)

    def rekey_ike(self, sa, *proposals, **more):
        message = sa.request(wire.CREATE_CHILD_SA, self.ike_request(sa, *proposals, **more))
        return self.ike_granted(sa, message)

    def grant_ike(self, sa, message, transforms=IKE_GCM, nonce=None):
        """Grants the subject's request to rekey the IKE SA; the new one."""
        nonce, spi = nonce or os.urandom(32), os.urandom(8)
        group, public = wire.parse_ke(message.get(wire.KE))
        key = crypto.dh(group)
        offer = wire.parse_sa(message.get(wire.SA))
        sa.respond(message, [wire.sa(ike_proposal(*transforms, spi=spi, number=1)),
                             wire.nonce(nonce), wire.ke(group, key.public)])
        new = IkeSa(self, Suite.of(ike_proposal(*transforms)), offer[0].spi, spi, False)
        new.derive(message.get(wire.NONCE), nonce, key.shared(public), old=sa)
        return self.take_over(sa, new)

    def take_over(self, sa, new):
        new.port, new.to, new.child = sa.port, sa.to, sa.child
        self.sas.append(new)
        return new

    # --- as responder ---

    def accept_init(self, group=wire.CURVE25519, transforms=IKE_GCM, extra=(), **how):
        """The subject's IKE_SA_INIT request, answered; the IKE SA. @how: of Accept.answer."""
        return Accept(self, group, transforms).answer(extra, **how)

    def accept(self, transforms=ESP_GCM, **more):
        """The subject's IKE_SA_INIT and IKE_AUTH, answered; the IKE SA with its child."""
        sa = self.accept_init(**more)
        message = sa.expect(wire.IKE_AUTH)
        self.check_auth(sa, message)
        self.answer_auth(sa, message, transforms)
        return sa

    def answer_auth(self, sa, message, transforms=ESP_GCM, after=(), **more):
        me = self.id_payload(wire.IDR)
        payloads = [me, self.auth_payload(sa, me.body)]
        sa.child = self.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads, transforms,
                                    **more)
        sa.respond(message, payloads + list(after))

    def grant_child(self, sa, message, nonces, payloads, transforms=ESP_GCM, shared=b"",
                    tsi=None, tsr=None):
        """Grants what @message asks for: appends SA, TSi, TSr to @payloads, returns the child."""
        offer = wire.parse_sa(message.get(wire.SA))
        number = next((p.number for p in offer
                       if all(t in [T(o.type, o.id, o.key_bits) for o in p.transforms]
                              for t in transforms)), None)
        if number is None:
            raise Unexpected(f"not offered: {[str(p) for p in offer]}")
        spi = sa.new_spi()
        child = ChildSa(sa, Suite.of(Proposal(wire.PROTO_ESP, list(transforms))), spi,
                        offer[number - 1].spi, nonces, False, shared)
        child.local_ts = wire.parse_ts(message.get(wire.TSR))
        child.remote_ts = wire.parse_ts(message.get(wire.TSI))
        payloads += [wire.sa(esp_proposal(spi, *transforms, number=number)),
                     wire.ts(wire.TSI, *(tsi or child.remote_ts)),
                     wire.ts(wire.TSR, *(tsr or child.local_ts))]
        return child


class Init:
    """An IKE_SA_INIT exchange of ours. Change .payloads before it is sent."""
    exchange = wire.IKE_SA_INIT

    def __init__(self, peer, *proposals, group=None, nonce=None, nat=True, extra=()):
        self.peer, self.spi = peer, os.urandom(8)
        self.proposals = list(proposals) or [ike_proposal()]
        first = self.proposals[0].one(wire.DH)
        self.group = group or (first.id if first else wire.CURVE25519)
        self.dh = crypto.dh(self.group)
        self.nonce = os.urandom(32) if nonce is None else nonce
        self.payloads = [wire.sa(*self.proposals), wire.ke(self.group, self.dh.public),
                         wire.nonce(self.nonce)]
        if nat:
            self.payloads += peer.nat_payloads(self.spi, bytes(8))
        self.payloads += extra
        self.port, self.sent = 500, None

    def message(self, **header):
        message = wire.Message(self.spi, bytes(8), self.exchange, wire.FLAG_INITIATOR, 0,
                               self.payloads)
        for name, value in header.items():
            setattr(message, name, value)
        return message

    def send(self, data=None, to=None):
        """@data: in place of what is right. Returns the octets."""
        self.sent = self.message().encode() if data is None else data
        self.peer.send(self.sent, self.port, to)
        return self.sent

    def response(self, timeout=None):
        return self.peer.expect(lambda m: m.response and m.spi_i == self.spi,
                                f"a response to our {wire.EXCHANGE_NAMES[self.exchange]}", timeout)

    def ask(self, data=None):
        self.send(data)
        return self.response()

    def ask_until_answered(self):
        """Sends it every second (2.1): after a flood the other side's queue has no room for it."""
        for _ in range(int(PATIENCE)):
            self.send()
            try:
                return self.response(1)
            except Unexpected:
                pass
        raise Unexpected(f"no answer to {int(PATIENCE)} IKE_SA_INITs, one a second")

    def with_cookie(self, message):
        """Again, with the cookie of @message first (2.6)."""
        cookie = message.notify(wire.COOKIE).data
        self.payloads = [wire.notify(wire.COOKIE, cookie)] + \
            [p for p in self.payloads if not (p.type == wire.N and p.body[2:4] ==
                                              struct.pack(">H", wire.COOKIE))]

    def with_group(self, group):
        """Again, with another key exchange (1.2)."""
        self.group, self.dh = group, crypto.dh(group)
        at = next(i for i, p in enumerate(self.payloads) if p.type == wire.KE)
        self.payloads[at] = wire.ke(group, self.dh.public)

    def finish(self, message):
        """The IKE SA that a good response makes."""
        if message.get(wire.SA) is None:
            raise Unexpected(f"refused: {message}")
        chosen = wire.parse_sa(message.get(wire.SA))
        if len(chosen) != 1 or chosen[0].protocol != wire.PROTO_IKE:
            raise Unexpected(f"not one IKE proposal: {[str(p) for p in chosen]}")
        group, public = wire.parse_ke(message.get(wire.KE))
        if group != self.group:
            raise Unexpected(f"KE of group {group}, ours is {self.group}")
        sa = IkeSa(self.peer, Suite.of(chosen[0]), self.spi, message.spi_r, True)
        sa.init_i, sa.init_r, sa.chosen = self.sent, message.raw, chosen[0]
        sa.derive(self.nonce, message.get(wire.NONCE), self.dh.shared(public))
        sa.next_out = 1
        self.peer.sas.append(sa)
        return sa

    def run(self):
        return self.finish(self.ask())


class Accept:
    """The subject's IKE_SA_INIT request, and our answer to it."""
    exchange = wire.IKE_SA_INIT

    def __init__(self, peer, group=wire.CURVE25519, transforms=IKE_GCM):
        self.peer, self.group, self.transforms = peer, group, transforms
        self.request = self.expect()
        self.spi = os.urandom(8)

    def expect(self):
        return self.peer.expect(lambda m: not m.response and m.exchange == self.exchange,
                                f"a request {wire.EXCHANGE_NAMES[self.exchange]}")

    def reply(self, payloads, spi=None, **header):
        """Any response, as it is; returns its octets."""
        m = wire.Message(self.request.spi_i, self.spi if spi is None else spi, self.exchange,
                         wire.FLAG_RESPONSE, 0, list(payloads))
        for name, value in header.items():
            setattr(m, name, value)
        data = m.encode()
        self.peer.send(data, self.request.port, self.request.source)
        return data

    def again(self):
        """The request that follows on COOKIE, INVALID_KE_PAYLOAD and their like."""
        self.request = self.expect()
        return self

    def payloads(self, key, nonce, extra=(), nat=True):
        offer = wire.parse_sa(self.request.get(wire.SA))
        number = next((p.number for p in offer
                       if all(t in [T(o.type, o.id, o.key_bits) for o in p.transforms]
                              for t in self.transforms)), None)
        if number is None:
            raise Unexpected(f"not offered: {[str(p) for p in offer]}")
        nat = self.peer.nat_payloads(self.request.spi_i, self.spi,
                                     to_port=self.request.source[1]) if nat else []
        return [wire.sa(ike_proposal(*self.transforms, number=number)),
                wire.ke(self.group, key.public), wire.nonce(nonce), *nat, *extra]

    def answer(self, extra=(), nat=True, **header):
        group, public = wire.parse_ke(self.request.get(wire.KE))
        if group != self.group:
            raise Unexpected(f"KE of group {group}, {self.group} was expected")
        key, own_nonce = crypto.dh(self.group), os.urandom(32)
        sent = self.reply(self.payloads(key, own_nonce, extra, nat), **header)
        return self.established(key, own_nonce, public, sent)

    def established(self, key, own_nonce, public, sent):
        suite = Suite.of(ike_proposal(*self.transforms))
        sa = IkeSa(self.peer, suite, self.request.spi_i, self.spi, False)
        sa.init_i, sa.init_r = self.request.raw, sent
        sa.derive(self.request.get(wire.NONCE), own_nonce, key.shared(public))
        sa.next_in, sa.to = 1, self.request.source
        self.peer.sas.append(sa)
        return sa
