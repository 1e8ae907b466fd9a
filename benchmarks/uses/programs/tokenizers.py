# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "tokenizers==0.23.3",
# ]
# ///
"""Trains and encodes."""

import tokenizers as t
k = t.Tokenizer(t.models.BPE(unk_token="u")); k.train_from_iterator(["ab ab"], t.trainers.BpeTrainer(special_tokens=["u"])); print(k.encode("ab").tokens)
