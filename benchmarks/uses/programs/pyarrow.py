# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pyarrow==26.0.1",
# ]
# ///
"""Writes and reads Parquet."""

import pyarrow as pa, pyarrow.parquet as pq, io
f = io.BytesIO(); pq.write_table(pa.table({"a": [1, 2]}), f); print(pq.read_table(f).to_pydict())
