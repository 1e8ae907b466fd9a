# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "html5lib==1.1",
# ]
# ///
"""Parses as a browser does."""

import html5lib
print(html5lib.serialize(html5lib.parse("<p>a<p>b")))
