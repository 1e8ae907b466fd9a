# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "mangum==0.22.0",
#     "starlette==1.10.0",
# ]
# ///
"""Answers an API Gateway event."""

from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def f(r): return PlainTextResponse("a")
print(Mangum(Starlette(routes=[Route("/", f)]), lifespan="off")({"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {}, "requestContext": {"http": {"method": "GET", "path": "/", "sourceIp": "1.1.1.1"}}, "isBase64Encoded": False}, None)["body"])
