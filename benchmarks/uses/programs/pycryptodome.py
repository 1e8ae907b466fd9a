# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pycryptodome==4.4.0",
# ]
# ///
"""Encrypts and hashes."""

from Crypto.Cipher import AES
from Crypto.Hash import SHA256
print(AES.new(b"k" * 16, AES.MODE_ECB).encrypt(b"a" * 16).hex(), SHA256.new(b"a").hexdigest()[:8])
