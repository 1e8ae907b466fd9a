# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "cffi==2.1.1",
# ]
# ///
"""Declares and calls."""

import cffi
f = cffi.FFI(); f.cdef("int abs(int);"); print(f.dlopen(None).abs(-3))
