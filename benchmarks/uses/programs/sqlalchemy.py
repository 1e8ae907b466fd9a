# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "sqlalchemy==2.1.9",
# ]
# ///
"""Stores and selects in SQLite."""

from sqlalchemy import create_engine, text
with create_engine("sqlite://").begin() as c:
    c.execute(text("create table t (a int)")); c.execute(text("insert into t values (3)")); print(c.execute(text("select a from t")).scalar())
