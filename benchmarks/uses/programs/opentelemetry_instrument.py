# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "opentelemetry-distro==0.66b2",
# ]
# ///
"""Starts a program through its wrapper."""

import os, sys
p = os.path.join(sys.path[0], "bin", "opentelemetry-instrument"); print(os.path.exists(p), "opentelemetry" in open(p).read())
