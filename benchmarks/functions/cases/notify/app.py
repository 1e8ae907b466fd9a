"""Sends messages through SQS and SNS with a key from Secrets Manager; stubs stand for all."""

import json
from functools import cache

import boto3
from botocore.stub import ANY, Stubber

SESSION = boto3.session.Session(aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="s", region_name="eu-central-1")


@cache
def client(service):
    return SESSION.client(service)


def handler(event, context):
    with Stubber(client("sqs")) as queue, Stubber(client("sns")) as topic, Stubber(client("secretsmanager")) as secrets:
        secrets.add_response("get_secret_value", {"SecretString": '{"key": "k"}', "Name": "n"}, {"SecretId": "shop"})
        key = json.loads(client("secretsmanager").get_secret_value(SecretId="shop")["SecretString"])["key"]
        sent = []
        for number, text in enumerate(event["messages"]):
            queue.add_response("send_message", {"MessageId": f"q{number}"}, {"QueueUrl": "https://q", "MessageBody": text, "MessageAttributes": ANY})
            sent.append(client("sqs").send_message(QueueUrl="https://q", MessageBody=text, MessageAttributes={"key": {"DataType": "String", "StringValue": key}})["MessageId"])
        topic.add_response("publish", {"MessageId": "t"}, {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:t", "Message": str(len(sent))})
        sent.append(client("sns").publish(TopicArn="arn:aws:sns:eu-central-1:123456789012:t", Message=str(len(sent)))["MessageId"])
    return {"sent": sent, "endpoints": [client(name).meta.endpoint_url for name in ("sqs", "sns", "secretsmanager")],
            "api": client("sqs").meta.service_model.api_version}
