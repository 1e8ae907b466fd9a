"""Answers SQL over JSON lines with DuckDB."""

import tempfile
from pathlib import Path

import duckdb


def handler(event, context):
    lines = Path(tempfile.gettempdir(), "rows.csv")
    lines.write_text(event["rows"])
    connection = duckdb.connect(str(Path(tempfile.gettempdir(), "shop.duckdb")))
    try:
        connection.execute("CREATE OR REPLACE TABLE sales AS SELECT * FROM read_csv(?)", [str(lines)])
        found = connection.execute(event["sql"])
        return {"columns": [column[0] for column in found.description], "rows": found.fetchall()}
    except duckdb.Error as error:
        return {"error": type(error).__name__}
    finally:
        connection.close()
