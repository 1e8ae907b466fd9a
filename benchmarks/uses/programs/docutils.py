# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "docutils==0.23",
# ]
# ///
"""Publishes HTML with its style sheet."""

import docutils.core
h = docutils.core.publish_string("T\n=\n\n*a*\n\n.. note:: b\n", writer="html5").decode(); print(len(h) > 5000, "<em>a</em>" in h)
