"""Text of others on one line, as it is read: nothing in it ends the line or turns its direction.

Each kind of report has markup of its own to escape besides; this is what all of them need.
"""

import re

# Bidirectional controls would show what is behind them in another order:
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_CONTROL = re.compile(
    "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)


def one_line(raw: str) -> str:
    r"""Put a space in the place of characters that control, those that end lines and turn text among them.

    >>> one_line("a\nb\u202ec")
    'a b c'
    """
    return _CONTROL.sub(" ", raw)
