# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pip-api==0.0.35",
# ]
# ///
"""Asks pip for its version."""

import pip_api
import os, sys
os.environ["PYTHONPATH"] = sys.path[0]
import subprocess
print(subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, env={"PYTHONPATH": sys.path[0], "PATH": "/usr/bin"}).stdout.split()[:1])
