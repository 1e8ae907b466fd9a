"""Stores uploads in S3 and their records in DynamoDB; a stub stands for both."""

import os
from urllib.parse import parse_qs, urlsplit

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber

os.environ.setdefault("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "secret")
s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
table = boto3.resource("dynamodb").Table("uploads")


def handler(event, context):
    with Stubber(s3) as bucket, Stubber(table.meta.client) as records:
        if event.get("denied"):
            bucket.add_client_error("put_object", "AccessDenied", "no", 403)
        else:
            bucket.add_response("put_object", {"ETag": "e"}, {"Bucket": "b", "Key": event["key"], "Body": ANY})
        records.add_response("put_item", {}, {"TableName": "uploads", "Item": {"key": event["key"], "size": len(event["body"])}})
        records.add_response("query", {"Items": [{"key": {"S": event["key"]}, "size": {"N": "3"}}], "Count": 1}, {"TableName": "uploads", "KeyConditionExpression": ANY})
        try:
            s3.put_object(Bucket="b", Key=event["key"], Body=event["body"].encode())
        except ClientError as error:
            return {"error": error.response["Error"]["Code"], "text": str(error)}
        table.put_item(Item={"key": event["key"], "size": len(event["body"])})
        items = table.query(KeyConditionExpression=Key("key").eq(event["key"]))["Items"]
    link = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": event["key"]}))
    try:
        s3.put_object(Bucket="b")
    except Exception as error:
        missing = str(error)
    return {"items": items, "host": link.netloc, "path": link.path, "query": sorted(parse_qs(link.query)), "missing": missing,
            "pages": s3.can_paginate("list_objects_v2"), "waiters": table.meta.client.waiter_names}
