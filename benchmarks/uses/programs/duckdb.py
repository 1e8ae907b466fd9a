# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "duckdb==2.0.1",
# ]
# ///
"""Selects."""

import duckdb
print(duckdb.sql("select sum(a) from (values (1), (2)) t(a)").fetchall())
