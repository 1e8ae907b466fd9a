# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "awscli==1.46.3",
# ]
# ///
"""Shows help for a command with its examples."""

from awscli.clidriver import create_clidriver
d = create_clidriver()
print(len(d.subcommand_table) > 200, "s3" in d.subcommand_table)
import awscli, os
print(len(os.listdir(os.path.join(os.path.dirname(awscli.__file__), "examples"))) > 50)
