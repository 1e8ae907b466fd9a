# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "click==8.5.1",
#     "python-dateutil==4.0.0",
# ]
# ///
"""Answers `--version` of a package by its import name."""

import click
from click.testing import CliRunner
@click.command()
@click.version_option(package_name="dateutil")
def main(): pass
print(CliRunner().invoke(main, ["--version"], prog_name="a").output.startswith("a, version 2"))
