# SPDX-License-Identifier: GPL-2.0
"""Proofs by certificate (RFC 7296 2.15, 3.6, 3.7; RFC 7427), the subject in both roles."""
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from case import accepted, case, check, equal, refused
from peer import pki, wire
from peer.pki import IDENTITY, SHA1, SHA2_256, SHA2_384, SHA2_512, Certificate, hashes_notify

OWN, OTHER = "gw.example.org", "peer.example.org"
SAID = hashes_notify(SHA2_256, SHA2_384, SHA2_512, IDENTITY)


class Pki:
    """A CA that the subject trusts, the subject's certificate."""
    def __init__(self, t):
        self.t, self.ca = t, Certificate("the CA", ca=True)
        self.own = Certificate(OWN, self.ca)

    def file(self, name, data):
        path = self.t.subject.path(name)
        with open(path, "wb") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(data)
        return path

    def start(self, **options):
        self.t.start(**{"psk": None, "ca": [self.file("ca.der", self.ca.der)],
                        "cert": self.file("own.der", self.own.der),
                        "key": self.file("own.key", self.own.key_der()),
                        "local_id": OWN, "remote_id": OTHER, **options})
        return self.t.peer()


def prove(peer, sa, certificate, chain=None, name=OTHER, ident=None, method=None, data=None,
          **how):
    """IKE_AUTH's payloads with a proof by @certificate. @chain: CERT payloads, else its own."""
    me = peer.id_payload(wire.IDI if sa.initiator else wire.IDR,
                         ident or (wire.ID_FQDN, name.encode()))
    octets = sa.auth_octets(me.body, sa.initiator)
    auth = wire.auth(method or pki.SIGNATURE, data or certificate.sign(octets, **how))
    return [me, *([certificate.payload] if chain is None else chain), auth]


def enter(t, certificate, the_pki=None, said=SAID, options=None, **how):
    """A peer that comes with @certificate; the trial's PKI, it, its IKE SA, the answer."""
    the_pki = the_pki or Pki(t)
    peer = the_pki.start(**(options or {}))
    sa = peer.init(extra=[said] if said else []).run()
    made = certificate(the_pki.ca) if callable(certificate) else certificate
    answer = sa.request(wire.IKE_AUTH, prove(peer, sa, made, **how) + peer.child_payloads(sa))
    return the_pki, peer, sa, answer


def good(t, certificate, **how):
    the_pki, peer, sa, answer = enter(t, certificate, **how)
    accepted(answer)
    return the_pki, peer, sa, answer


def bad(t, certificate, **how):
    *_, answer = enter(t, certificate, **how)
    refused(answer, wire.AUTHENTICATION_FAILED)
    t.nothing_kept()


def leaf(**more):
    return lambda ca: Certificate(OTHER, ca, **more)


@case(1501, "RFC 7427 3", only="esplaned")
def certificate_ecdsa(t):
    """ECDSA with SHA2-256, 384 and 512 is accepted."""
    for number in (SHA2_256, SHA2_384, SHA2_512):
        good(t, leaf(), number=number)
        t.subject.stop()


@case(1502, "RFC 7427 3", only="esplaned")
def certificate_rsa(t):
    """RSA is accepted, with PKCS #1 1.5 and with PSS."""
    key = rsa.generate_private_key(65537, 2048)
    for pss in (False, True):
        good(t, leaf(key=key), pss=pss)
        t.subject.stop()


@case(1503, "RFC 8420", only="esplaned")
def certificate_ed25519(t):
    """Ed25519 is accepted where the Identity hash has been said."""
    good(t, leaf(key=ed25519.Ed25519PrivateKey.generate()))


@case(1504, "RFC 7296 2.15, RFC 7427 4", only="esplaned")
def certificate_older_method(t):
    """Without SIGNATURE_HASH_ALGORITHMS both ends use the older methods (RFC 4754)."""
    the_pki = Pki(t)
    peer = the_pki.start()
    sa = peer.init().run()
    made = Certificate(OTHER, the_pki.ca)
    me = wire.identity(wire.IDI, wire.ID_FQDN, OTHER.encode())
    method, data = made.sign_older(sa.auth_octets(me.body, True))
    answer = sa.request(wire.IKE_AUTH, prove(peer, sa, made, method=method, data=data) +
                        peer.child_payloads(sa))
    accepted(answer)
    auth = answer.get(wire.AUTH)
    equal(auth[0], pki.ECDSA_256_METHOD, "its method")
    check(the_pki.own.proves(auth[0], auth[4:], sa.auth_octets(answer.get(wire.IDR), False)),
          "its proof is wrong")


@case(1505, "RFC 7296 2.15, 3.6", only="esplaned")
def certificate_own_proof(t):
    """Its own proof is right, with a hash that we have said, and its certificate comes along."""
    for said in (SHA2_256, SHA2_384, SHA2_512):
        the_pki, _, sa, answer = good(t, leaf(), said=hashes_notify(said), number=SHA2_256)
        equal(answer.get(wire.CERT), bytes([pki.X509]) + the_pki.own.der, "CERT")
        auth = answer.get(wire.AUTH)
        equal(the_pki.own.proves(auth[0], auth[4:], sa.auth_octets(answer.get(wire.IDR), False)),
              said, "the hash of its proof")
        t.subject.stop()


@case(1506, "RFC 7427 4", only="esplaned")
def certificate_hashes_are_said(t):
    """In IKE_SA_INIT it says the hashes of SHA-2, and not SHA-1."""
    peer = Pki(t).start()
    said = peer.init(extra=[SAID]).ask().notify(wire.SIGNATURE_HASH_ALGORITHMS)
    check(said is not None, "not said")
    numbers = {int.from_bytes(said.data[i:i + 2], "big") for i in range(0, len(said.data), 2)}
    check({SHA2_256, SHA2_384, SHA2_512} <= numbers, f"said: {numbers}")
    check(SHA1 not in numbers, "SHA-1 is said")


@case(1507, "RFC 7427 3", only="esplaned")
def certificate_hash_nobody_said(t):
    """A proof with SHA-1, which it has not said, is refused."""
    bad(t, leaf(), number=SHA1)


@case(1508, "RFC 7296 3.7", only="esplaned")
def certificate_is_asked_for(t):
    """CERTREQ in IKE_SA_INIT has the hash of the CA's key, once."""
    the_pki = Pki(t)
    body = the_pki.start().init(extra=[SAID]).ask().get(wire.CERTREQ)
    equal(body, bytes([pki.X509]) + the_pki.ca.key_hash, "CERTREQ")


@case(1509, "RFC 7296 2.15", only="esplaned")
def certificate_of_somebody_else(t):
    """A proof by another key than the certificate's is refused."""
    the_pki = Pki(t)
    shown = Certificate(OTHER, the_pki.ca)
    bad(t, leaf(), the_pki=the_pki, chain=[shown.payload])


@case(1510, "RFC 7296 2.15", only="esplaned")
def certificate_unknown_ca(t):
    """A certificate of a CA that it does not know is refused."""
    bad(t, Certificate(OTHER, Certificate("the CA", ca=True)))
    t.subject.stop()
    bad(t, Certificate(OTHER))


@case(1511, "RFC 5280 6.1.3", only="esplaned")
def certificate_out_of_time(t):
    """One that has expired, and one that is not valid yet, are refused."""
    bad(t, leaf(begin=-30, end=-1))
    t.subject.stop()
    bad(t, leaf(begin=1, end=30))


@case(1512, "RFC 7296 3.5", only="esplaned")
def certificate_of_another_name(t):
    """The identity must stand in the certificate."""
    bad(t, lambda ca: Certificate("other.example.org", ca))


@case(1530, "RFC 7296 3.5, RFC 5280 4.2.1.6, RFC 4945 3.1.1", only="esplaned")
def certificate_of_an_address(t):
    """An address as the identity must stand in the certificate as iPAddress: 4 or 16 octets."""
    for kind, own, other in ((wire.ID_IPV4_ADDR, "198.51.100.7", "198.51.100.8"),
                             (wire.ID_IPV6_ADDR, "2001:db8::7", "2001:db8::107")):
        own, other = ipaddress.ip_address(own), ipaddress.ip_address(other)
        how = {"ident": (kind, own.packed), "options": {"remote_id": str(own)}}
        bad(t, leaf(names=[x509.IPAddress(other), str(own)]), **how)
        t.subject.stop()
        good(t, leaf(names=[x509.IPAddress(other), x509.IPAddress(own)]), **how)
        t.subject.stop()


@case(1513, "RFC 7296 3.6", only="esplaned")
def certificate_is_not_sent(t):
    """A proof without any certificate is refused."""
    bad(t, leaf(), chain=[])


@case(1514, "RFC 7296 3.6", only="esplaned")
def certificate_of_an_intermediate_ca(t):
    """The chain to the CA may come along, in any order; without it the peer is refused."""
    for sent in ((0, 1), (0, 1, 1), (0,)):
        the_pki = Pki(t)
        middle = Certificate("the CA between", the_pki.ca, ca=True)
        made = Certificate(OTHER, middle)
        chain = [(made, middle)[i].payload for i in sent]
        (good if 1 in sent else bad)(t, made, the_pki=the_pki, chain=chain)
        t.subject.stop()


@case(1515, "RFC 5280 6.1.4", only="esplaned")
def certificate_by_no_ca(t):
    """A certificate that is signed with the key of one that is no CA is refused."""
    the_pki = Pki(t)
    middle = Certificate("mallory.example.org", the_pki.ca)
    made = Certificate(OTHER, middle)
    bad(t, made, the_pki=the_pki, chain=[made.payload, middle.payload])


@case(1516, "RFC 5280 6.3", only="esplaned")
def certificate_is_revoked(t):
    """Who is on the CA's list is refused; who is not is accepted."""
    the_pki = Pki(t)
    on, off = (Certificate(OTHER, the_pki.ca) for _ in range(2))
    options = {"crl": [the_pki.file("ca.crl", the_pki.ca.revoke(on))]}
    bad(t, on, the_pki=the_pki, options=options)
    t.subject.stop()
    good(t, off, the_pki=the_pki, options=options)


@case(1517, "RFC 5280 6.3", only="esplaned")
def certificate_strict_revocation(t):
    """With `revocation = strict` a peer whose CA has no list is refused."""
    bad(t, leaf(), options={"revocation": "strict"})


@case(1518, "RFC 7296 3.6", only="esplaned")
def certificate_garbage(t):
    """What is no certificate, or of an encoding nobody knows, proves nothing and breaks nothing."""
    for octets in (b"", b"\x04", b"\x04\x30\x82\xff\xff" + bytes(80), b"\x00\x01", b"\xfe" * 300,
                   b"\x04" + os.urandom(2000)):
        bad(t, leaf(), chain=[wire.Payload(wire.CERT, octets)] if octets else
            [wire.Payload(wire.CERT, b"\x04\x30")])
        t.subject.stop()


@case(1519, "RFC 7296 3.6", only="esplaned")
def certificate_beside_others(t):
    """Certificates that have nothing to do with it, before or after, do not matter, up to a bound."""
    the_pki = Pki(t)
    made = Certificate(OTHER, the_pki.ca)
    good(t, made, the_pki=the_pki, chain=[made.payload, Certificate("x.example.org").payload])
    t.subject.stop()
    peer = the_pki.start()
    sa = peer.init(extra=[SAID]).run()
    sa.transmit(sa.seal(wire.IKE_AUTH, prove(peer, sa, made, chain=[made.payload] * 60) +
                        peer.child_payloads(sa), 1))
    t.silent(peer, lambda m: m.inner is not None and m.error() is None)
    sa = peer.init(extra=[SAID]).run()
    accepted(sa.request(wire.IKE_AUTH, prove(peer, sa, made) + peer.child_payloads(sa)))


@case(1520, "RFC 7427 5", only="esplaned")
def certificate_weak_key(t):
    """RSA of 1024 bits is refused."""
    bad(t, leaf(key=rsa.generate_private_key(65537, 1024)))


@case(1521, "RFC 7427 3", only="esplaned")
def certificate_proof_is_malformed(t):
    """A signature that is cut, or whose algorithm's length goes beyond it, is refused."""
    for change in (lambda d: d[:-1], lambda d: b"\xff" + d[1:], lambda d: b"\0" + d[1:],
                   lambda d: d[:1], lambda d: d + b"\0"):
        the_pki = Pki(t)
        peer = the_pki.start()
        sa = peer.init(extra=[SAID]).run()
        made = Certificate(OTHER, the_pki.ca)
        payloads = prove(peer, sa, made)
        payloads[-1].body = payloads[-1].body[:4] + change(payloads[-1].body[4:])
        refused(sa.request(wire.IKE_AUTH, payloads + peer.child_payloads(sa)),
                wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        t.subject.stop()


@case(1522, "RFC 7296 2.15", only="esplaned")
def certificate_not_a_secret(t):
    """Where certificates are wanted a proof by pre-shared key is refused."""
    peer = Pki(t).start()
    sa = peer.init(extra=[SAID]).run()
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, ident=(wire.ID_FQDN, OTHER.encode()))), wire.AUTHENTICATION_FAILED)
    t.nothing_kept()


@case(1523, "RFC 7296 2.15", only="esplaned")
def certificate_wrong_curve(t):
    """ECDSA on P-384 is a proof of its own key's, not of one on P-256."""
    key = ec.generate_private_key(ec.SECP384R1())
    good(t, leaf(key=key), number=SHA2_384)
    t.subject.stop()
    the_pki = Pki(t)
    bad(t, Certificate(OTHER, the_pki.ca, key=key), the_pki=the_pki, number=SHA2_384,
        chain=[Certificate(OTHER, the_pki.ca).payload])


@case(1527, "RFC 7296 3.8", only="esplaned")
def certificate_dsa(t):
    """DSA (method 3) is accepted with `allow-legacy = yes`, and refused without."""
    key = dsa.generate_private_key(1024)
    for legacy in (True, False):
        the_pki = Pki(t)
        peer = the_pki.start(allow_legacy="yes" if legacy else "no")
        sa = peer.init(extra=[SAID]).run()
        made = Certificate(OTHER, the_pki.ca, key=key)
        me = wire.identity(wire.IDI, wire.ID_FQDN, OTHER.encode())
        method, data = made.sign_older(sa.auth_octets(me.body, True))
        answer = sa.request(wire.IKE_AUTH, prove(peer, sa, made, method=method, data=data) +
                            peer.child_payloads(sa))
        if legacy:
            accepted(answer)
        else:
            refused(answer, wire.AUTHENTICATION_FAILED)
            t.nothing_kept()
        t.subject.stop()


@case(1528, "RFC 4806 3.1", only="esplaned")
def certificate_ocsp_is_asked_for(t):
    """CERTREQ asks for OCSP responses, of no certain responder; not with `revocation = off`."""
    for revocation in ("if-available", "off"):
        bodies = Pki(t).start(revocation=revocation).init(extra=[SAID]).ask().all(wire.CERTREQ)
        equal([b.body for b in bodies if b.body[0] == pki.OCSP],
              [bytes([pki.OCSP])] if revocation != "off" else [], "CERTREQ for OCSP")
        t.subject.stop()


@case(1529, "RFC 4806 3.2, 4", only="esplaned")
def certificate_ocsp_comes_along(t):
    """A response that the peer sends counts where the issuer has signed it: good, or revoked."""
    strict = {"revocation": "strict"}
    for issuer, revoked, fine in ((None, False, True), (None, True, False),
                                  (Certificate("the CA", ca=True), False, False)):
        the_pki = Pki(t)
        made = Certificate(OTHER, the_pki.ca)
        said = (issuer or the_pki.ca).vouch(made, revoked)
        (good if fine else bad)(t, made, the_pki=the_pki, options=strict,
                                chain=[made.payload, said])
        t.subject.stop()
    the_pki = Pki(t)
    made = Certificate(OTHER, the_pki.ca)
    junk = wire.Payload(wire.CERT, bytes([pki.OCSP]) + os.urandom(900))
    bad(t, made, the_pki=the_pki, options=strict, chain=[made.payload] + [junk] * 9)


# --- the subject is the initiator ---

def called(t, certificate=None, said=SAID, **how):
    """The subject begins; the peer answers with a proof by @certificate; the trial's PKI, SA."""
    the_pki = Pki(t)
    peer = the_pki.start()
    t.subject.up()
    request = wire.Payload(wire.CERTREQ, bytes([pki.X509]) + the_pki.ca.key_hash)
    sa = peer.accept_init(extra=[said, request])
    message = sa.expect(wire.IKE_AUTH)
    auth = message.get(wire.AUTH)
    check(the_pki.own.proves(auth[0], auth[4:], sa.auth_octets(message.get(wire.IDI), True)),
          "its proof is wrong")
    equal(message.get(wire.CERT), bytes([pki.X509]) + the_pki.own.der, "CERT")
    made = certificate(the_pki.ca) if callable(certificate) else certificate
    payloads = prove(peer, sa, made, **how)
    sa.child = peer.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(message, payloads)
    return the_pki, peer, sa


@case(1524, "RFC 7296 2.15, 3.6", only="esplaned")
def certificate_as_initiator(t):
    """As initiator it sends its certificate and a right proof, and takes a right one."""
    _, _, sa = called(t, leaf())
    t.has_child(sa)


@case(1525, "RFC 7296 2.21.2", only="esplaned")
def certificate_of_a_wrong_responder(t):
    """As initiator it takes no responder of another CA, name or key, and says so."""
    stranger = Certificate(OTHER)
    for certificate, how in ((stranger, {}),
                             (lambda ca: Certificate("other.example.org", ca), {}),
                             (leaf(begin=-30, end=-1), {}),
                             (leaf(), {"chain": [stranger.payload]})):
        _, _, sa = called(t, certificate, **how)
        message = sa.expect(wire.INFORMATIONAL)
        check(message.error() == wire.AUTHENTICATION_FAILED or message.get(wire.D) is not None,
              f"it says {message}")
        t.nothing_kept()
        t.subject.stop()


@case(1526, "RFC 7427 4", only="esplaned")
def certificate_initiator_says_hashes(t):
    """As initiator it says its hashes in IKE_SA_INIT, and SHA-1 is none of them."""
    peer = Pki(t).start()
    t.subject.up()
    said = peer.expect(lambda m: m.exchange == wire.IKE_SA_INIT, "IKE_SA_INIT") \
        .notify(wire.SIGNATURE_HASH_ALGORITHMS)
    check(said is not None, "not said")
    check(b"\0\1" not in [said.data[i:i + 2] for i in range(0, len(said.data), 2)], "SHA-1")
