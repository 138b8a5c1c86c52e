# SPDX-License-Identifier: GPL-2.0
"""A second proof without EAP (RFC 4739 2.3), the subject as responder and as initiator."""
from case import accepted, case, check, equal, refused
from cases.certificates import OTHER, OWN, SAID, Pki, prove
from cases.second import FOLLOWS, SUPPORTED, kinds
from peer import wire

USER = "alice.example.org"
USERS = b"the secret of all users"


class Users:
    """What a second proof rests on: a CA of its own, or a key."""
    def __init__(self, t, how):
        self.t, self.how, self.pki = t, how, Pki(t)
        kind = type(self.pki.own)
        self.ca = kind("the users' CA", ca=True)
        self.alice = kind(USER, self.ca)
        self.psk = self.pki.file("users.psk", USERS)

    def gateway(self):
        if self.how == "cert":
            return {"remote": "any", "second_auth": "cert",
                    "second_ca": [self.pki.file("users.der", self.ca.der)]}
        return {"remote": "any", "second_auth": "psk", "second_psk_file": self.psk}

    def client(self):
        if self.how == "cert":
            return {"second_auth": "cert", "second_cert": self.pki.file("alice.der", self.alice.der),
                    "second_key": self.pki.file("alice.key", self.alice.key_der())}
        return {"second_auth": "psk", "second_psk_file": self.psk}


class Twice:
    """A client of the subject's: by pre-shared key first, then as @how says."""
    def __init__(self, t, how, **options):
        self.t, self.users = t, Users(t, how)
        t.start(**{**self.users.gateway(), **options})
        self.peer = t.peer()

    def first(self, *said):
        init = self.peer.init(extra=[SAID])
        self.sa = init.finish(init.ask())
        request = self.peer.auth_payloads(self.sa, after=said or [SUPPORTED, FOLLOWS])
        self.first_answer = self.sa.request(wire.IKE_AUTH, request)
        return self.first_answer

    def proof(self, name=None, made=None, key=USERS, over=None):
        """IDi and the second AUTH. @over: the ID payload that it covers."""
        if self.users.how == "cert":
            made = made or self.users.alice
            if over is None:
                return prove(self.peer, self.sa, made, name=name or USER)
            me = self.peer.id_payload(wire.IDI, (wire.ID_FQDN, (name or USER).encode()))
            signed = made.sign(self.sa.auth_octets(over.body, True))
            return [me, made.payload, wire.auth(14, signed)]
        me = self.peer.id_payload(wire.IDI, name and (wire.ID_FQDN, name.encode()))
        mac = self.sa.key_pad_mac(key, self.sa.auth_octets((over or me).body, True))
        return [me, wire.auth(wire.METHOD_PSK, mac)]

    def second(self, *more, **how):
        self.answer = self.sa.request(wire.IKE_AUTH, [*self.proof(**how), *more])
        return self.answer

    def is_in(self):
        accepted(self.answer)
        check(self.answer.get(wire.AUTH) is None and self.answer.get(wire.IDR) is None,
              "it proves itself twice")
        nonces = self.sa.nonce_i, self.sa.nonce_r
        self.t.has_child(self.sa, self.peer.finish_child(self.sa, self.answer, nonces))

    def kept_out(self, answer):
        refused(answer, wire.AUTHENTICATION_FAILED)
        self.t.nothing_kept()


@case(2421, "RFC 4739 2.4", only="esplaned")
def twice_as_responder(t):
    """A second proof by certificate, or by key, is one message; its answer grants the child."""
    for how in ("cert", "psk"):
        c = Twice(t, how)
        accepted(c.first())
        equal(kinds(c.first_answer), sorted([wire.IDR, wire.AUTH]), "its first answer")
        c.peer.check_auth(c.sa, c.first_answer)
        c.second()
        c.is_in()
        up = f"t/{USER if how == 'cert' else '192.0.2.2'}: up"  # a key names nobody
        t.subject.wait(lambda up=up: up in t.subject.log(), up)
        t.subject.stop()


@case(2422, "RFC 4739 2.1", only="esplaned")
def twice_needs_both(t):
    """Wrong: the second key, its certificate's CA or name, the first proof."""
    c = Twice(t, "psk")
    accepted(c.first())
    c.kept_out(c.second(key=b"another secret"))
    accepted(c.first())
    c.kept_out(c.second(key=c.peer.psk))        # that of the first proof
    accepted(c.first())
    c.kept_out(c.second(name="mallory"))        # whom the first has not proved
    t.subject.stop()
    c = Twice(t, "cert")
    kind = type(c.users.alice)
    accepted(c.first())
    c.kept_out(c.second(made=kind(USER, c.users.pki.ca)))
    accepted(c.first())
    c.kept_out(c.second(name="bob.example.org"))
    accepted(c.first())
    c.second()
    c.is_in()


@case(2423, "RFC 4739 2.1", only="esplaned")
def twice_covers_its_identity(t):
    """The second AUTH covers the second IDi."""
    for how in ("cert", "psk"):
        c = Twice(t, how)
        accepted(c.first())
        c.kept_out(c.second(over=wire.identity(wire.IDI, wire.ID_FQDN, b"mallory")))
        t.subject.stop()


@case(2424, "RFC 4739 2.1", only="esplaned")
def twice_is_the_last(t):
    """A third proof is refused, and so is EAP in place of the second, or no second."""
    c = Twice(t, "psk")
    accepted(c.first())
    c.kept_out(c.second(FOLLOWS))
    accepted(c.first())
    c.kept_out(c.sa.request(wire.IKE_AUTH, [c.peer.id_payload(wire.IDI)]))
    c.kept_out(c.first(SUPPORTED))
    accepted(c.first())
    c.second()
    c.is_in()


class Server:
    """The subject is who begins, by pre-shared key and then as @how says."""
    def __init__(self, t, how):
        self.t, self.users = t, Users(t, how)
        t.start(**self.users.client())
        self.begun, self.peer = t.subject.up(), t.peer()
        self.sa = self.peer.accept_init(extra=[SUPPORTED, SAID])

    def first(self):
        self.first_request = self.message = self.sa.expect(wire.IKE_AUTH)
        return self.message

    def second(self):
        me = self.peer.id_payload(wire.IDR)
        self.first()
        self.sa.respond(self.message, [me, self.peer.auth_payload(self.sa, me.body)])
        self.message = self.sa.expect(wire.IKE_AUTH)
        return self.message

    def child(self):
        payloads = []
        nonces = self.sa.nonce_i, self.sa.nonce_r
        self.sa.child = self.peer.grant_child(self.sa, self.first_request, nonces, payloads)
        return payloads


@case(2425, "RFC 4739 2.4", only="esplaned")
def twice_as_initiator(t):
    """Its second request has IDi and the proof, over that IDi, and no third is announced."""
    for how in ("cert", "psk"):
        s = Server(t, how)
        s.second()
        want = [wire.IDI, wire.AUTH] + ([wire.CERT] if how == "cert" else [])
        equal([k for k in kinds(s.message) if k != wire.N], sorted(want), "its second request")
        check(s.message.notify(wire.ANOTHER_AUTH_FOLLOWS) is None, "it announces a third proof")
        me, auth = s.message.get(wire.IDI), s.message.get(wire.AUTH)
        octets = s.sa.auth_octets(me, True)
        if how == "cert":
            equal(me[4:], USER.encode(), "who it is")
            equal(auth[0], 14, "how it signs")
        else:
            equal(auth[4:], s.sa.key_pad_mac(USERS, octets), "its second proof")
        s.sa.respond(s.message, s.child())
        t.has_child(s.sa)
        t.subject.stop()


@case(2427, "RFC 7296 1.2, RFC 4739 2.4", only="esplaned")
def twice_without_the_child(t):
    """Both proofs are right, the child is refused: the IKE SA stood, and is deleted, not dropped."""
    for error in (wire.TS_UNACCEPTABLE, wire.NO_PROPOSAL_CHOSEN):
        s = Server(t, "psk")
        s.second()
        s.sa.respond(s.message, [wire.notify(error)])
        last = s.sa.expect(wire.INFORMATIONAL)
        check(last.get(wire.D) is not None, "it does not delete the IKE SA")
        s.sa.respond(last)
        equal(t.subject.outcome(s.begun).get("error"),
              "selectors" if error == wire.TS_UNACCEPTABLE else "no-proposal-child", "what it says")
        t.nothing_kept()
        t.subject.stop()


@case(2426, "RFC 4739 2.1", only="esplaned")
def twice_granted_too_early(t):
    """A child in place of the peer's own proof, or beside it, makes no IKE SA."""
    s = Server(t, "psk")
    s.first()
    s.sa.respond(s.message, s.child())
    s.sa.respond(s.sa.expect(wire.INFORMATIONAL))
    check(t.subject.outcome(s.begun).get("error") in ("auth-remote", "auth-local"), "it is up")
    t.nothing_kept()
