# SPDX-License-Identifier: GPL-2.0
"""EAP passed through to a RADIUS server (RFC 3579), which is this program, well and badly."""
import hashlib
import hmac
import os
import queue
import socket
import struct
import threading

from case import accepted, case, check, equal, refused
from cases.eap import FAILURE, IDENTITY, MD5, NAK, PASSWORD, REQUEST, RESPONSE, SUCCESS, Client, packet
from peer import wire
from peer.exchange import endpoint
from subject.net import BOTH, PEERS

ADDRESS = PEERS[-1]
SECRET = b"between us"
ACCESS_REQUEST, ACCEPT, REJECT, CHALLENGE = 1, 2, 3, 11
USER, MTU, STATE, VENDOR, CALLED, CALLING, NAS, MESSAGE, PROOF = 1, 12, 24, 26, 30, 31, 32, 79, 80


def attribute(kind, value):
    return bytes([kind, 2 + len(value)]) + value


def message(octets):
    return b"".join(attribute(MESSAGE, octets[i:i + 253]) for i in range(0, len(octets), 253))


def key(request, kind, salt, value):
    """A key of MS-MPPE, RFC 2548 2.4."""
    plain = bytes([len(value)]) + value
    plain += bytes(-len(plain) % 16)
    hidden, before = b"", request.authenticator + salt
    for i in range(0, len(plain), 16):
        before = bytes(a ^ b for a, b in zip(plain[i:i + 16], hashlib.md5(SECRET + before).digest()))
        hidden += before
    inner = bytes([kind, 4 + len(hidden)]) + salt + hidden
    return attribute(VENDOR, struct.pack(">I", 311) + inner)


class Request:
    def __init__(self, octets):
        self.octets = octets
        self.code, self.number, size = struct.unpack(">BBH", octets[:4])
        equal(size, len(octets), "the length of a request")
        self.authenticator, self.attributes, at = octets[4:20], [], 20
        while at < size:
            check(octets[at + 1] >= 2 and at + octets[at + 1] <= size, "a malformed attribute")
            self.attributes.append((octets[at], octets[at + 2:at + octets[at + 1]]))
            at += octets[at + 1]

    def get(self, kind):
        values = [v for k, v in self.attributes if k == kind]
        return b"".join(values) if values else None

    def is_proved(self):
        kind, proof = self.attributes[0]
        equal(kind, PROOF, "the first attribute")
        bare = self.octets[:22] + bytes(16) + self.octets[38:]
        equal(proof, hmac.new(SECRET, bare, "md5").digest(), "Message-Authenticator")

    def answer(self, code, attributes=b"", number=None, proof=True, secret=SECRET):
        number = self.number if number is None else number
        attributes = (attribute(PROOF, bytes(16)) if proof else b"") + attributes
        head = struct.pack(">BBH", code, number, 20 + len(attributes))
        if proof:
            made = hmac.new(secret, head + self.authenticator + attributes, "md5").digest()
            attributes = attributes[:2] + made + attributes[18:]
        made = hashlib.md5(head + self.authenticator + attributes + secret).digest()
        return head + made + attributes


class Server:
    """Answers each request with what @rule makes of it, and keeps them."""
    def __init__(self, rule):
        self.rule, self.requests, self.wrong = rule, [], queue.Queue()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, 1812))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            octets, source = self.socket.recvfrom(4096)
            if not octets:
                return
            try:
                request = Request(octets)
                self.requests.append(request)
                for answer in self.rule(request):
                    self.socket.sendto(answer, source)
            except Exception as error:      # the case tells it
                self.wrong.put(error)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", (ADDRESS, 1812))
        self.thread.join()
        self.socket.close()
        if not self.wrong.empty():
            raise self.wrong.get()


def client(t):
    secret = t.subject.path("radius.secret")
    with open(secret, "wb") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(SECRET + b"\n")
    return Client(t, ["radius"], users=None, radius_server=ADDRESS, radius_secret_file=secret,
                  local_id="gw.example.org")


class Md5:
    """The server's end of EAP-MD5; @accept: what goes with the acceptance."""
    def __init__(self, accept=lambda request: b""):
        self.challenge, self.accept = os.urandom(16), accept

    def __call__(self, request):
        request.is_proved()
        eap = request.get(MESSAGE)
        if eap[4] == IDENTITY:
            body = packet(REQUEST, 77, MD5, bytes([16]) + self.challenge)
            return [request.answer(CHALLENGE, message(body) + attribute(STATE, b"md5 goes on"))]
        equal(request.get(STATE), b"md5 goes on", "State")
        made = hashlib.md5(bytes([77]) + PASSWORD + self.challenge).digest()
        if eap[6:22] == made:
            return [request.answer(ACCEPT, message(packet(SUCCESS, 77)) + self.accept(request))]
        return [request.answer(REJECT, message(packet(FAILURE, 77)))]


@case(1901, "RFC 3579 2, RFC 2865 3, 5", only="esplaned", over=BOTH)
def radius_passes_eap_through(t):
    """What the client says in EAP goes to the RADIUS server, and its answers to the client."""
    with Server(Md5()) as server:
        c = client(t)
        equal(c.identify().kind, MD5, "the server's method")
        equal(c.asked.number, 77, "the server's identifier")
        equal(c.prove().get(wire.EAP)[0], SUCCESS, "the end of EAP")
        accepted(c.finish())
        first, second = server.requests
        for request in (first, second):
            equal(request.code, ACCESS_REQUEST, "the code")
            equal(request.get(USER), b"alice", "User-Name")
            equal(request.get(NAS), b"gw.example.org", "NAS-Identifier")
            for kind, end in ((CALLING, t.outside.peers[0]), (CALLED, t.outside.subject)):
                check(request.get(kind).decode() in (endpoint(end, 500), endpoint(end, 4500)),
                      f"attribute {kind}")
            equal(request.get(MTU), struct.pack(">I", 1100), "Framed-MTU")
        check(first.get(STATE) is None, "State in the first request")
        check(first.authenticator != second.authenticator, "an authenticator twice")


@case(1902, "RFC 2548 2.4, RFC 3748 7.10, RFC 7296 2.16", only="esplaned")
def radius_key_makes_the_proof(t):
    """The keys that the server gives are the MSK: both proofs are made with it, and no other is taken."""
    recv, send = os.urandom(32), os.urandom(32)

    def keys(request):
        return key(request, 16, b"\x80\x01", send) + key(request, 17, b"\x80\x02", recv)
    with Server(Md5(keys)):
        c = client(t)
        c.identify()
        c.prove()
        refused(c.finish(), wire.AUTHENTICATION_FAILED)
        t.nothing_kept()
        c.identify()
        c.prove()
        answer = c.finish(recv + send)
        accepted(answer)
        auth, octets = answer.get(wire.AUTH), c.sa.auth_octets(c.first.get(wire.IDR), False)
        equal(auth[4:], c.sa.key_pad_mac(recv + send, octets), "its proof")


@case(1903, "RFC 3579 2.6", only="esplaned")
def radius_refuses(t):
    """What the server refuses is refused with EAP-Failure, and nothing is kept of it."""
    with Server(Md5()):
        c = client(t)
        c.identify()
        c.prove(b"looking glass")
        c.turned_away()
        equal(c.asked.code, FAILURE, "its EAP packet")
        c.lives()


@case(1904, "RFC 3579 3.2, RFC 2865 3", only="esplaned")
def radius_forged_answers(t):
    """Answers without Message-Authenticator, with a wrong one, of another identifier, malformed: none counts."""
    md5, heard = Md5(), []

    def rule(request):
        good = md5(request)
        eap = message(packet(FAILURE, 77))
        heard.append(request.octets)
        if heard.count(request.octets) > 1:
            return good
        return [request.answer(REJECT, eap, proof=False), request.answer(REJECT, eap, secret=b"guess"),
                request.answer(REJECT, eap, number=(request.number + 1) % 256),
                request.answer(REJECT, eap)[:-1], b"", good[0][:4] + bytes(16) + good[0][20:],
                request.answer(ACCESS_REQUEST, eap), request.answer(REJECT, eap + b"\x01\x00")]
    with Server(rule):
        client(t).lives()
        equal((len(heard), len(set(heard))), (4, 2), "requests, and different ones")


@case(1905, "RFC 2865 2.4, 3, RFC 5080 2.2.1", only="esplaned")
def radius_retransmits(t):
    """A request that is not answered goes out again, octet by octet the same."""
    md5, heard = Md5(), []

    def rule(request):
        heard.append(request.octets)
        return md5(request) if heard.count(request.octets) > 1 else []
    with Server(rule):
        client(t).lives()
        equal((len(heard), len(set(heard))), (4, 2), "requests, and different ones")


@case(1906, "RFC 3579 2.6.3, 2.6.4", only="esplaned")
def radius_says_two_things(t):
    """An acceptance with EAP-Failure, a challenge without a request of EAP, are refusals."""
    c = None
    for code, eap in ((ACCEPT, packet(FAILURE, 77)), (CHALLENGE, b""), (CHALLENGE, packet(SUCCESS, 77)),
                      (CHALLENGE, packet(RESPONSE, 77, MD5, b"x")), (CHALLENGE, b"\x01\x4d\xff\xff\x04")):
        with Server(lambda r, a=(code, message(eap)): [r.answer(*a)]):
            c = c or client(t)
            c.begin()
            c.respond(IDENTITY, b"alice")
            c.turned_away()
    with Server(Md5()):
        c.lives()


@case(1907, "RFC 3748 5.3, RFC 3579 2", only="esplaned")
def radius_any_method(t):
    """A NAK, and methods that the subject has never heard of, are between client and server."""
    md5, heard = Md5(), []

    def rule(request):
        kind = request.get(MESSAGE)[4]
        heard.append(kind)
        if kind == IDENTITY:
            return [request.answer(CHALLENGE, message(packet(REQUEST, 3, 52, bytes(1100))))]
        if kind == NAK:
            return [request.answer(CHALLENGE, message(packet(REQUEST, 4, 254, b"\x00\x00\x09\x00\x00\x00\x01")))]
        if kind == 254:
            body = packet(REQUEST, 77, MD5, bytes([16]) + md5.challenge)
            return [request.answer(CHALLENGE, message(body) + attribute(STATE, b"md5 goes on"))]
        return md5(request)
    with Server(rule):
        c = client(t)
        equal(c.identify().kind, 52, "the first method")
        equal(len(c.asked.data), 1100, "its octets")
        c.respond(NAK, bytes([254]))
        equal((c.asked.kind, c.asked.number), (254, 4), "the second")
        c.respond(254, b"\x00\x00\x09\x00\x00\x00\x01" + bytes(2000))
        equal(c.asked.kind, MD5, "the third")
        equal(c.prove().get(wire.EAP)[0], SUCCESS, "the end of EAP")
        accepted(c.finish())
        equal(heard, [IDENTITY, NAK, 254, MD5], "what the server has heard")


@case(1908, "RFC 3579 2.2", only="esplaned")
def radius_too_long(t):
    """A request of EAP that is longer than Framed-MTU allows, and a response that fits no packet, are the end."""
    with Server(lambda r: [r.answer(CHALLENGE, message(packet(REQUEST, 3, 52, bytes(1200))))]):
        c = client(t)
        c.begin()
        c.respond(IDENTITY, b"alice")
        c.turned_away()
    with Server(Md5()):
        c.identify()
        c.respond(MD5, bytes(3500))
        c.turned_away()
        c.lives()
