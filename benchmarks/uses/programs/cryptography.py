# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "cryptography==50.0.2",
# ]
# ///
"""Signs and encrypts."""

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ed25519
k = ed25519.Ed25519PrivateKey.from_private_bytes(b"1" * 32); k.public_key().verify(k.sign(b"a"), b"a")
f = Fernet(Fernet.generate_key()); print(f.decrypt(f.encrypt(b"x")), k.sign(b"a").hex()[:16])
