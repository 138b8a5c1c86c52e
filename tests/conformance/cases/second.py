# SPDX-License-Identifier: GPL-2.0
"""Two proofs of who begins (RFC 4739), the subject as responder and as initiator."""
import hashlib

from case import accepted, case, check, equal, refused
from cases.certificates import OTHER, OWN, SAID, Pki, prove
from cases.eap import (IDENTITY, MD5, PASSWORD, REQUEST, RESPONSE, SUCCESS, Client, Eap, packet,
                       payload)
from peer import wire

SUPPORTED = wire.notify(wire.MULTIPLE_AUTH_SUPPORTED)
FOLLOWS = wire.notify(wire.ANOTHER_AUTH_FOLLOWS)
ALICE = (wire.ID_FQDN, b"alice")


def kinds(message):
    return sorted(p.type for p in message.inner)


def bare(notify):
    """RFC 4739 3: neither protocol nor SPI nor data."""
    check(notify is not None, "the notify is missing")
    equal((notify.protocol, notify.spi, notify.data), (0, b"", b""), "the notify")


class Twice(Client):
    """A client of the subject's: a pre-shared key first, then EAP with MD5."""
    def __init__(self, t, second="eap", **options):
        super().__init__(t, second_auth=second, **options)

    def first(self, *said, psk=None, ident=None):
        """The answer to the first IKE_AUTH, with these notifies."""
        init = self.peer.init()
        self.init_answer = init.ask()
        self.sa = init.finish(self.init_answer)
        request = self.peer.auth_payloads(self.sa, ident, psk, after=said or [SUPPORTED, FOLLOWS])
        self.first_answer = self.sa.request(wire.IKE_AUTH, request)
        return self.first_answer

    def second(self, *more, name=ALICE):
        """The answer to IDi alone."""
        self.me = wire.identity(wire.IDI, *name)
        self.answer = self.sa.request(wire.IKE_AUTH, [self.me, *more])
        if self.answer.get(wire.EAP) is not None:
            self.asked = Eap(self.answer)
        return self.answer

    def come_in(self):
        """As far as EAP-Success."""
        accepted(self.first())
        self.second()
        self.respond(IDENTITY, b"alice")
        equal(self.prove().get(wire.EAP)[0], SUCCESS, "EAP")

    def last(self, *more, over=None, key=None):
        """The answer to AUTH after EAP. @over: the ID payload that it covers."""
        octets = self.sa.auth_octets((over or self.me).body, True)
        mac = self.sa.key_pad_mac(self.sa.sk_pi if key is None else key, octets)
        self.answer = self.sa.request(wire.IKE_AUTH, [wire.auth(wire.METHOD_PSK, mac), *more])
        return self.answer

    def is_in(self):
        """The last answer has a proof over the first IDr, and the child of the first request."""
        accepted(self.answer)
        octets = self.sa.auth_octets(self.first_answer.get(wire.IDR), False)
        equal(self.answer.get(wire.AUTH)[4:], self.sa.key_pad_mac(self.sa.sk_pr, octets),
              "its last proof")
        nonces = self.sa.nonce_i, self.sa.nonce_r
        self.t.has_child(self.sa, self.peer.finish_child(self.sa, self.answer, nonces))

    def kept_out(self, answer):
        refused(answer, wire.AUTHENTICATION_FAILED)
        self.t.nothing_kept()


@case(2401, "RFC 4739 2.1, 2.3, 3.1", only="esplaned")
def second_as_responder(t):
    """It says MULTIPLE_AUTH_SUPPORTED, proves itself once, and makes the child after EAP."""
    c = Twice(t)
    accepted(c.first())
    bare(c.init_answer.notify(wire.MULTIPLE_AUTH_SUPPORTED))
    equal(kinds(c.first_answer), sorted([wire.IDR, wire.AUTH]), "its first answer")
    c.peer.check_auth(c.sa, c.first_answer)
    equal(kinds(c.second()), [wire.EAP], "its answer to IDi")
    equal((c.asked.code, c.asked.kind), (REQUEST, IDENTITY), "its first EAP packet")
    c.respond(IDENTITY, b"alice")
    equal(c.prove().get(wire.EAP)[0], SUCCESS, "EAP")
    c.last()
    c.is_in()
    t.subject.wait(lambda: "t/alice: up" in t.subject.log(), "alice, up")


@case(2402, "RFC 4739 2.3", only="esplaned")
def second_after_a_certificate(t):
    """The first proof may be a signature: it is of the machine, remote-id is about that."""
    the_pki = Pki(t)
    files = {"psk": None, "ca": [the_pki.file("ca.der", the_pki.ca.der)],
             "cert": the_pki.file("own.der", the_pki.own.der),
             "key": the_pki.file("own.key", the_pki.own.key_der())}
    c = Twice(t, local_id=OWN, remote_id=OTHER, **files)
    machine = type(the_pki.own)(OTHER, the_pki.ca)
    for name, welcome in ((OTHER, True), ("another.example.org", False)):
        c.sa = c.peer.init(extra=[SAID]).run()
        made = machine if welcome else type(the_pki.own)(name, the_pki.ca)
        c.first_answer = c.sa.request(wire.IKE_AUTH, prove(c.peer, c.sa, made, name=name) +
                                      c.peer.child_payloads(c.sa) + [SUPPORTED, FOLLOWS])
        if not welcome:
            refused(c.first_answer, wire.AUTHENTICATION_FAILED)
            continue
        accepted(c.first_answer)
        check(c.first_answer.get(wire.SA) is None, "a child before the second proof")
        c.second()
        c.respond(IDENTITY, b"alice")
        equal(c.prove().get(wire.EAP)[0], SUCCESS, "EAP")
        c.last()
        c.is_in()


@case(2403, "RFC 4739 2.1", only="esplaned")
def second_is_missing(t):
    """Who proves himself once, and announces no more or does no more, is not let in."""
    c = Twice(t)
    c.kept_out(c.first(SUPPORTED))
    check("it announces no second proof" in t.subject.log(), "the log does not say why")
    accepted(c.first())
    c.me = c.peer.id_payload(wire.IDI)
    c.kept_out(c.last())                        # AUTH, where IDi should be
    accepted(c.first())
    c.kept_out(c.say(packet(RESPONSE, 1, IDENTITY, b"alice")))
    accepted(c.first())
    c.second()
    c.kept_out(c.last())                        # and where EAP should be


@case(2404, "RFC 4739 2.1", only="esplaned")
def second_without_support(t):
    """ANOTHER_AUTH_FOLLOWS of one that has not said MULTIPLE_AUTH_SUPPORTED is refused."""
    c = Twice(t)
    c.kept_out(c.first(FOLLOWS))


@case(2405, "RFC 4739 2.1", only="esplaned")
def second_covers_its_identity(t):
    """The second AUTH covers the second IDi; one over the first IDi, or another, is refused."""
    c = Twice(t)
    for over in (c.peer.id_payload(wire.IDI), wire.identity(wire.IDI, wire.ID_FQDN, b"mallory")):
        c.come_in()
        c.kept_out(c.last(over=over))
    c.come_in()
    c.last()
    c.is_in()


@case(2406, "RFC 4739 2.1", only="esplaned")
def second_needs_both(t):
    """Neither proof makes up for the other: a wrong key, then a wrong password."""
    c = Twice(t)
    c.kept_out(c.first(psk=b"another secret"))
    accepted(c.first())
    c.second()
    c.respond(IDENTITY, b"alice")
    c.prove(b"looking glass")
    c.turned_away()
    c.come_in()
    c.kept_out(c.last(key=bytes(32)))


@case(2407, "RFC 4739 2.1, 2.3", only="esplaned")
def second_before_any_child(t):
    """Between the proofs nothing else is done: no child, no INFORMATIONAL, no first proof again."""
    c = Twice(t)
    accepted(c.first())
    asked = c.sa.spi_in
    for exchange, payloads in ((wire.CREATE_CHILD_SA, c.peer.child_request(c.sa)),
                               (wire.INFORMATIONAL, [])):
        c.sa.send(exchange, payloads, mid=2)
        t.silent(c.peer, lambda m: m.inner is not None)
    c.sa.next_out, c.sa.spi_in = 2, asked
    c.second()
    c.respond(IDENTITY, b"alice")
    c.prove()
    c.last()
    c.is_in()
    for more in (c.peer.child_payloads, c.peer.auth_payloads):
        accepted(c.first())
        payloads = more(c.sa)
        if payloads[0].type != wire.IDI:
            payloads.insert(0, wire.identity(wire.IDI, *ALICE))
        refused(c.sa.request(wire.IKE_AUTH, payloads), wire.AUTHENTICATION_FAILED)


@case(2408, "RFC 4739 2.1", only="esplaned")
def second_is_the_last(t):
    """A third proof is refused, announced or begun, and so is a second one that begins twice."""
    c = Twice(t)
    c.come_in()
    c.kept_out(c.last(FOLLOWS))
    accepted(c.first())
    c.second()
    c.kept_out(c.second())
    c.come_in()
    c.kept_out(c.second())


@case(2409, "RFC 4739 2.1", only="esplaned")
def second_unasked(t):
    """Without second-auth it does not say MULTIPLE_AUTH_SUPPORTED, and takes one proof only."""
    t.start()
    peer = t.peer()
    init = peer.init()
    answer = init.ask()
    check(answer.notify(wire.MULTIPLE_AUTH_SUPPORTED) is None, "said")
    sa = init.finish(answer)
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, after=[SUPPORTED, FOLLOWS])),
            wire.AUTHENTICATION_FAILED)
    t.nothing_kept()
    check("second-auth is not set" in t.subject.log(), "the log does not say why")
    t.has_child(peer.connect(after=[SUPPORTED]))


class Server:
    """The subject is who begins, with a pre-shared key and then as alice."""
    def __init__(self, t, said=(SUPPORTED,), **options):
        t.start(**{"second_auth": "eap", "eap": ["md5"], "eap_identity": "alice",
                   "password": PASSWORD.decode(), **options})
        self.t, self.begun, self.number = t, t.subject.up(), 7
        self.peer = t.peer()
        self.sa = self.peer.accept_init(extra=said)

    def first(self):
        self.first_request = self.message = self.sa.expect(wire.IKE_AUTH)
        return self.message

    def proof(self):
        me = self.peer.id_payload(wire.IDR)
        return [me, self.peer.auth_payload(self.sa, me.body)]

    def child(self):
        payloads = []
        nonces = self.sa.nonce_i, self.sa.nonce_r
        self.sa.child = self.peer.grant_child(self.sa, self.first_request, nonces, payloads)
        return payloads

    def second(self):
        """Its second request."""
        self.first()
        self.sa.respond(self.message, self.proof())
        self.message = self.sa.expect(wire.IKE_AUTH)
        return self.message

    def ask(self, kind, data=b""):
        self.number += 1
        self.sa.respond(self.message, [payload(packet(REQUEST, self.number, kind, data))])
        self.message = self.sa.expect(wire.IKE_AUTH)
        return Eap(self.message)

    def succeed(self):
        """Its last request, once the password was right."""
        self.second()
        self.me = self.message.get(wire.IDI)
        got = self.ask(IDENTITY)
        equal((got.code, got.kind, got.data), (RESPONSE, IDENTITY, b"alice"), "its answer")
        got = self.ask(MD5, bytes([16]) + bytes(16))
        made = hashlib.md5(bytes([self.number]) + PASSWORD + bytes(16)).digest()
        equal(got.data[:17], bytes([16]) + made, "its response")
        self.sa.respond(self.message, [payload(packet(SUCCESS, self.number))])
        self.message = self.sa.expect(wire.IKE_AUTH)
        return self.message

    def last(self, over=None):
        """AUTH after EAP, over the first IDr."""
        octets = self.sa.auth_octets((over or self.peer.id_payload(wire.IDR)).body, False)
        return wire.auth(wire.METHOD_PSK, self.sa.key_pad_mac(self.sa.sk_pr, octets))

    def given_up(self, error):
        self.sa.respond(self.sa.expect(wire.INFORMATIONAL))
        equal(self.t.subject.outcome(self.begun).get("error"), error, "what it says")
        self.t.nothing_kept()
        self.t.subject.stop()


@case(2411, "RFC 4739 2.1, 2.3, 3.1, 3.2", only="esplaned")
def second_as_initiator(t):
    """It announces the second proof with the first, and begins it with IDi alone."""
    s = Server(t)
    for kind in (wire.MULTIPLE_AUTH_SUPPORTED, wire.ANOTHER_AUTH_FOLLOWS):
        bare(s.first().notify(kind) if kind == wire.MULTIPLE_AUTH_SUPPORTED else
             s.message.notify(kind))
    s.peer.check_auth(s.sa, s.message)
    s.sa.respond(s.message, s.proof())
    s.message = s.sa.expect(wire.IKE_AUTH)
    equal([(p.type, p.body[4:]) for p in s.message.inner], [(wire.IDI, b"alice")],
          "its second request")
    me = s.message.get(wire.IDI)
    equal(s.ask(IDENTITY).data, b"alice", "its identity")
    s.ask(MD5, bytes([16]) + bytes(16))
    s.sa.respond(s.message, [payload(packet(SUCCESS, s.number))])
    s.message = s.sa.expect(wire.IKE_AUTH)
    check(s.message.notify(wire.ANOTHER_AUTH_FOLLOWS) is None, "it announces a third proof")
    octets = s.sa.auth_octets(me, True)
    equal(s.message.get(wire.AUTH)[4:], s.sa.key_pad_mac(s.sa.sk_pi, octets), "its second proof")
    s.sa.respond(s.message, [s.last(), *s.child()])
    t.has_child(s.sa)


@case(2412, "RFC 4739 2.1", only="esplaned")
def second_needs_support(t):
    """It does not begin to prove itself to one that has not said MULTIPLE_AUTH_SUPPORTED."""
    Server(t, said=()).given_up("auth-remote")


@case(2413, "RFC 4739 2.1", only="esplaned")
def second_cut_short(t):
    """A peer that is content with the first proof makes no IKE SA and no child."""
    s = Server(t)
    s.first()
    s.sa.respond(s.message, s.proof() + s.child())
    s.given_up("auth-remote")
    s = Server(t)
    s.first()
    s.sa.respond(s.message, s.proof() + [wire.notify(wire.TS_UNACCEPTABLE)])
    s.given_up("auth-remote")


@case(2414, "RFC 4739 2.1", only="esplaned")
def second_without_eap(t):
    """A peer that answers the second IDi with its own proof, or with success, is not believed."""
    for answer in (lambda s: s.proof() + s.child(), lambda s: [s.last(), *s.child()],
                   lambda s: s.proof()):
        s = Server(t)
        s.second()
        s.sa.respond(s.message, answer(s))
        s.sa.respond(s.sa.expect(wire.INFORMATIONAL))
        check(t.subject.outcome(s.begun).get("error") in ("auth-remote", "auth-local"), "it is up")
        t.nothing_kept()
        t.subject.stop()
    s = Server(t)
    s.second()
    s.sa.respond(s.message, [payload(packet(SUCCESS, 1))])
    s.given_up("auth-remote")


@case(2415, "RFC 4739 2.1", only="esplaned")
def second_covers_its_responder(t):
    """After EAP the peer's AUTH covers its IDr; one over another is refused."""
    s = Server(t)
    s.succeed()
    other = wire.identity(wire.IDR, wire.ID_FQDN, b"mallory")
    s.sa.respond(s.message, [s.last(other), *s.child()])
    s.given_up("auth-local")
    s = Server(t)
    s.succeed()
    s.sa.respond(s.message, [s.last(), *s.child()])
    t.has_child(s.sa)


@case(2416, "RFC 4739 2.1, 2.5", only="esplaned")
def second_of_the_responder(t):
    """A peer that announces a second proof of its own is refused: nothing says what it would be."""
    s = Server(t)
    s.first()
    s.sa.respond(s.message, s.proof() + [FOLLOWS])
    s.given_up("auth-local")
    s = Server(t)
    s.succeed()
    s.sa.respond(s.message, [s.last(), *s.child(), FOLLOWS])
    s.given_up("auth-local")
    s = Server(t, second_auth="none", eap=[], eap_identity=None, password=None)
    s.first()
    check(s.message.notify(wire.MULTIPLE_AUTH_SUPPORTED) is None, "said")
    s.sa.respond(s.message, s.proof() + s.child() + [FOLLOWS])
    s.given_up("auth-local")
