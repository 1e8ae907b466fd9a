# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "httpx==0.28.1",
# ]
# ///
"""Answers from a mounted transport."""

import httpx
print(httpx.Client(transport=httpx.MockTransport(lambda r: httpx.Response(200, json={"a": 1}))).get("https://a.example").json())
