# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pygments==2.21.0",
# ]
# ///
"""Highlights as HTML and finds its styles."""

import pygments, pygments.lexers, pygments.formatters, pygments.styles
print(pygments.highlight("x = 1", pygments.lexers.get_lexer_by_name("python"), pygments.formatters.HtmlFormatter()), len(list(pygments.styles.get_all_styles())) > 20)
