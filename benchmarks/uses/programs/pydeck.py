# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pydeck==0.9.3",
# ]
# ///
"""Writes a deck as HTML."""

import pydeck
html = pydeck.Deck(layers=[pydeck.Layer("ScatterplotLayer", data=[{"p": [1, 2]}], get_position="p")], map_provider=None).to_html(as_string=True, offline=False)
print(len(html) > 500, "deck" in html)
