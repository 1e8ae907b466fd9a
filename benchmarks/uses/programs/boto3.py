# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "boto3==1.44.8",
# ]
# ///
"""Makes clients and signs an address."""

import boto3
s3 = boto3.client("s3", aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")
print(s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}).split("?")[0], len(boto3.Session().get_available_services()) > 300)
print(boto3.resource("dynamodb", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b").Table("t").name)
