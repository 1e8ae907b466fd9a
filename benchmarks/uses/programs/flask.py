# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "flask==3.1.3",
# ]
# ///
"""Renders a template and answers."""

import flask
a = flask.Flask("a")
@a.get("/")
def f(): return flask.render_template_string("{{ 1 + 1 }}")
print(a.test_client().get("/").text)
