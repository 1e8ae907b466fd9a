# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "rich==15.0.0",
# ]
# ///
"""Draws a table."""

import rich.table, rich.console, io
t = rich.table.Table("a"); t.add_row("[b]x[/b] :smile:"); f = io.StringIO(); rich.console.Console(file=f, width=20).print(t); print(f.getvalue())
