"""Sends webhooks with requests; here through an adapter that answers by itself."""

import hashlib
import hmac
import json

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.response import HTTPResponse
from urllib3.util.retry import Retry


class Partner(HTTPAdapter):
    def send(self, request, **_):
        body = json.dumps({"path": request.path_url, "seen": len(request.body or b"")}).encode()
        status = 404 if "missing" in request.url else 200
        import io
        raw = HTTPResponse(io.BytesIO(body), status=status, headers={"content-type": "application/json", "set-cookie": "a=1"}, preload_content=False)
        return self.build_response(request, raw)


def handler(event, context):
    session = requests.Session()
    session.mount("https://partner.example", Partner(max_retries=Retry(3, backoff_factor=0.1)))
    body = json.dumps(event["payload"], sort_keys=True)
    signature = hmac.new(b"key", body.encode(), hashlib.sha256).hexdigest()
    request = requests.Request("POST", event["url"], data=body, params=event.get("params"),
                               headers={"X-Signature": signature}, auth=HTTPBasicAuth("shop", "pässword"))
    prepared = session.prepare_request(request)
    prepared.headers.pop("User-Agent")
    try:
        answer = session.send(prepared)
        answer.raise_for_status()
    except requests.RequestException as error:
        return {"error": str(error), "kind": type(error).__name__}
    with open(requests.certs.where()) as file:
        has_certificates = "BEGIN CERTIFICATE" in file.read()
    return {"url": prepared.url, "headers": dict(prepared.headers), "answer": answer.json(),
            "certificates": has_certificates, "encoding": requests.models.chardet.detect("Größe".encode("utf-16"))["encoding"]}
