# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "paramiko==5.1.0",
# ]
# ///
"""Reads and writes a key."""

import paramiko, io
k = paramiko.RSAKey.generate(1024) if hasattr(paramiko, "RSAKey") else None
f = io.StringIO(); k.write_private_key(f); f.seek(0); print(paramiko.RSAKey.from_private_key(f) == k)
