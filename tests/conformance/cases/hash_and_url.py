# SPDX-License-Identifier: GPL-2.0
"""A certificate's hash and address in the place of it (RFC 7296 3.6), the subject in both roles."""
import hashlib
import http.server
import threading
import time

from case import accepted, case, check, equal, refused
from cases.certificates import OTHER, SAID, Pki, prove
from peer import pki, wire
from peer.pki import Certificate
from subject.net import PEERS

URL = "http://certs.example.org/gw.der"
LOOKUP = wire.notify(wire.HTTP_CERT_LOOKUP_SUPPORTED)


def said_of(certificate, url, encoding=pki.X509_URL):
    return bytes([encoding]) + hashlib.sha1(certificate.der).digest() + url.encode()


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


class Web:
    """Serves @pages: path to octets, to None for a server that never answers, or to where else it
    says that it is; counts who asks."""
    def __init__(self, pages):
        self.asked, self.over, web = [], threading.Event(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                page = pages.get(self.path, b"")
                if page is None:
                    web.over.wait(60)
                elif isinstance(page, str):
                    self.send_response(302)
                    self.send_header("Location", page)
                    self.end_headers()
                else:
                    self.send_response(200 if self.path in pages else 404)
                    self.end_headers()
                    self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((PEERS[-1], 8080), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


HERE = f"http://{PEERS[-1]}:8080/ike/"


def fetches(t, **more):
    the_pki = Pki(t)
    return the_pki, the_pki.start(fetch_certs=[HERE], **more)


def payload(certificate, url, encoding=pki.X509_URL):
    return wire.Payload(wire.CERT, said_of(certificate, url, encoding))


def come(t, peer, certificate, chain):
    sa = peer.init(extra=[SAID]).run()
    answer = sa.request(wire.IKE_AUTH, prove(peer, sa, certificate, chain=chain) +
                        peer.child_payloads(sa))
    return sa, answer


def bundle(*certificates):
    """CertificateBundle (3.6) of certificates."""
    def element(tag, body):
        return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body
    return element(0x30, b"".join(element(0xa0, c.der) for c in certificates))


@case(1542, "RFC 7296 3.6, 3.7", only="esplaned")
def hash_and_url_is_offered(t):
    """HTTP_CERT_LOOKUP_SUPPORTED is beside CERTREQ where `fetch-certs` is set, and only there."""
    for options in ({"fetch_certs": [HERE]}, {}):
        answer = Pki(t).start(**options).init(extra=[SAID]).ask()
        equal(answer.notify(wire.HTTP_CERT_LOOKUP_SUPPORTED) is not None, bool(options),
              "said in the answer to IKE_SA_INIT")
        t.subject.stop()
        peer = Pki(t).start(**options)
        t.subject.up()
        message = peer.accept_init(extra=[SAID]).expect(wire.IKE_AUTH)
        equal(message.notify(wire.HTTP_CERT_LOOKUP_SUPPORTED) is not None, bool(options),
              "said in IKE_AUTH")
        t.subject.stop()


@case(1543, "RFC 7296 3.6", only="esplaned")
def hash_and_url_is_fetched(t):
    """A certificate is fetched, alone or in a bundle, and when it is known not again."""
    the_pki, peer = fetches(t)
    made, middle = Certificate(OTHER, the_pki.ca), Certificate("a CA below", the_pki.ca, ca=True)
    below = Certificate(OTHER, middle)
    whole = bundle(below, middle)
    with Web({"/ike/1": made.der, "/ike/2": whole}) as web:
        for _ in range(2):
            sa, answer = come(t, peer, made, [payload(made, HERE + "1")])
            accepted(answer)
            equal(web.asked, ["/ike/1"], "what was fetched")
        sa, answer = come(t, peer, below,
                          [wire.Payload(wire.CERT, bytes([pki.BUNDLE_URL]) +
                                        hashlib.sha1(whole).digest() + (HERE + "2").encode())])
        accepted(answer)
        equal(web.asked, ["/ike/1", "/ike/2"], "what was fetched")


@case(1544, "RFC 7296 3.6", only="esplaned")
def hash_and_url_that_is_wrong(t):
    """What has another hash, is too long, elsewhere, not there or never comes is refused, and the
    log says why; nothing but what begins as `fetch-certs` says is asked for."""
    the_pki, peer = fetches(t)
    made, other = Certificate(OTHER, the_pki.ca), Certificate(OTHER, the_pki.ca)
    pages = {"/ike/1": other.der, "/ike/2": made.der + bytes(20000), "/ike/3": HERE + "0",
             "/ike/5": None, "/ike/0": made.der}
    with Web(pages) as web:
        for url, why in ((HERE + "1", "but the peer says"),
                         (HERE + "2", "it is longer than 16384 octets"),
                         (HERE + "3", "answers 302, and no redirection is followed"),
                         (HERE + "4", "the server answers 404"),
                         (HERE + "5", "Timeout was reached"),
                         (HERE + "../ike/0", "which does not begin as fetch-certs says"),
                         (HERE[:-4] + "0", "which does not begin as fetch-certs says"),
                         ("http://127.0.0.1:8080/", "which does not begin as fetch-certs says")):
            _, answer = come(t, peer, made, [payload(made, url)])
            refused(answer, wire.AUTHENTICATION_FAILED)
            t.nothing_kept()
            t.subject.wait(lambda why=why: why in t.subject.log(), why)
            time.sleep(1.1)             # strangers are mentioned once a second
        equal(web.asked, [f"/ike/{n}" for n in range(1, 6)], "what was asked for")
        for _ in range(2):              # it does not hold up whom it lets in
            accepted(come(t, peer, made, [payload(made, HERE + "0")])[1])


@case(1545, "RFC 7296 3.6", only="esplaned")
def hash_and_url_unasked(t):
    """Without `fetch-certs` nothing is fetched, and the log says what to do."""
    the_pki = Pki(t)
    peer = the_pki.start()
    made = Certificate(OTHER, the_pki.ca)
    with Web({"/ike/1": made.der}) as web:
        _, answer = come(t, peer, made, [payload(made, HERE + "1")])
        refused(answer, wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        check("let it send the certificate, or give fetch-certs" in t.subject.log(), "no word")
        equal(web.asked, [], "what was fetched")


@case(1546, "RFC 7296 3.6", only="esplaned")
def hash_and_url_of_the_responder(t):
    """As initiator it fetches the certificate of the responder."""
    the_pki, peer = fetches(t)
    made = Certificate(OTHER, the_pki.ca)
    with Web({"/ike/1": made.der}) as web:
        t.subject.up()
        sa = peer.accept_init(extra=[SAID])
        message = sa.expect(wire.IKE_AUTH)
        payloads = prove(peer, sa, made, chain=[payload(made, HERE + "1")])
        sa.child = peer.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads)
        sa.respond(message, payloads)
        t.has_child(sa)
        equal(web.asked, ["/ike/1"], "what was fetched")
