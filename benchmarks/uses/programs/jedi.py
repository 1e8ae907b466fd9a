# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "jedi==0.20.1",
# ]
# ///
"""Infers what a builtin returns."""

import jedi
print([n.full_name for n in jedi.Script("open('a').read").infer(1, 13)])
