# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "lark==1.3.1",
# ]
# ///
"""Parses with its own grammars."""

import lark
print(lark.Lark("start: WORD\n%import common.WORD").parse("abc").children, lark.Lark.open_from_package("lark", "python.lark", ["grammars"], parser="lalr", start="file_input") is not None)
