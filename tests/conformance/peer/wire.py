# SPDX-License-Identifier: GPL-2.0
"""IKEv2 messages: bytes and back (RFC 7296, section 3). Nothing here checks what it builds."""
import ipaddress
import os
import struct
from dataclasses import dataclass, field

# 3.1: exchange types (34 to 37; RFC 9242), flags, versions
IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL, IKE_INTERMEDIATE = 34, 35, 36, 37, 43
IKE_SESSION_RESUME = 38                                                  # RFC 5723
FLAG_RESPONSE, FLAG_VERSION, FLAG_INITIATOR = 0x20, 0x10, 0x08
VERSION = 0x20

# 3.2: payload types (RFC 7383 has SKF)
NONE = 0
SA, KE, IDI, IDR, CERT, CERTREQ, AUTH, NONCE, N, D, V, TSI, TSR, SK, CP, EAP = range(33, 49)
SKF = 53
CRITICAL = 0x80

# 3.3.1, 3.3.2: protocols and transform types
PROTO_IKE, PROTO_AH, PROTO_ESP = 1, 2, 3
ENCR, PRF, INTEG, DH, ESN = 1, 2, 3, 4, 5
KEY_LENGTH = 14

ENCR_DES, ENCR_3DES, ENCR_NULL, ENCR_AES_CBC, ENCR_AES_CTR = 2, 3, 11, 12, 13
ENCR_AES_GCM_16, ENCR_CHACHA20_POLY1305 = 20, 28
PRF_HMAC_MD5, PRF_HMAC_SHA1, PRF_HMAC_SHA2_256, PRF_HMAC_SHA2_384, PRF_HMAC_SHA2_512 = 1, 2, 5, 6, 7
AUTH_NONE, AUTH_HMAC_SHA1_96 = 0, 2
AUTH_HMAC_SHA2_256_128, AUTH_HMAC_SHA2_384_192, AUTH_HMAC_SHA2_512_256 = 12, 13, 14
DH_NONE, MODP_1024, MODP_1536, MODP_2048, MODP_3072, MODP_4096 = 0, 2, 5, 14, 15, 16
ECP_256, ECP_384, CURVE25519 = 19, 20, 31
NO_ESN, WITH_ESN = 0, 1

# 3.5, 3.8
ID_IPV4_ADDR, ID_FQDN, ID_RFC822_ADDR, ID_IPV6_ADDR, ID_KEY_ID = 1, 2, 3, 5, 11
METHOD_RSA, METHOD_PSK = 1, 2

# 3.10.1
UNSUPPORTED_CRITICAL_PAYLOAD, INVALID_IKE_SPI, INVALID_MAJOR_VERSION = 1, 4, 5
INVALID_SYNTAX, INVALID_MESSAGE_ID, INVALID_SPI, NO_PROPOSAL_CHOSEN = 7, 9, 11, 14
INVALID_KE_PAYLOAD, AUTHENTICATION_FAILED, SINGLE_PAIR_REQUIRED = 17, 24, 34
NO_ADDITIONAL_SAS, INTERNAL_ADDRESS_FAILURE, FAILED_CP_REQUIRED = 35, 36, 37
TS_UNACCEPTABLE, INVALID_SELECTORS, TEMPORARY_FAILURE, CHILD_SA_NOT_FOUND = 38, 39, 43, 44
FIRST_STATUS = 16384
INITIAL_CONTACT, SET_WINDOW_SIZE, ADDITIONAL_TS_POSSIBLE, IPCOMP_SUPPORTED = range(16384, 16388)
NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP, COOKIE = 16388, 16389, 16390
USE_TRANSPORT_MODE, HTTP_CERT_LOOKUP_SUPPORTED, REKEY_SA = 16391, 16392, 16393
ESP_TFC_PADDING_NOT_SUPPORTED, NON_FIRST_FRAGMENTS_ALSO = 16394, 16395
# RFC 4555
UNACCEPTABLE_ADDRESSES, UNEXPECTED_NAT_DETECTED = 40, 41
(MOBIKE_SUPPORTED, ADDITIONAL_IP4_ADDRESS, ADDITIONAL_IP6_ADDRESS, NO_ADDITIONAL_ADDRESSES,
 UPDATE_SA_ADDRESSES, COOKIE2, NO_NATS_ALLOWED) = range(16396, 16403)
EAP_ONLY_AUTHENTICATION = 16417
MULTIPLE_AUTH_SUPPORTED = 16404
ANOTHER_AUTH_FOLLOWS = 16405
REDIRECT_SUPPORTED, REDIRECT, REDIRECTED_FROM = 16406, 16407, 16408     # RFC 5685
TICKET_LT_OPAQUE, TICKET_REQUEST, TICKET_ACK = 16409, 16410, 16411       # RFC 5723
TICKET_NACK, TICKET_OPAQUE = 16412, 16413
CHILDLESS_IKEV2_SUPPORTED, FRAGMENTATION_SUPPORTED, SIGNATURE_HASH_ALGORITHMS = 16418, 16430, 16431
USE_PPK, PPK_IDENTITY, NO_PPK_AUTH = 16435, 16436, 16437                # RFC 8784

# 3.15, 3.15.1; RFC 8598
CFG_REQUEST, CFG_REPLY, CFG_SET, CFG_ACK = range(1, 5)
(INTERNAL_IP4_ADDRESS, INTERNAL_IP4_NETMASK, INTERNAL_IP4_DNS, INTERNAL_IP4_NBNS) = range(1, 5)
INTERNAL_IP4_DHCP, APPLICATION_VERSION, INTERNAL_IP6_ADDRESS = 6, 7, 8
INTERNAL_IP6_DNS, INTERNAL_IP6_DHCP, INTERNAL_IP4_SUBNET = 10, 12, 13
SUPPORTED_ATTRIBUTES, INTERNAL_IP6_SUBNET, INTERNAL_DNS_DOMAIN = 14, 15, 25

# 3.13.1
TS_IPV4_ADDR_RANGE, TS_IPV6_ADDR_RANGE = 7, 8

NOTIFY_NAMES = {value: name for name, value in list(globals().items())
                if isinstance(value, int) and name.isupper() and
                (name.startswith(("INVALID_", "UNSUPPORTED_", "NO_PROPOSAL", "AUTHENTICATION",
                                  "SINGLE_", "NO_ADD", "INTERNAL_ADDRESS", "FAILED_", "TS_UNACC",
                                  "TEMPORARY", "CHILD_SA_N", "UNACC", "UNEXP")) or
                 16384 <= value <= 16431)}
PAYLOAD_NAMES = dict(zip(range(33, 49), "SA KE IDi IDr CERT CERTREQ AUTH Nonce N D V TSi TSr SK CP"
                         " EAP".split())) | {SKF: "SKF"}
EXCHANGE_NAMES = {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL",
                  38: "IKE_SESSION_RESUME", 43: "IKE_INTERMEDIATE"}


class Malformed(Exception):
    """The other side sent what breaks section 3."""


@dataclass
class Payload:
    """One payload, its body without the generic header (3.2). @length overrides the true one."""
    type: int
    body: bytes = b""
    critical: bool = False
    reserved: int = 0
    length: int = None

    def __str__(self):
        name = PAYLOAD_NAMES.get(self.type, str(self.type))
        if self.type == N and len(self.body) >= 4:
            kind = struct.unpack(">H", self.body[2:4])[0]
            name = f"N({NOTIFY_NAMES.get(kind, kind)})"
        return name


def chain(payloads, last=NONE):
    """Payloads as a chain: the type of the first, the bytes. @last: what the last one names."""
    out = b""
    for i, p in enumerate(payloads):
        following = payloads[i + 1].type if i + 1 < len(payloads) else last
        length = len(p.body) + 4 if p.length is None else p.length
        flags = (CRITICAL if p.critical else 0) | p.reserved
        out += struct.pack(">BBH", following, flags, length & 0xffff) + p.body
    return (payloads[0].type if payloads else last), out


def unchain(first, data):
    """The reverse. An Encrypted payload ends it: its body begins with the type of what is
    inside."""
    payloads = []
    while first != NONE:
        if len(data) < 4:
            raise Malformed(f"payload {first} has no header")
        following, flags, length = struct.unpack(">BBH", data[:4])
        if length < 4 or length > len(data):
            raise Malformed(f"payload {first} has length {length} of {len(data)}")
        body = data[4:length]
        if first in (SK, SKF):
            body = bytes([following]) + body
            following = NONE
        payloads.append(Payload(first, body, bool(flags & CRITICAL), flags & ~CRITICAL))
        first, data = following, data[length:]
    if data:
        raise Malformed(f"{len(data)} octets after the last payload")
    return payloads


@dataclass
class Message:
    spi_i: bytes
    spi_r: bytes
    exchange: int
    flags: int
    id: int
    payloads: list = field(default_factory=list)
    version: int = VERSION
    inner: list = None          # what was in the Encrypted payload
    raw: bytes = None           # as it came
    source: tuple = None        # address, port it came from
    port: int = None            # ours that it came to
    fragments: int = 0          # it came in so many (RFC 7383)
    largest: int = 0            # of them, octets

    def encode(self, length=None, first=None):
        kind, body = chain(self.payloads)
        total = 28 + len(body) if length is None else length
        return (self.spi_i + self.spi_r +
                struct.pack(">BBBBII", kind if first is None else first, self.version,
                            self.exchange, self.flags, self.id, total) + body)

    @classmethod
    def decode(cls, data):
        if len(data) < 28:
            raise Malformed(f"a message of {len(data)} octets")
        first, version, exchange, flags, mid, length = struct.unpack(">BBBBII", data[16:28])
        if length != len(data):
            raise Malformed(f"the header says {length} octets, {len(data)} came")
        return cls(data[:8], data[8:16], exchange, flags, mid, unchain(first, data[28:]), version,
                   raw=data)

    @property
    def response(self):
        return bool(self.flags & FLAG_RESPONSE)

    @property
    def content(self):
        """The payloads that count: those inside, where there is an Encrypted payload."""
        return self.payloads if self.inner is None else self.inner

    def all(self, kind):
        return [p for p in self.content if p.type == kind]

    def get(self, kind):
        found = self.all(kind)
        return found[0].body if found else None

    def notifies(self):
        return [Notify.decode(p.body) for p in self.all(N)]

    def notify(self, kind):
        """The first notify of @kind, or None."""
        return next((n for n in self.notifies() if n.type == kind), None)

    def error(self):
        """The type of the first error notify, or None."""
        return next((n.type for n in self.notifies() if n.type < FIRST_STATUS), None)

    def __str__(self):
        return (f"{EXCHANGE_NAMES.get(self.exchange, self.exchange)} "
                f"{'response' if self.response else 'request'} {self.id}: "
                + (" ".join(map(str, self.content)) or "empty"))


@dataclass
class Notify:
    type: int
    data: bytes = b""
    protocol: int = 0
    spi: bytes = b""

    @classmethod
    def decode(cls, body):
        if len(body) < 4 or len(body) < 4 + body[1]:
            raise Malformed("a Notify payload that is too short")
        protocol, size, kind = struct.unpack(">BBH", body[:4])
        return cls(kind, body[4 + size:], protocol, body[4:4 + size])


def notify(kind, data=b"", protocol=0, spi=b"", **more):
    return Payload(N, struct.pack(">BBH", protocol, len(spi), kind) + spi + data, **more)


def delete(protocol, spis=(), size=None):
    size = (len(spis[0]) if spis else 0) if size is None else size
    return Payload(D, struct.pack(">BBH", protocol, size, len(spis)) + b"".join(spis))


def parse_delete(body):
    """Protocol, SPIs."""
    protocol, size, count = struct.unpack(">BBH", body[:4])
    if len(body) != 4 + size * count:
        raise Malformed("a Delete payload whose length does not fit its SPIs")
    return protocol, [body[4 + i * size:4 + (i + 1) * size] for i in range(count)]


def ke(group, public, reserved=0):
    return Payload(KE, struct.pack(">HH", group, reserved) + public)


def parse_ke(body):
    if len(body) < 4:
        raise Malformed("a KE payload that is too short")
    return struct.unpack(">H", body[:2])[0], body[4:]


def nonce(data=None):
    return Payload(NONCE, os.urandom(32) if data is None else data)


def identity(payload, kind, data, reserved=b"\0\0\0"):
    return Payload(payload, bytes([kind]) + reserved + data)


def auth(method, data, reserved=b"\0\0\0"):
    return Payload(AUTH, bytes([method]) + reserved + data)


def cp(kind, *attributes, tail=b""):
    """@attributes: (type, value). @tail: octets after the last of them."""
    body = b"".join(struct.pack(">HH", name, len(value)) + value for name, value in attributes)
    return Payload(CP, bytes([kind, 0, 0, 0]) + body + tail)


def parse_cp(body):
    """Its type, and (type, value) of each attribute."""
    attributes, rest = [], body[4:]
    while rest:
        if len(rest) < 4:
            raise Malformed("a configuration attribute that is too short")
        name, size = struct.unpack(">HH", rest[:4])
        if len(rest) < 4 + size:
            raise Malformed("a configuration attribute that is longer than its payload")
        attributes.append((name & 0x7fff, rest[4:4 + size]))
        rest = rest[4 + size:]
    return body[0], attributes


@dataclass
class Transform:
    type: int
    id: int
    key_bits: int = None
    attributes: bytes = b""     # further ones, as they are
    reserved: tuple = (0, 0)

    def encode(self, more):
        attributes = self.attributes
        if self.key_bits is not None:
            attributes = struct.pack(">HH", 0x8000 | KEY_LENGTH, self.key_bits) + attributes
        return struct.pack(">BBHBBH", 3 if more else 0, self.reserved[0], 8 + len(attributes),
                           self.type, self.reserved[1], self.id) + attributes

    def __str__(self):
        return f"{self.type}:{self.id}" + (f"/{self.key_bits}" if self.key_bits else "")


@dataclass
class Proposal:
    protocol: int
    transforms: list
    spi: bytes = b""
    number: int = None          # None: its place in the list

    def encode(self, number, more):
        body = b"".join(t.encode(i + 1 < len(self.transforms))
                        for i, t in enumerate(self.transforms))
        return struct.pack(">BBHBBBB", 2 if more else 0, 0, 8 + len(self.spi) + len(body),
                           number if self.number is None else self.number, self.protocol,
                           len(self.spi), len(self.transforms)) + self.spi + body

    def of(self, kind):
        return [t for t in self.transforms if t.type == kind]

    def one(self, kind):
        found = self.of(kind)
        return found[0] if found else None

    def same(self, *transforms):
        """Are these its transforms, in any order?"""
        def key(t):
            return t.type, t.id, t.key_bits
        return sorted(map(key, self.transforms), key=str) == sorted(map(key, transforms), key=str)

    def __str__(self):
        return f"#{self.number} protocol {self.protocol}: " + " ".join(map(str, self.transforms))


def sa(*proposals):
    return Payload(SA, b"".join(p.encode(i + 1, i + 1 < len(proposals))
                                for i, p in enumerate(proposals)))


def _parse_transform(data):
    if len(data) < 8:
        raise Malformed("a transform that is too short")
    more, _, length, kind, _, number = struct.unpack(">BBHBBH", data[:8])
    attributes, bits = data[8:length], None
    while attributes:
        if len(attributes) < 4:
            raise Malformed("an attribute that is too short")
        name, value = struct.unpack(">HH", attributes[:4])
        if not name & 0x8000:
            raise Malformed("an attribute in the long form")
        if name & 0x7fff == KEY_LENGTH:
            bits = value
        attributes = attributes[4:]
    return Transform(kind, number, bits), data[length:], more


def parse_sa(body):
    """The proposals of an SA payload."""
    proposals, more = [], 2
    while body:
        if len(body) < 8:
            raise Malformed("a proposal that is too short")
        more, _, length, number, protocol, size, count = struct.unpack(">BBHBBBB", body[:8])
        if length < 8 + size or length > len(body):
            raise Malformed("a proposal whose length does not fit")
        spi, rest, transforms = body[8:8 + size], body[8 + size:length], []
        while rest:
            transform, rest, again = _parse_transform(rest)
            if again not in (0, 3) or bool(again) != bool(rest):
                raise Malformed("the mark of the last transform is wrong")
            transforms.append(transform)
        if len(transforms) != count:
            raise Malformed(f"a proposal says {count} transforms and has {len(transforms)}")
        proposals.append(Proposal(protocol, transforms, spi, number))
        body = body[length:]
        if more not in (0, 2) or bool(more) != bool(body):
            raise Malformed("the mark of the last proposal is wrong")
    return proposals


@dataclass(frozen=True)
class Ts:
    """A traffic selector: first and last address, protocol, ports."""
    first: str
    last: str
    protocol: int = 0
    ports: tuple = (0, 65535)

    @classmethod
    def net(cls, text, protocol=0, ports=(0, 65535)):
        net = ipaddress.ip_network(text)
        return cls(str(net[0]), str(net[-1]), protocol, ports)

    def encode(self):
        first, last = ipaddress.ip_address(self.first), ipaddress.ip_address(self.last)
        kind = TS_IPV4_ADDR_RANGE if first.version == 4 else TS_IPV6_ADDR_RANGE
        body = struct.pack(">HH", *self.ports) + first.packed + last.packed
        return struct.pack(">BBH", kind, self.protocol, 4 + len(body)) + body


def ts(payload, *selectors, count=None):
    return Payload(payload, bytes([len(selectors) if count is None else count, 0, 0, 0]) +
                   b"".join(s if isinstance(s, bytes) else s.encode() for s in selectors))


def parse_ts(body):
    if len(body) < 4:
        raise Malformed("a TS payload that is too short")
    count, rest, out = body[0], body[4:], []
    while rest:
        kind, protocol, length = struct.unpack(">BBH", rest[:4])
        size = {TS_IPV4_ADDR_RANGE: 4, TS_IPV6_ADDR_RANGE: 16}.get(kind)
        if size is None or length != 8 + 2 * size:
            raise Malformed(f"a selector of type {kind} and length {length}")
        addresses = [str(ipaddress.ip_address(rest[at:at + size])) for at in (8, 8 + size)]
        out.append(Ts(*addresses, protocol, struct.unpack(">HH", rest[4:8])))
        rest = rest[length:]
    if len(out) != count:
        raise Malformed(f"a TS payload says {count} selectors and has {len(out)}")
    return out
