# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "fastapi==0.165.0",
# ]
# ///
"""Answers and describes itself."""

from fastapi import FastAPI
app = FastAPI(title="t")
@app.get("/x/{n}")
def x(n: int) -> int: return n
print(sorted(app.openapi()["paths"]))
