# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "redis==8.1.0",
# ]
# ///
"""Packs a command."""

import redis
print(redis.Redis().connection_pool.make_connection().pack_command("GET", "a"))
