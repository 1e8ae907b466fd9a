# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "h5py==3.16.0",
# ]
# ///
"""Writes and reads."""

import h5py, tempfile
with h5py.File(tempfile.mkdtemp() + "/a.h5", "w") as f: f["x"] = [1, 2]; print(f["x"][:])
