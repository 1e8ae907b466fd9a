# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "flask-restx==1.3.2",
# ]
# ///
"""Serves Swagger's page."""

import flask, flask_restx
f = flask.Flask("a"); flask_restx.Api(f); c = f.test_client()
print(c.get("/").status_code, c.get("/swaggerui/swagger-ui-bundle.js").status_code, c.get("/swagger.json").status_code)
