# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "polars==2.1.0",
# ]
# ///
"""Groups."""

import polars as pl
print(pl.DataFrame({"a": [1, 1, 2], "b": [1, 2, 3]}).group_by("a").agg(pl.col("b").sum()).sort("a").rows())
