# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "alembic==1.20.1",
# ]
# ///
"""Starts an environment from its templates."""

import tempfile, os, contextlib, io
from alembic import command, config
d = tempfile.mkdtemp() + "/m"
c = config.Config(stdout=io.StringIO()); c.config_file_name = d + ".ini"
command.init(c, d)
print(sorted(os.listdir(d)))
