"""Function cr2a-api: reviews the contract in the body of a request to its function URL."""

import base64
from typing import Any

from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.test import Client

from src.cr2a import report
from src.cr2a.contracts import Contract
from src.cr2a.review import review

app = Flask(__name__)


@app.post("/reviews")
def reviews() -> Response:
    """Answer with a page, or with a PDF where that is what the client accepts."""
    try:
        contract = Contract.model_validate_json(request.get_data())
    except ValidationError as error:
        return Response(error.json(include_url=False), 422, mimetype="application/json")
    findings = review(contract)
    if request.accept_mimetypes.best_match(["text/html", "application/pdf"]) == "application/pdf":
        return Response(report.pdf(contract, findings), mimetype="application/pdf")
    return Response(report.html(contract, findings), mimetype="text/html")


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Pass a function URL's event to Flask, and its answer back."""
    method = event["requestContext"]["http"]["method"]
    body = event.get("body") or ""
    data = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    answer = Client(app).open(
        event["rawPath"], method=method, headers=event.get("headers"), data=data
    )
    return {
        "statusCode": answer.status_code,
        "headers": dict(answer.headers),
        "body": base64.b64encode(answer.get_data()).decode(),
        "isBase64Encoded": True,
    }
