# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "deno==2.9.8",
# ]
# ///
"""Finds its binary."""

import os, deno
p = deno.find_deno_bin()
print(os.path.basename(p), os.path.getsize(p) > 1_000_000)
