# SPDX-License-Identifier: GPL-2.0
"""EAP-TTLS (RFC 5281, RFC 9427) with Python's ssl: flights, what is said inside, keys."""
import hashlib
import hmac
import os
import ssl
import struct
import tempfile

USER_NAME, USER_PASSWORD, EAP_MESSAGE = 1, 2, 79
MANDATORY, VENDOR = 0x40, 0x80
TTLS = 21


def avp(code, value, flags=MANDATORY, vendor=None):
    """RFC 5281 10.1."""
    head = b"" if vendor is None else struct.pack(">I", vendor)
    flags |= 0 if vendor is None else VENDOR
    size = 8 + len(head) + len(value)
    return struct.pack(">II", code, flags << 24 | size) + head + value + bytes(-size % 4)


def avps(octets):
    """Code to value, of those without a vendor."""
    found = {}
    while octets:
        code, word = struct.unpack(">II", octets[:8])
        size = word & 0xffffff
        found[code] = octets[8:size]
        octets = octets[size + -size % 4:]
    return found


def pap(user, password):
    """User-Name and User-Password, filled up with zeros (11.2.5)."""
    return avp(USER_NAME, user) + avp(USER_PASSWORD, password + bytes(-len(password) % 16))


def prf(secret, seed, size, name):
    """TLS 1.2's, RFC 5246 5."""
    made, a = b"", seed
    while len(made) < size:
        a = hmac.digest(secret, a, name)
        made += hmac.digest(secret, a + seed, name)
    return made[:size]


def expand_label(secret, label, context, size, name):
    """HKDF-Expand-Label, RFC 8446 7.1."""
    label = b"tls13 " + label
    info = struct.pack(">HB", size, len(label)) + label + bytes([len(context)]) + context
    made = block = b""
    while len(made) < size:
        block = hmac.digest(secret, block + info + bytes([len(made) // len(block) + 1
                                                          if block else 1]), name)
        made += block
    return made[:size]


class Tls:
    """One end. @certificate: a server's, and its chain; @ca: whom a client believes."""
    def __init__(self, version, certificate=None):
        kind = ssl.PROTOCOL_TLS_SERVER if certificate else ssl.PROTOCOL_TLS_CLIENT
        context = ssl.SSLContext(kind)
        context.minimum_version = context.maximum_version = version
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.num_tickets = 0
            with tempfile.NamedTemporaryFile("w") as f:
                f.write(certificate.pem())
                f.flush()
                context.load_cert_chain(f.name)
        handle, self.log = tempfile.mkstemp()
        os.close(handle)
        context.keylog_filename = self.log
        self.incoming, self.outgoing, self.done = ssl.MemoryBIO(), ssl.MemoryBIO(), False
        self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=bool(certificate))
        self.heard, self.failed, self.seen = b"", None, b""

    def step(self, flight=b""):
        """Ours, to that one. What comes inside is in heard; what goes wrong in failed."""
        self.incoming.write(flight)
        self.seen += flight
        try:
            if not self.done:
                self.session.do_handshake()
                self.done = True
            while True:
                octets = self.session.read(4096)
                if not octets:
                    break
                self.heard += octets
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as e:
            self.failed = str(e)
        made = self.outgoing.read()
        self.seen += made
        return made

    def say(self, octets):
        self.session.write(octets)
        return self.outgoing.read()

    def secrets(self):
        """By label, from the log of keys."""
        with open(self.log, encoding="ascii") as f:
            lines = [line.split() for line in f if not line.startswith("#")]
        return {line[0]: (bytes.fromhex(line[1]), bytes.fromhex(line[2])) for line in lines}

    def server_random(self):
        """Of the ServerHello of TLS 1.2: the first handshake message of type 2."""
        octets = self.seen
        while octets[0] == 22:
            size = struct.unpack(">H", octets[3:5])[0]
            if octets[5] == 2:
                return octets[11:43]
            octets = octets[5 + size:]
        raise AssertionError("no ServerHello")

    def msk(self):
        """RFC 5281 8; RFC 9427 2.1."""
        name = "sha384" if "384" in self.session.cipher()[0] else "sha256"
        secrets, size = self.secrets(), 48 if name == "sha384" else 32
        if self.session.version() == "TLSv1.2":
            random, master = secrets["CLIENT_RANDOM"]
            return prf(master, b"ttls keying material" + random + self.server_random(), 64, name)
        secret = secrets["EXPORTER_SECRET"][1]
        nothing = hashlib.new(name, b"").digest()
        secret = expand_label(secret, b"EXPORTER_EAP_TLS_Key_Material", nothing, size, name)
        context = hashlib.new(name, bytes([TTLS])).digest()
        return expand_label(secret, b"exporter", context, 64, name)

    def close(self):
        os.unlink(self.log)
