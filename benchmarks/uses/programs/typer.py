# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "typer==0.29.2",
# ]
# ///
"""Answers a command line."""

import typer
from typer.testing import CliRunner
a = typer.Typer()
@a.command()
def f(n: int): typer.echo(n + 1)
print(CliRunner().invoke(a, ["1"]).output)
