# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "aws-lambda-powertools==3.37.0",
# ]
# ///
"""Resolves an event."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
a = APIGatewayRestResolver()
@a.get("/x")
def x(): return {"a": 1}
print(a.resolve({"path": "/x", "httpMethod": "GET", "requestContext": {}, "headers": {}}, None)["body"])
