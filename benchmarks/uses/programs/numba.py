# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "numba==0.68.1",
# ]
# ///
"""Compiles a loop."""

import numba
@numba.njit
def f(n):
    s = 0
    for i in range(n): s += i
    return s
print(f(10))
