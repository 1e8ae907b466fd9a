"""Encrypts, signs and reads certificates."""

import base64
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.x509.oid import NameOID
import datetime


def handler(event, context):
    key = PBKDF2HMAC(hashes.SHA256(), 32, b"salt", 1000).derive(event["password"].encode())
    sealed = AESGCM(key).encrypt(b"123456789012", event["text"].encode(), b"aad")
    try:
        AESGCM(key).decrypt(b"123456789012", sealed, event["aad"].encode())
        opened = True
    except InvalidTag:
        opened = False
    signer = Ed25519PrivateKey.from_private_bytes(key)
    signature = signer.sign(sealed)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, event["name"])])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(signer.public_key())
        .serial_number(7).not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2027, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(event["name"])]), critical=False).sign(signer, None)
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    try:
        signer.public_key().verify(signature, sealed + b"!")
    except InvalidSignature:
        forged = "refused"
    token = Fernet(base64.urlsafe_b64encode(key))
    try:
        token.decrypt(event["name"].encode())
    except InvalidToken:
        pass
    return {"sealed": base64.b64encode(sealed).decode(), "opened": opened, "forged": forged,
            "signature": signature.hex(), "pem": hashlib.sha256(pem).hexdigest(),
            "names": x509.load_pem_x509_certificate(pem).extensions[0].value.get_values_for_type(x509.DNSName),
            "fernet": token.decrypt(token.encrypt(b"x")).decode()}
