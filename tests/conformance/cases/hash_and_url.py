# SPDX-License-Identifier: GPL-2.0
"""A certificate's hash and address in the place of it (RFC 7296 3.6), the subject in both roles."""
import hashlib

from case import accepted, case, equal
from cases.certificates import OTHER, SAID, Pki, prove
from peer import pki, wire
from peer.pki import Certificate

URL = "http://certs.example.org/gw.der"
LOOKUP = wire.notify(wire.HTTP_CERT_LOOKUP_SUPPORTED)


def said_of(certificate, url):
    return bytes([pki.X509_URL]) + hashlib.sha1(certificate.der).digest() + url.encode()


@case(1540, "RFC 7296 3.6, 3.7", only="esplaned")
def hash_and_url_is_sent(t):
    """`cert-url`: to who looks certificates up the answer says where its own is; else it has it."""
    for fetches in (True, False):
        the_pki = Pki(t)
        peer = the_pki.start(cert_url=URL)
        sa = peer.init(extra=[SAID]).run()
        made = Certificate(OTHER, the_pki.ca)
        answer = sa.request(wire.IKE_AUTH, prove(peer, sa, made) + ([LOOKUP] if fetches else []) +
                            peer.child_payloads(sa))
        accepted(answer)
        equal([p.body for p in answer.all(wire.CERT)],
              [said_of(the_pki.own, URL) if fetches else
               bytes([pki.X509]) + the_pki.own.der], "CERT")
        t.subject.stop()


@case(1541, "RFC 7296 3.6, 3.7", only="esplaned")
def hash_and_url_is_sent_by_the_initiator(t):
    """Likewise as initiator, to who says it in the answer to IKE_SA_INIT."""
    for fetches in (True, False):
        the_pki = Pki(t)
        peer = the_pki.start(cert_url=URL)
        t.subject.up()
        request = wire.Payload(wire.CERTREQ, bytes([pki.X509]) + the_pki.ca.key_hash)
        sa = peer.accept_init(extra=[SAID, request] + ([LOOKUP] if fetches else []))
        equal([p.body for p in sa.expect(wire.IKE_AUTH).all(wire.CERT)],
              [said_of(the_pki.own, URL) if fetches else
               bytes([pki.X509]) + the_pki.own.der], "CERT")
        t.subject.stop()
