# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "gensim==4.4.0",
# ]
# ///
"""Trains on the texts of its guides."""

from gensim.test.utils import common_texts
from gensim.models import Word2Vec
print(len(common_texts), len(Word2Vec(common_texts, vector_size=4, min_count=1, workers=1, seed=1).wv))
