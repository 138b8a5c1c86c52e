# SPDX-License-Identifier: GPL-2.0
"""Algorithms by their IKEv2 numbers: PRFs, integrity, ciphers, Diffie-Hellman groups."""
import functools
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import wire

HASHES = {wire.PRF_HMAC_SHA1: "sha1", wire.PRF_HMAC_SHA2_256: "sha256",
          wire.PRF_HMAC_SHA2_384: "sha384", wire.PRF_HMAC_SHA2_512: "sha512"}
# hash, octets of the key, octets of the result (RFC 2404, RFC 4868)
INTEGRITY = {wire.AUTH_HMAC_SHA1_96: ("sha1", 20, 12),
             wire.AUTH_HMAC_SHA2_256_128: ("sha256", 32, 16),
             wire.AUTH_HMAC_SHA2_384_192: ("sha384", 48, 24),
             wire.AUTH_HMAC_SHA2_512_256: ("sha512", 64, 32)}
AEAD = {wire.ENCR_AES_GCM_16: AESGCM, wire.ENCR_CHACHA20_POLY1305: ChaCha20Poly1305}
SALT = 4                        # octets (RFC 5282 7.1, RFC 7634)


def prf_size(prf):
    return hashlib.new(HASHES[prf]).digest_size


def prf_mac(prf, key, data):
    return hmac.new(key, data, HASHES[prf]).digest()


def prf_plus(prf, key, seed, size):
    """RFC 7296 2.13."""
    out, block, count = b"", b"", 1
    while len(out) < size:
        block = prf_mac(prf, key, block + seed + bytes([count]))
        out += block
        count += 1
    return out[:size]


def encr_key_size(transform):
    """Octets of key material, salt included."""
    if transform.id == wire.ENCR_CHACHA20_POLY1305:
        return 32 + SALT
    return transform.key_bits // 8 + (SALT if transform.id in AEAD else 0)


def integ_key_size(transform):
    return INTEGRITY[transform.id][1] if transform and transform.id else 0


class Cbc:
    """AES-CBC and a MAC over header and ciphertext (3.14)."""
    iv_size, block = 16, 16

    def __init__(self, key, integ, integ_key):
        self.key, self.integ_key = key, integ_key
        self.hash, _, self.icv_size = INTEGRITY[integ]

    def icv(self, data):
        return hmac.new(self.integ_key, data, self.hash).digest()[:self.icv_size]

    def seal(self, header, plain):
        iv = os.urandom(self.iv_size)
        cipher = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        body = iv + cipher.update(plain) + cipher.finalize()
        return body + self.icv(header + body)

    def open(self, header, body):
        body, icv = body[:-self.icv_size], body[-self.icv_size:]
        if not hmac.compare_digest(icv, self.icv(header + body)):
            raise wire.Malformed("the integrity checksum is wrong")
        iv, body = body[:self.iv_size], body[self.iv_size:]
        cipher = Cipher(algorithms.AES(self.key), modes.CBC(iv)).decryptor()
        return cipher.update(body) + cipher.finalize()


class Aead:
    """RFC 5282: the header is associated data, the nonce is salt and IV."""
    iv_size, block, icv_size = 8, 1, 16

    def __init__(self, transform, key):
        self.aead, self.salt = AEAD[transform.id](key[:-SALT]), key[-SALT:]

    def seal(self, header, plain):
        iv = os.urandom(self.iv_size)
        return iv + self.aead.encrypt(self.salt + iv, plain, header)

    def open(self, header, body):
        iv, body = body[:self.iv_size], body[self.iv_size:]
        try:
            return self.aead.decrypt(self.salt + iv, body, header)
        except Exception as failure:
            raise wire.Malformed("the integrity checksum is wrong") from failure


@functools.lru_cache
def _pi(bits):
    """[2^bits * pi] by Machin's formula: the MODP groups of RFC 3526 are made of it."""
    def arctan(inverse):
        total = term = (1 << (bits + 64)) // inverse
        square, n, sign = inverse * inverse, 3, -1
        while term:
            term //= square
            total += sign * (term // n)
            n, sign = n + 2, -sign
        return total
    return (4 * (4 * arctan(5) - arctan(239))) >> 64


@functools.lru_cache
def modp_prime(group):
    """RFC 2409 6.2, RFC 3526: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k)."""
    bits, k = {wire.MODP_1024: (1024, 129093), wire.MODP_1536: (1536, 741804),
               wire.MODP_2048: (2048, 124476), wire.MODP_3072: (3072, 1690314),
               wire.MODP_4096: (4096, 240904)}[group]
    return (1 << bits) - (1 << (bits - 64)) - 1 + ((_pi(bits - 130) + k) << 64)


class Modp:
    def __init__(self, group):
        self.prime = modp_prime(group)
        self.size = (self.prime.bit_length() + 7) // 8
        self.secret = int.from_bytes(os.urandom(40), "big")
        self.public = pow(2, self.secret, self.prime).to_bytes(self.size, "big")

    def shared(self, public):
        if len(public) != self.size:
            raise wire.Malformed(f"a public value of {len(public)} octets")
        shared = pow(int.from_bytes(public, "big"), self.secret, self.prime)
        return shared.to_bytes(self.size, "big")


class Ecp:
    """RFC 5903: x and y; the secret is x."""
    def __init__(self, group):
        self.curve = {wire.ECP_256: ec.SECP256R1(), wire.ECP_384: ec.SECP384R1()}[group]
        self.key = ec.generate_private_key(self.curve)
        self.public = self.key.public_key().public_bytes(Encoding.X962,
                                                         PublicFormat.UncompressedPoint)[1:]

    def shared(self, public):
        point = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, b"\x04" + public)
        return self.key.exchange(ec.ECDH(), point)


class X25519:
    """RFC 8031."""
    def __init__(self, _):
        self.key = x25519.X25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def shared(self, public):
        return self.key.exchange(x25519.X25519PublicKey.from_public_bytes(public))


def dh(group):
    if group == wire.CURVE25519:
        return X25519(group)
    return (Ecp if group in (wire.ECP_256, wire.ECP_384) else Modp)(group)
