# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "markdown==3.11.3",
# ]
# ///
"""Renders with extensions."""

import markdown
print(markdown.markdown("# a\n\n|x|y|\n|-|-|\n|1|2|", extensions=["tables", "toc", "fenced_code"]))
