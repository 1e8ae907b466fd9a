# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "click==8.5.1",
#     "pillow==13.0.0",
#     "pyyaml==6.0.4",
# ]
# ///
"""Answers `--version` for distributions named otherwise."""

import click
from click.testing import CliRunner
for name in ("PIL", "yaml", "click"):
    @click.command()
    @click.version_option(package_name=name)
    def main(): pass
    print(name, CliRunner().invoke(main, ["--version"], prog_name="a").exit_code)
