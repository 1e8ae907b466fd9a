# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "dbt-core==1.12.0",
# ]
# ///
"""Finds the macros and tests of the global project."""

import dbt.include.global_project as g, pathlib
root = pathlib.Path(g.__file__).parent
print(sorted(p.name for p in root.rglob("*.sql") if p.parent.name == "generic" or "test" in p.parts)[:5], len(list(root.rglob("*.sql"))))
import dbt.include.starter_project as s
print(sorted(p.name for p in pathlib.Path(s.__path__[0]).iterdir() if p.is_dir() and p.name != "__pycache__"))
