# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "bcrypt==5.0.0",
# ]
# ///
"""Hashes and checks."""

import bcrypt
print(bcrypt.hashpw(b"a", b"$2b$04$abcdefghijklmnopqrstuu"), bcrypt.checkpw(b"a", bcrypt.hashpw(b"a", bcrypt.gensalt(4))))
