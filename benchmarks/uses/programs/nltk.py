# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "nltk==3.10.4",
# ]
# ///
"""Stems."""

import nltk
print(nltk.stem.SnowballStemmer("german").stem("häuser"), nltk.PorterStemmer().stem("layers"))
