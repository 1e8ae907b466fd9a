"""A web site in Flask, behind API Gateway."""

from apig_wsgi import make_lambda_handler
from flask import Flask, jsonify, request, session

app = Flask(__name__)
app.secret_key = "secret"


@app.get("/hello/<name>")
def hello(name):
    session["name"] = name
    return app.jinja_env.from_string("<p>Hello {{ name }}</p>").render(name=name)


@app.post("/sum")
def add():
    return jsonify(sum=sum(request.get_json()["numbers"]))


wsgi = make_lambda_handler(app)


def handler(event, context):
    answer = wsgi(event, context)
    answer["cookies"] = len(answer.get("cookies", []))
    answer["headers"] = sorted(answer.get("headers", ()))
    return answer
