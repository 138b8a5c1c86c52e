# SPDX-License-Identifier: GPL-2.0
"""Certificates and the proofs that are made with them (RFC 7296 3.6, 3.7, 2.15; RFC 7427)."""
import datetime
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (decode_dss_signature,
                                                             encode_dss_signature)
from cryptography.hazmat.primitives.serialization import (Encoding, NoEncryption, PrivateFormat,
                                                          PublicFormat)
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from . import wire

SHA1, SHA2_256, SHA2_384, SHA2_512, IDENTITY = range(1, 6)      # RFC 7427 7, RFC 8420
HASHES = {SHA1: hashes.SHA1, SHA2_256: hashes.SHA256, SHA2_384: hashes.SHA384,
          SHA2_512: hashes.SHA512}
SIGNATURE = 14                                                  # AUTH method
X509, X509_URL, BUNDLE_URL, OCSP = 4, 12, 13, 14                # certificate encodings
RSA_METHOD, DSS_METHOD, ECDSA_256_METHOD = 1, 3, 9

# AlgorithmIdentifiers (RFC 7427 A)
ECDSA = {SHA1: "300906072a8648ce3d0401", SHA2_256: "300a06082a8648ce3d040302",
         SHA2_384: "300a06082a8648ce3d040303", SHA2_512: "300a06082a8648ce3d040304"}
RSA = {SHA1: "300d06092a864886f70d0101050500", SHA2_256: "300d06092a864886f70d01010b0500",
       SHA2_384: "300d06092a864886f70d01010c0500", SHA2_512: "300d06092a864886f70d01010d0500"}
PSS = {SHA2_256: "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
                 "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"}
ED25519 = "300506032b6570"

DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


def hashes_notify(*numbers):
    return wire.notify(wire.SIGNATURE_HASH_ALGORITHMS,
                       b"".join(n.to_bytes(2, "big") for n in numbers))


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


class Certificate:
    """A key and its certificate; a CA when it is to be one. @issuer: None signs itself."""
    def __init__(self, name, issuer=None, ca=False, key=None, begin=-1, end=30, names=None):
        self.key, now = key or ec_key(), datetime.datetime.utcnow()
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = issuer or self
        builder = x509.CertificateBuilder().subject_name(self.subject) \
            .issuer_name(signer.subject).public_key(self.key.public_key()) \
            .serial_number(x509.random_serial_number()) \
            .not_valid_before(now + begin * DAY).not_valid_after(now + end * DAY) \
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
        if ca:
            builder = builder.add_extension(x509.KeyUsage(False, False, False, False, False, True,
                                                          True, False, False), critical=True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [n if isinstance(n, x509.GeneralName) else x509.DNSName(n)
                 for n in (names or [name])]), critical=False)
        plain = isinstance(signer.key, ed25519.Ed25519PrivateKey)
        self.certificate = builder.sign(signer.key, None if plain else hashes.SHA256())

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def payload(self):
        return wire.Payload(wire.CERT, bytes([X509]) + self.der)

    @property
    def key_hash(self):
        """What CERTREQ has of a CA (3.7)."""
        return hashlib.sha1(self.key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()

    def revoke(self, *victims):
        """A list of this CA's, DER."""
        now = datetime.datetime.utcnow()
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject) \
            .last_update(now - DAY).next_update(now + DAY)
        for v in victims:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(v.certificate.serial_number)
                .revocation_date(now - DAY).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def vouch(self, other, revoked=False):
        """An OCSP response of this CA's about @other (RFC 6960), as CERT has it (RFC 4806)."""
        now = datetime.datetime.utcnow()
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=other.certificate, issuer=self.certificate, algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now - HOUR, next_update=now + DAY,
            revocation_time=now - DAY if revoked else None, revocation_reason=None) \
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        response = builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)
        return wire.Payload(wire.CERT, bytes([OCSP]) + response)

    def key_der(self):
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def pem(self):
        """It and its key, for TLS."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (self.certificate.public_bytes(Encoding.PEM) + key).decode()

    # --- proofs ---

    def sign(self, octets, number=SHA2_256, pss=False):
        """Method 14's data."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            name, signature = ED25519, self.key.sign(octets)
        elif isinstance(self.key, rsa.RSAPrivateKey):
            how = padding.PSS(padding.MGF1(HASHES[number]()), 32) if pss else padding.PKCS1v15()
            name = (PSS if pss else RSA)[number]
            signature = self.key.sign(octets, how, HASHES[number]())
        else:
            name, signature = ECDSA[number], self.key.sign(octets, ec.ECDSA(HASHES[number]()))
        name = bytes.fromhex(name)
        return bytes([len(name)]) + name + signature

    def sign_older(self, octets):
        """Method 1 or 3 (3.8) or 9 (RFC 4754): its number and data."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return RSA_METHOD, self.key.sign(octets, padding.PKCS1v15(), hashes.SHA1())
        if isinstance(self.key, dsa.DSAPrivateKey):
            r, s = decode_dss_signature(self.key.sign(octets, hashes.SHA1()))
            return DSS_METHOD, r.to_bytes(20, "big") + s.to_bytes(20, "big")
        r, s = decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return ECDSA_256_METHOD, r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def proves(self, method, data, octets):
        """Is that a good proof by ECDSA with this key? With method 14 the hash's number, else
        True."""
        try:
            if method == ECDSA_256_METHOD:
                r, s = (int.from_bytes(data[i:i + 32], "big") for i in (0, 32))
                self.key.public_key().verify(encode_dss_signature(r, s), octets,
                                             ec.ECDSA(hashes.SHA256()))
                return True
            name, signature = data[1:1 + data[0]].hex(), data[1 + data[0]:]
            number = next((n for n, known in ECDSA.items() if known == name), None)
            if method != SIGNATURE or not number:
                return False
            self.key.public_key().verify(signature, octets, ec.ECDSA(HASHES[number]()))
            return number
        except InvalidSignature:
            return False
