"""Checks tokens, and answers with orjson."""

import datetime

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def handler(event, context):
    if event.get("key") == "ed25519":
        token = jwt.encode(event["claims"], KEY, algorithm="EdDSA", headers={"kid": "1"})
        check = (KEY.public_key(), ["EdDSA"])
    else:
        token = jwt.encode(event["claims"], "0123456789abcdef0123456789abcdef", algorithm="HS256")
        check = ("0123456789abcdef0123456789abcdef", ["HS256"])
    if event.get("tamper"):
        token = token[:-4] + "AAAA"
    try:
        claims = jwt.decode(token, *check, audience="shop")
    except jwt.InvalidTokenError as error:
        return {"error": type(error).__name__, "text": str(error)}
    body = orjson.dumps({"claims": claims, "at": datetime.datetime(2026, 1, 1)}, option=orjson.OPT_SORT_KEYS | orjson.OPT_NAIVE_UTC)
    return {"statusCode": 200, "body": body.decode(), "header": jwt.get_unverified_header(token), "token": token}
