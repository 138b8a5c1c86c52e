# SPDX-License-Identifier: GPL-2.0
"""EAP-TTLS (RFC 5281, with TLS 1.3 RFC 9427), the subject as server and as client."""
import hashlib
import ssl

from case import accepted, case, check, equal, refused
from cases.certificates import OTHER, SAID, Pki, prove
from cases.eap import (FAILURE, IDENTITY, MD5, PASSWORD, REQUEST, RESPONSE, SUCCESS, Client, Eap,
                       packet, payload, tls_files)
from peer import wire
from peer.pki import Certificate
from peer.tls import EAP_MESSAGE, TTLS, USER_NAME, USER_PASSWORD, Tls, avp, avps, pap

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
LENGTH, MORE, START = 0x80, 0x40, 0x20


class Inside(Client):
    """A client of a subject that does EAP-TTLS; both have come as far as speaking inside."""
    def __init__(self, t, **options):
        files = tls_files(t)
        del files["ca"]
        super().__init__(t, ("ttls",), **{**files, **options})

    def gather(self):
        """The flight of the subject's, put together."""
        made = b""
        while self.asked.kind == TTLS:
            flags, data = self.asked.data[0], self.asked.data[1:]
            made += data[4:] if flags & LENGTH else data
            if not flags & MORE:
                break
            self.respond(TTLS, b"\x00")
        return made

    def come_in(self, version, name=b"alice", say=b""):
        """What is said goes with the end of the handshake where the version lets it."""
        equal(self.identify(name).kind, TTLS, "the method")
        equal(self.asked.data, bytes([START]), "its start")
        self.tls = Tls(version)
        out = self.tls.step()
        while out:
            if self.tls.done and say:
                out, say = out + self.tls.say(say), b""
            self.respond(TTLS, b"\x00" + out)
            check(self.answer.error() is None, f"{self.answer}")
            out = self.tls.step(self.gather())
        equal((self.tls.done, self.tls.failed), (True, None), "the handshake")
        if say:
            self.tell(say)

    def tell(self, octets):
        self.respond(TTLS, b"\x00" + self.tls.say(octets))
        if self.asked.kind == TTLS:
            self.tls.step(self.gather())

    def heard(self):
        """The EAP packet that the subject has said inside."""
        said, self.tls.heard = avps(self.tls.heard), b""
        check(EAP_MESSAGE in said, f"no EAP inside: {said}")
        return said[EAP_MESSAGE]


def in_(t, c):
    equal((c.asked.code, c.asked.kind), (SUCCESS, None), "its last EAP packet")
    key = c.tls.msk()
    answer = c.finish(key)
    accepted(answer)
    octets = c.sa.auth_octets(c.first.get(wire.IDR), False)
    equal(answer.get(wire.AUTH)[4:], c.sa.key_pad_mac(key, octets), "its proof")
    c.sa.child = c.peer.finish_child(c.sa, answer, (c.sa.nonce_i, c.sa.nonce_r))
    t.has_child(c.sa)
    c.tls.close()


@case(1724, "RFC 5281 8, 11.2.5, RFC 9427 2.1", only="esplaned")
def ttls_pap(t):
    """PAP inside of TLS 1.2 and 1.3; the proofs at the end have the key of TLS."""
    for version in VERSIONS:
        c = Inside(t)
        c.come_in(version, say=pap(b"alice", PASSWORD))
        in_(t, c)
        t.subject.stop()


@case(1725, "RFC 5281 11.2.1", only="esplaned")
def ttls_eap(t):
    """EAP inside: the client says who it is unasked, the subject asks for MD5 if it wants that."""
    for version in VERSIONS:
        c = Inside(t)
        c.come_in(version, b"anonymous", avp(EAP_MESSAGE, packet(RESPONSE, 0, IDENTITY, b"alice")))
        asked = c.heard()
        equal((asked[0], asked[4]), (REQUEST, 26), "its first request inside")
        c.tell(avp(EAP_MESSAGE, packet(RESPONSE, asked[1], 3, bytes([MD5]))))
        asked = c.heard()
        equal((asked[0], asked[4]), (REQUEST, MD5), "its second request inside")
        made = hashlib.md5(asked[1:2] + PASSWORD + asked[6:6 + asked[5]]).digest()
        c.tell(avp(EAP_MESSAGE, packet(RESPONSE, asked[1], MD5, bytes([16]) + made)))
        in_(t, c)
        t.subject.stop()


@case(1726, "RFC 5281 11.3, RFC 3748 4.2", only="esplaned")
def ttls_wrong_password(t):
    """A wrong password, an unknown name, and an unknown mandatory AVP end in EAP-Failure."""
    c = Inside(t)
    for said in (pap(b"alice", b"looking glass"), pap(b"mallory", PASSWORD),
                 pap(b"alice", PASSWORD) + avp(999, b"x"), avp(USER_NAME, b"alice"), b"x",
                 avp(USER_PASSWORD, bytes(16)), pap(b"alice", PASSWORD)[:-20]):
        c.come_in(VERSIONS[0], say=said)
        c.turned_away()
        equal(c.asked.code, FAILURE, f"the end of {said}")
        c.tls.close()
    c.come_in(VERSIONS[1], say=pap(b"alice", PASSWORD) + avp(999, b"x", flags=0))
    equal(c.asked.code, SUCCESS, "with one that is not mandatory")


@case(1727, "RFC 5281 7.2", only="esplaned")
def ttls_without_proof(t):
    """Nobody gets in who has TLS alone: neither by acknowledging nor by AUTH."""
    for version in VERSIONS:
        c = Inside(t)
        c.come_in(version)
        c.respond(TTLS, b"\x00")
        c.turned_away()
        c.tls.close()
        c.come_in(version)
        refused(c.finish(c.tls.msk()), wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        t.subject.stop()


@case(1728, "RFC 5281 8, RFC 7296 2.16", only="esplaned")
def ttls_wrong_key(t):
    """The password is right, and the key at the end is not that of TLS."""
    for key in (None, bytes(64)):
        c = Inside(t)
        c.come_in(VERSIONS[1], say=pap(b"alice", PASSWORD))
        equal(c.asked.code, SUCCESS, "EAP")
        refused(c.finish(key), wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        t.subject.stop()


class Server:
    """The subject is the client; we prove ourselves in IKE, then begin EAP-TTLS."""
    def __init__(self, t, **options):
        self.t, self.pki = t, Pki(t)
        self.peer = self.pki.start(**{"cert": None, "key": None, "eap": ["ttls"],
                                      "eap_identity": "alice", "password": PASSWORD.decode(),
                                      **options})
        self.begun, self.number = t.subject.up(), 7
        self.sa = self.peer.accept_init(extra=[SAID])
        self.message = self.sa.expect(wire.IKE_AUTH)
        proof = prove(self.peer, self.sa, Certificate(OTHER, self.pki.ca))
        got = self.ask(IDENTITY, b"", *proof)
        equal((got.kind, got.data), (IDENTITY, b"alice"), "who it is")

    def ask(self, kind, data=b"", *before):
        self.number += 1
        octets = packet(REQUEST, self.number, kind, data)
        self.sa.respond(self.message, [*before, payload(octets)])
        self.message = self.sa.expect(wire.IKE_AUTH)
        return Eap(self.message)

    def shake(self, version, certificate):
        """Until the handshake is done, or has failed."""
        self.tls, got = Tls(version, certificate), self.ask(TTLS, bytes([START]))
        for _ in range(9):
            out = self.tls.step(got.data[1:])
            if self.tls.failed or self.tls.heard or (self.tls.done and not out):
                return
            got = self.ask(TTLS, b"\x00" + out)
        raise AssertionError("the handshake does not end")


@case(1729, "RFC 5281 7.4, 11.2.5", only="esplaned")
def ttls_client(t):
    """As client it gives its password to a server whose certificate names the peer."""
    for version in VERSIONS:
        s = Server(t, ttls_inner="pap")
        s.shake(version, Certificate(OTHER, s.pki.ca))
        said = avps(s.tls.heard)
        equal(said[USER_NAME], b"alice", "its name")
        equal(said[USER_PASSWORD].rstrip(b"\0"), PASSWORD, "its password")
        equal(len(said[USER_PASSWORD]) % 16, 0, "what is filled up")
        s.sa.respond(s.message, [payload(packet(SUCCESS, s.number))])
        s.message = s.sa.expect(wire.IKE_AUTH)
        me = s.peer.id_payload(wire.IDR, (wire.ID_FQDN, OTHER.encode()))
        mac = s.sa.key_pad_mac(s.tls.msk(), s.sa.auth_octets(me.body, False))
        check(s.message.get(wire.AUTH) is not None, "no proof at the end")
        s.sa.respond(s.message, [wire.auth(wire.METHOD_PSK, mac),
                                 wire.notify(wire.NO_PROPOSAL_CHOSEN)])
        s.sa.expect(wire.INFORMATIONAL)
        s.tls.close()
        t.subject.stop()


@case(1730, "RFC 5281 14.1.2", only="esplaned")
def ttls_client_of_a_stranger(t):
    """As client it says nothing inside to a server of another CA, or of another name."""
    for version in VERSIONS:
        for made in (lambda ca: Certificate(OTHER), lambda ca: Certificate("x.example.org", ca),
                     lambda ca: Certificate(OTHER, ca, begin=-9, end=-1)):
            s = Server(t, ttls_inner="pap")
            s.shake(version, made(s.pki.ca))
            check(s.tls.failed is not None and not s.tls.heard, f"it says {s.tls.heard}")
            s.sa.respond(s.message, [payload(packet(FAILURE, s.number))])
            s.tls.close()
            t.subject.stop()
