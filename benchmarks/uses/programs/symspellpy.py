# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "symspellpy==6.10.1",
# ]
# ///
"""Looks up a misspelling in its dictionary."""

import importlib.resources as r
from symspellpy import SymSpell, Verbosity
s = SymSpell()
print(s.load_dictionary(str(r.files("symspellpy") / "frequency_dictionary_en_82_765.txt"), 0, 1))
print(s.lookup("memebers", Verbosity.CLOSEST, 2)[0].term)
