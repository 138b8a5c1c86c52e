# SPDX-License-Identifier: GPL-2.0
"""EAP (RFC 7296 2.16, RFC 3748), the subject as server and as client, well and badly."""
import hashlib
import os
import struct

from case import accepted, case, check, equal, refused
from peer import wire
from peer.pki import Certificate

REQUEST, RESPONSE, SUCCESS, FAILURE = range(1, 5)
IDENTITY, NOTIFICATION, NAK, MD5, TLS = 1, 2, 3, 4, 13
PASSWORD = b"wonder land"


def packet(code, number, kind=None, data=b""):
    body = b"" if kind is None else bytes([kind]) + data
    return struct.pack(">BBH", code, number, 4 + len(body)) + body


def payload(octets):
    return wire.Payload(wire.EAP, octets)


class Eap:
    """One EAP packet of the subject's."""
    def __init__(self, message):
        octets = message.get(wire.EAP)
        check(octets is not None, f"no EAP payload in {message}")
        self.code, self.number, size = struct.unpack(">BBH", octets[:4])
        equal(size, len(octets), "the length of its EAP packet")
        self.kind = octets[4] if size > 4 else None
        self.data = octets[5:]


class Client:
    """A client of the subject's, which asks for `methods`; `beside` are other tunnels of that."""
    def __init__(self, t, methods=("md5",), said=(), hello=(), beside=None, **options):
        self.t, self.said, self.hello = t, list(said), list(hello)
        if "users" not in options:
            users = t.subject.path("users")
            with open(users, "wb") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(b"alice: " + PASSWORD + b"\n")
            options["users"] = users
        t.start_tunnels(t=dict(remote="any", eap=list(methods), **options), **(beside or {}))
        self.peer = t.peer()

    def begin(self):
        """Until the subject has asked for the identity."""
        self.sa = self.peer.init(extra=self.hello).run()
        payloads = [p for p in self.peer.auth_payloads(self.sa) if p.type != wire.AUTH]
        answer = self.sa.request(wire.IKE_AUTH, payloads + self.said)
        accepted(answer)
        self.asked = Eap(answer)
        self.first = answer
        return self.asked

    def say(self, octets):
        self.answer = self.sa.request(wire.IKE_AUTH, [payload(octets)])
        if self.answer.get(wire.EAP) is not None:
            self.asked = Eap(self.answer)
        return self.answer

    def respond(self, kind, data=b"", number=None):
        number = self.asked.number if number is None else number
        return self.say(packet(RESPONSE, number, kind, data))

    def identify(self, name=b"alice"):
        self.begin()
        self.respond(IDENTITY, name)
        return self.asked

    def prove(self, password=PASSWORD):
        """The answer to the challenge of MD5, RFC 1994."""
        challenge = self.asked.data[1:1 + self.asked.data[0]]
        made = hashlib.md5(bytes([self.asked.number]) + password + challenge).digest()
        return self.respond(MD5, bytes([16]) + made)

    def finish(self, key=None):
        """AUTH with SK_pi, since MD5 gives no key (RFC 7296 2.16)."""
        me = self.peer.id_payload(wire.IDI)
        octets = self.sa.auth_octets(me.body, True)
        mac = self.sa.key_pad_mac(self.sa.sk_pi if key is None else key, octets)
        return self.sa.request(wire.IKE_AUTH, [wire.auth(wire.METHOD_PSK, mac)])

    def turned_away(self):
        """The last answer is the end of it, and nothing is kept."""
        refused(self.answer, wire.AUTHENTICATION_FAILED)
        self.t.nothing_kept()

    def lives(self):
        """Another client gets in."""
        self.identify()
        equal(self.prove().get(wire.EAP)[0], SUCCESS, "EAP of a good client")
        accepted(self.finish())


@case(1701, "RFC 7296 2.16, RFC 3748 5.4", only="esplaned")
def eap_md5(t):
    """A client with the right password gets in; both proofs at the end have SK_pi and SK_pr."""
    c = Client(t)
    equal((c.begin().code, c.asked.kind), (REQUEST, IDENTITY), "its first EAP packet")
    c.peer.check_auth(c.sa, c.first)
    c.respond(IDENTITY, b"alice")
    equal((c.asked.code, c.asked.kind), (REQUEST, MD5), "its second EAP packet")
    c.prove()
    equal((c.asked.code, c.asked.kind), (SUCCESS, None), "its last EAP packet")
    answer = c.finish()
    accepted(answer)
    auth, octets = answer.get(wire.AUTH), c.sa.auth_octets(c.first.get(wire.IDR), False)
    equal(auth[4:], c.sa.key_pad_mac(c.sa.sk_pr, octets), "its proof")
    c.sa.child = c.peer.finish_child(c.sa, answer, (c.sa.nonce_i, c.sa.nonce_r))
    t.has_child(c.sa)


@case(1702, "RFC 3748 4.2", only="esplaned")
def eap_wrong_password(t):
    """A wrong password and an unknown name end in EAP-Failure, and look alike."""
    c, ends = Client(t), []
    for name, password in ((b"alice", b"looking glass"), (b"mallory", PASSWORD)):
        c.identify(name)
        c.prove(password)
        c.turned_away()
        ends.append((c.asked.code, c.asked.kind, len(c.answer.inner)))
    equal(ends, [(FAILURE, None, 2)] * 2, "the ends")
    c.lives()


@case(1703, "RFC 3748 5.3.1", only="esplaned")
def eap_nak_for_another(t):
    """A client that wants a method which the subject does not have is turned away."""
    c = Client(t)
    c.identify()
    c.respond(NAK, bytes([43, 52]))
    c.turned_away()
    equal(c.asked.code, FAILURE, "its EAP packet")


@case(1704, "RFC 3748 5.3.1", only="esplaned")
def eap_nak_for_the_next(t):
    """A client that wants the second method of the subject's list gets it."""
    c = Client(t, ("mschapv2", "md5"))
    equal(c.identify().kind, 26, "the first method")
    c.respond(NAK, bytes([MD5]))
    equal(c.asked.kind, MD5, "the second method")
    equal(c.prove().get(wire.EAP)[0], SUCCESS, "the end")


@case(1705, "RFC 3748 2, 4.1", only="esplaned")
def eap_method_nobody_asked_for(t):
    """A response of another method than was asked for is the end."""
    c = Client(t)
    for kind in (TLS, 26, 254, NOTIFICATION, IDENTITY):
        c.identify()
        c.respond(kind, bytes(20))
        c.turned_away()
    c.lives()


@case(1706, "RFC 3748 4.1", only="esplaned")
def eap_wrong_identifier(t):
    """A response to another request than the last one is the end."""
    c = Client(t)
    c.begin()
    c.respond(IDENTITY, b"alice", number=c.asked.number ^ 1)
    c.turned_away()
    c.identify()
    c.respond(MD5, bytes([16]) + bytes(16), number=(c.asked.number - 1) % 256)
    c.turned_away()
    c.lives()


@case(1707, "RFC 3748 4", only="esplaned")
def eap_malformed(t):
    """Packets that are no EAP are the end: too short, too long, of no code, a request, a verdict."""
    c = Client(t)
    for octets in (b"", b"\x02", b"\x02\x00\x00\x04", b"\x02\x00\xff\xff\x01alice",
                   b"\x09\x00\x00\x05\x01", packet(REQUEST, 1, IDENTITY), packet(SUCCESS, 1),
                   packet(FAILURE, 1)):
        c.begin()
        answer = c.sa.request(wire.IKE_AUTH, [payload(octets)])
        check(answer.error() is not None, f"{octets.hex()} is accepted")
        t.nothing_kept()
    c.lives()


@case(1708, "RFC 3748 5.1", only="esplaned")
def eap_identity_of_any_length(t):
    """An empty identity and one of 1000 octets are refused."""
    c = Client(t)
    for name in (b"", b"x" * 1000):
        c.begin()
        c.respond(IDENTITY, name)
        c.turned_away()
    c.lives()


@case(1709, "RFC 7296 2.16", only="esplaned")
def eap_proof_too_early(t):
    """AUTH before EAP-Success is refused, and so is EAP after it."""
    c = Client(t)
    c.identify()
    refused(c.finish(), wire.AUTHENTICATION_FAILED)
    t.nothing_kept()
    c.identify()
    c.prove()
    c.respond(MD5, bytes([16]) + bytes(16))
    c.turned_away()
    c.lives()


@case(1710, "RFC 7296 2.16", only="esplaned")
def eap_wrong_proof(t):
    """Who has the password and not the keys of the IKE SA does not get in."""
    c = Client(t)
    c.identify()
    equal(c.prove().get(wire.EAP)[0], SUCCESS, "EAP")
    refused(c.finish(key=bytes(32)), wire.AUTHENTICATION_FAILED)
    t.nothing_kept()


@case(1711, "RFC 3748 7.4", only="esplaned")
def eap_guesses(t):
    """Who guesses passwords is not listened to any more, and the log says so (once a second)."""
    c = Client(t)
    for _ in range(100):
        c.identify()
        c.prove(b"guess")
        c.turned_away()
        if "user alice: too many wrong passwords for this name" in t.subject.log():
            return
        t.rest(0.1)
    raise AssertionError("it listens to a hundred")


def tls_files(t):
    """Options of a subject that has a certificate."""
    ca = Certificate("the CA", ca=True)
    own = Certificate("gw.example.org", ca)
    paths = {}
    for name, data in (("ca", ca.der), ("cert", own.der), ("key", own.key_der())):
        paths[name] = t.subject.path(name)
        with open(paths[name], "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(data)
    return {"psk": None, "ca": [paths["ca"]], "cert": paths["cert"], "key": paths["key"]}


def tls_client(t, methods=("tls",), **options):
    """A client of a subject that does EAP-TLS."""
    return Client(t, methods, **{"users": None, **tls_files(t), **options})


@case(1712, "RFC 5216 2.1, 3.1", only="esplaned")
def eap_tls_start(t):
    """The first request of EAP-TLS has the bit S and nothing else."""
    c = tls_client(t)
    c.identify()
    equal((c.asked.code, c.asked.kind, c.asked.data), (REQUEST, TLS, b"\x20"), "its request")


@case(1713, "RFC 5216 2.1.5, 3.2", only="esplaned")
def eap_tls_lengths(t):
    """A flight that is announced as too long, or whose parts do not add up, is the end."""
    c = tls_client(t)
    for data in (b"\xc0\xff\xff\xff\xff" + bytes(100), b"\xc0\x00\x00\x40\x01" + bytes(100),
                 b"\x80\x00\x00\x00\x05" + bytes(100), b"\x80\x00\x00", b"\x40", b"\x00", b""):
        c.identify()
        c.respond(TLS, data)
        c.turned_away()


@case(1714, "RFC 5216 2.1.5", only="esplaned")
def eap_tls_without_end(t):
    """A flight that never ends is not held: at 16 KiB it is the end."""
    c = tls_client(t)
    c.identify()
    for held in range(0, 40000, 1000):
        if c.respond(TLS, b"\x40" + bytes(1000)).error():
            break
        equal(c.asked.data, b"\x00", "its acknowledgement")
    check(held <= 17000, f"it holds {held} octets")
    c.turned_away()


@case(1715, "RFC 5216 2.1.3", only="esplaned")
def eap_tls_rubbish(t):
    """What is no TLS gets an alert or the end, and the subject lives."""
    c = tls_client(t)
    for data in (bytes(200), b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff" + bytes(500),
                 os.urandom(900)):
        c.identify()
        c.respond(TLS, b"\x00" + data)
        if not c.answer.error():
            c.respond(TLS, b"\x00")
        c.turned_away()
    equal(c.identify().kind, TLS, "the method of another client")


# --- EAP-only authentication, RFC 5998 ---

ONLY = wire.notify(wire.EAP_ONLY_AUTHENTICATION)


@case(1716, "RFC 5998 3", only="esplaned")
def eap_only_as_server(t):
    """Where both ends want it, its first answer has IDr and EAP, and neither AUTH nor CERT."""
    c = tls_client(t, said=[ONLY], eap_only="yes")
    equal((c.begin().code, c.asked.kind), (REQUEST, IDENTITY), "its first EAP packet")
    kinds = sorted(p.type for p in c.first.inner)
    equal(kinds, sorted([wire.IDR, wire.EAP]), "its payloads")
    c.respond(IDENTITY, b"alice")
    equal(c.asked.kind, TLS, "the method")


@case(1717, "RFC 5998 3", only="esplaned")
def eap_only_is_not_forced(t):
    """Where one end does not want it, its first answer has AUTH and CERT."""
    for said, wanted in (([ONLY], False), ([], True)):
        c = tls_client(t, said=said, eap_only="yes" if wanted else "no")
        c.begin()
        for kind in (wire.IDR, wire.CERT, wire.AUTH):
            check(c.first.get(kind) is not None, f"no payload {kind}: {said}, {wanted}")
        t.subject.stop()


@case(1718, "RFC 5998 4", only="esplaned")
def eap_only_needs_more_than_a_password(t):
    """With it no method is done that does not prove both ends, not even by the client's wish."""
    users = t.subject.path("users")
    with open(users, "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(b"alice: " + PASSWORD + b"\n")
    for said, kind in (([], MD5), ([ONLY], None)):
        c = tls_client(t, ("md5", "tls"), said=said, users=users, eap_only="yes")
        equal(c.identify().kind, TLS if said else MD5, "the first method")
        if said:
            c.respond(NAK, bytes([MD5]))
            c.turned_away()
            equal((c.asked.code, c.asked.kind), (FAILURE, kind), "the answer to a NAK")
        t.subject.stop()


@case(1719, "RFC 5998 3, RFC 7296 2.16", only="esplaned")
def eap_only_without_the_method(t):
    """Who leaves the method out and sends AUTH at once, with the IKE SA's own keys, is refused."""
    c = tls_client(t, said=[ONLY], eap_only="yes")
    c.begin()
    refused(c.finish(), wire.AUTHENTICATION_FAILED)
    t.nothing_kept()
    c.identify()
    refused(c.finish(), wire.AUTHENTICATION_FAILED)
    t.nothing_kept()


class Server:
    """The subject is the client; no AUTH of ours comes before EAP."""
    def __init__(self, t, **options):
        t.start(**{"eap": ["tls"], "eap_identity": "alice", "remote_id": "gw.example.org",
                   **tls_files(t), **options})
        self.t, self.begun, self.number = t, t.subject.up(), 7
        self.peer = t.peer()
        self.sa = self.peer.accept_init()
        self.message = self.sa.expect(wire.IKE_AUTH)
        check(self.message.get(wire.AUTH) is None, "AUTH before EAP")

    def say(self, octets, *before):
        self.sa.respond(self.message, [*before, payload(octets)])

    def ask(self, kind, data=b"", *before):
        """The subject's answer to a request."""
        self.number += 1
        self.say(packet(REQUEST, self.number, kind, data), *before)
        self.message = self.sa.expect(wire.IKE_AUTH)
        return Eap(self.message)

    def name(self):
        return self.peer.id_payload(wire.IDR, (wire.ID_FQDN, b"gw.example.org"))

    def given_up(self, error):
        self.sa.respond(self.sa.expect(wire.INFORMATIONAL))
        equal(self.t.subject.outcome(self.begun).get("error"), error, "what it says")
        self.t.nothing_kept()


@case(1720, "RFC 5998 3", only="esplaned")
def eap_only_as_client(t):
    """It says EAP_ONLY_AUTHENTICATION, without data, and goes on with a server without AUTH."""
    s = Server(t, eap_only="yes")
    notify = s.message.notify(wire.EAP_ONLY_AUTHENTICATION)
    check(notify is not None, f"not said in {s.message}")
    equal((notify.protocol, notify.spi, notify.data), (0, b"", b""), "the notify")
    got = s.ask(IDENTITY, b"", s.name())
    equal((got.code, got.kind, got.data), (RESPONSE, IDENTITY, b"alice"), "its answer")
    got = s.ask(TLS, b"\x20")
    equal((got.code, got.kind, got.data[:2]), (RESPONSE, TLS, b"\x00\x16"), "its flight")


@case(1721, "RFC 5998 3, RFC 7296 2.16", only="esplaned")
def eap_only_unasked(t):
    """As client it does not say it by itself, and takes no server without AUTH then."""
    s = Server(t)
    check(s.message.notify(wire.EAP_ONLY_AUTHENTICATION) is None, "said")
    s.say(packet(REQUEST, 8, IDENTITY), s.name())
    s.given_up("auth-local")


@case(1722, "RFC 5998 4", only="esplaned")
def eap_only_client_needs_a_method(t):
    """As client it takes no success without a method, and no method that proves only one end."""
    s = Server(t, eap_only="yes")
    s.ask(IDENTITY, b"", s.name())
    s.say(packet(SUCCESS, 9))
    s.given_up("auth-remote")
    t.subject.stop()
    s = Server(t, eap_only="yes", eap=["md5", "tls"], password="wonder land")
    s.ask(IDENTITY, b"", s.name())
    got = s.ask(MD5, bytes([16]) + bytes(16))
    equal((got.code, got.kind, got.data), (RESPONSE, NAK, bytes([TLS])), "its answer to MD5")


@case(1723, "RFC 5998 3, RFC 7296 3.5", only="esplaned")
def eap_only_of_another_name(t):
    """As client it goes on with no server that calls itself otherwise, or not at all."""
    s = Server(t, eap_only="yes")
    s.say(packet(REQUEST, 8, IDENTITY), s.peer.id_payload(wire.IDR, (wire.ID_FQDN, b"other")))
    s.given_up("identity")
    t.subject.stop()
    s = Server(t, eap_only="yes")
    s.say(packet(REQUEST, 8, IDENTITY))
    s.given_up("auth-local")
