# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "beautifulsoup4==4.15.0",
# ]
# ///
"""Finds in HTML."""

import bs4
print(bs4.BeautifulSoup("<p>a<b>c</b>", "html.parser").b.text)
