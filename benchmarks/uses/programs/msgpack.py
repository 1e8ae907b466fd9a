# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "msgpack==1.2.4",
# ]
# ///
"""Packs and unpacks."""

import msgpack
print(msgpack.unpackb(msgpack.packb({"a": [1, 2.5]})))
