# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "peewee==3.19.0",
# ]
# ///
"""Stores and selects in SQLite."""

import peewee
db = peewee.SqliteDatabase(":memory:")
class T(peewee.Model):
    a = peewee.IntegerField()
    class Meta: database = db
db.create_tables([T]); T.create(a=2); print(T.get().a)
