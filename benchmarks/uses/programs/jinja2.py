# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "jinja2==3.1.6",
# ]
# ///
"""Renders with filters."""

import jinja2
print(jinja2.Environment().from_string("{% for x in xs|sort %}{{ x|upper }}{% endfor %}").render(xs=["b", "a"]))
