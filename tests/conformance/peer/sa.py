# SPDX-License-Identifier: GPL-2.0
"""An IKE SA and a CHILD_SA of the peer's: keys (RFC 7296 2.14, 2.17, 2.18), protection (3.14)."""
import hashlib
import ipaddress
import os
import struct
from dataclasses import dataclass

from . import crypto, wire


@dataclass
class Suite:
    """The algorithms of an IKE SA or CHILD_SA: transforms; None where there is none."""
    encr: wire.Transform = None
    integ: wire.Transform = None
    prf: int = None
    dh: int = None
    esn: int = None

    @classmethod
    def of(cls, proposal):
        prf, group, esn = (proposal.one(k) for k in (wire.PRF, wire.DH, wire.ESN))
        return cls(proposal.one(wire.ENCR), proposal.one(wire.INTEG), prf and prf.id,
                   group and group.id, esn and esn.id)


def nat_hash(spi_i, spi_r, address, port):
    """2.23."""
    packed = ipaddress.ip_address(address).packed
    return hashlib.sha1(spi_i + spi_r + packed + struct.pack(">H", port)).digest()


class ChildSa:
    """@spi_in: ours; @first: are we the initiator of the exchange that made it?"""
    def __init__(self, ike, suite, spi_in, spi_out, nonces, first, shared=b""):
        self.suite, self.spi_in, self.spi_out = suite, spi_in, spi_out
        sizes = (crypto.encr_key_size(suite.encr), crypto.integ_key_size(suite.integ))
        keymat = crypto.prf_plus(ike.suite.prf, ike.sk_d, shared + b"".join(nonces), 2 * sum(sizes))
        keys = []
        for size in sizes * 2:
            keys.append(keymat[:size])
            keymat = keymat[size:]
        ours, theirs = tuple(keys[:2]), tuple(keys[2:])
        self.out_keys, self.in_keys = (ours, theirs) if first else (theirs, ours)


class IkeSa:
    """
    @initiator: are we its original initiator? Message ids: the next request of ours, the next that
    we expect of the other side.
    """
    def __init__(self, peer, suite, spi_i, spi_r, initiator):
        self.peer, self.suite, self.initiator = peer, suite, initiator
        self.spi_i, self.spi_r = spi_i, spi_r
        self.next_out = self.next_in = 0
        self.port, self.to = 500, None          # our port; where the other side is
        self.init_i = self.init_r = None        # the two IKE_SA_INIT messages as they went
        self.nonce_i = self.nonce_r = None
        self.answers = {}                       # by message id, as they went
        self.parts = {}                         # fragments that came, by message id and direction
        self.child = None

    def derive(self, nonce_i, nonce_r, shared, old=None):
        """@old: the IKE SA that this one replaces (2.18)."""
        s = self.suite
        self.nonce_i, self.nonce_r = nonce_i, nonce_r
        if old:
            seed = crypto.prf_mac(old.suite.prf, old.sk_d, shared + nonce_i + nonce_r)
        else:
            seed = crypto.prf_mac(s.prf, nonce_i + nonce_r, shared)
        n, a = crypto.prf_size(s.prf), crypto.integ_key_size(s.integ)
        e = crypto.encr_key_size(s.encr)
        sizes, keys = (n, a, a, e, e, n, n), []
        seed_plus = nonce_i + nonce_r + self.spi_i + self.spi_r
        stream = crypto.prf_plus(s.prf, seed, seed_plus, sum(sizes))
        for size in sizes:
            keys.append(stream[:size])
            stream = stream[size:]
        self.sk_d, ai, ar, ei, er, self.sk_pi, self.sk_pr = keys
        made = [self.cipher(ei, ai), self.cipher(er, ar)]
        self.out_cipher, self.in_cipher = made if self.initiator else made[::-1]

    def cipher(self, key, integ_key):
        if self.suite.encr.id in crypto.AEAD:
            return crypto.Aead(self.suite.encr, key)
        return crypto.Cbc(key, self.suite.integ.id, integ_key)

    def key_pad_mac(self, psk, octets):
        """2.15."""
        pad = crypto.prf_mac(self.suite.prf, psk, b"Key Pad for IKEv2")
        return crypto.prf_mac(self.suite.prf, pad, octets)

    def auth_octets(self, body, of_initiator):
        """What is signed (2.15). @body: of the ID payload of whoever signs."""
        if of_initiator:
            return self.init_i + self.nonce_r + crypto.prf_mac(self.suite.prf, self.sk_pi, body)
        return self.init_r + self.nonce_i + crypto.prf_mac(self.suite.prf, self.sk_pr, body)

    def seal(self, exchange, payloads, mid, response=False, flags=None, version=wire.VERSION,
             spoil=None, outside=(), reserved=0, pad=None, first=None,
             extra_padding=0):
        """
        One protected message. @outside: payloads before the Encrypted one. @spoil: changes the
        finished octets. @pad: the number that Pad Length says, where it is to lie. @first: the type
        that the Encrypted payload says is inside, likewise. @extra_padding: whole blocks, octets.
        """
        kind, plain = wire.chain(payloads)
        cipher = self.out_cipher
        padding = -(len(plain) + 1) % cipher.block + extra_padding
        plain += bytes(padding) + bytes([padding if pad is None else pad])
        size = 4 + cipher.iv_size + len(plain) + cipher.icv_size
        if flags is None:
            flags = (wire.FLAG_INITIATOR if self.initiator else 0) | \
                    (wire.FLAG_RESPONSE if response else 0)
        before_kind, before = wire.chain(list(outside), last=wire.SK)
        header = (self.spi_i + self.spi_r +
                  struct.pack(">BBBBII", before_kind, version, exchange, flags, mid,
                              28 + len(before) + size) + before +
                  struct.pack(">BBH", kind if first is None else first, reserved, size))
        data = header + cipher.seal(header, plain)
        return spoil(data) if spoil else data

    def seal_part(self, exchange, kind, plain, mid, number, total, response=False, spoil=None):
        """One Encrypted Fragment (RFC 7383 2.5) with these octets. @kind: of the first payload."""
        cipher = self.out_cipher
        padding = -(len(plain) + 1) % cipher.block
        plain += bytes(padding) + bytes([padding])
        size = 8 + cipher.iv_size + len(plain) + cipher.icv_size
        flags = (wire.FLAG_INITIATOR if self.initiator else 0) | \
                (wire.FLAG_RESPONSE if response else 0)
        header = (self.spi_i + self.spi_r +
                  struct.pack(">BBBBII", wire.SKF, wire.VERSION, exchange, flags, mid, 28 + size) +
                  struct.pack(">BBHHH", kind if number == 1 else wire.NONE, 0, size, number, total))
        data = header + cipher.seal(header, plain)
        return spoil(data) if spoil else data

    def seal_parts(self, exchange, payloads, mid, size=100, response=False):
        """A message in fragments of @size octets of content each."""
        kind, plain = wire.chain(payloads)
        pieces = [plain[at:at + size] for at in range(0, len(plain), size)] or [b""]
        return [self.seal_part(exchange, kind, piece, mid, i + 1, len(pieces), response)
                for i, piece in enumerate(pieces)]

    def gather(self, message):
        """The whole message with .inner, once its last fragment has come; else None."""
        body = message.payloads[-1].body
        number, total = struct.unpack(">HH", body[1:5])
        if not 1 <= number <= total:
            raise wire.Malformed(f"fragment {number} of {total}")
        header = message.raw[:len(message.raw) - len(body) + 5]
        plain = self.in_cipher.open(header, body[5:])
        key = message.response, message.id, total
        parts = self.parts.setdefault(key, {})
        parts[number] = body[0], plain[:-1 - plain[-1]], len(message.raw)
        if len(parts) < total:
            return None
        if any(parts[n][0] for n in parts if n > 1):
            raise wire.Malformed("a fragment other than the first names a payload")
        message.inner = wire.unchain(parts[1][0], b"".join(parts[n][1] for n in sorted(parts)))
        message.fragments, message.largest = total, max(part[2] for part in parts.values())
        del self.parts[key]
        return message

    def open(self, message):
        """Decrypts what the other side sent; sets message.inner."""
        sk = message.payloads[-1]
        if sk.type != wire.SK:
            return False
        body = sk.body[1:]
        header = message.raw[:len(message.raw) - len(body)]
        plain = self.in_cipher.open(header, body)
        if plain[-1] >= len(plain):
            raise wire.Malformed("padding that is longer than what is padded")
        message.inner = wire.unchain(sk.body[0], plain[:-1 - plain[-1]])
        return True

    # --- exchanges ---

    def transmit(self, data):
        self.peer.send(data, self.port, self.to)

    def send(self, exchange, payloads, **how):
        """Sends a request, and does not wait. Returns its octets."""
        mid = how.pop("mid", self.next_out)
        data = self.seal(exchange, payloads, mid, **how)
        self.next_out = max(self.next_out, mid + 1)
        self.transmit(data)
        return data

    def answer_to(self, mid, timeout=None):
        return self.peer.expect(lambda m: m.response and m.id == mid and self.is_ours(m),
                                f"a response to our request {mid}", timeout)

    def request(self, exchange, payloads=(), **how):
        """A whole exchange of ours; returns the response."""
        mid = how.get("mid", self.next_out)
        self.send(exchange, list(payloads), **how)
        return self.answer_to(mid)

    def is_ours(self, message):
        return message.spi_i == self.spi_i and message.spi_r == self.spi_r

    def expect(self, exchange, timeout=None):
        """The other side's next request."""
        message = self.peer.expect(lambda m: not m.response and self.is_ours(m) and
                                   m.exchange == exchange,
                                   f"a request {wire.EXCHANGE_NAMES[exchange]}", timeout)
        self.next_in = message.id + 1
        return message

    def respond(self, message, payloads=(), **how):
        """Answers a request; a retransmission of that gets the same octets."""
        data = self.seal(message.exchange, list(payloads), message.id, response=True, **how)
        self.answers[message.id] = data
        self.transmit(data)
        return data

    def new_spi(self):
        return os.urandom(4)
