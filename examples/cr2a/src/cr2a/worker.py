"""Function cr2a-worker: every night, counts the findings of all contracts in a bucket."""

from collections.abc import Iterable
from typing import Any

import boto3
import pandas as pd

from src.cr2a.contracts import Contract
from src.cr2a.review import review


def table(contracts: Iterable[Contract]) -> pd.DataFrame:
    """Count how often each message comes up, the most frequent first."""
    rows = [
        {"message": finding.message, "contract": contract.title}
        for contract in contracts
        for finding in review(contract)
    ]
    frame = pd.DataFrame(rows, columns=["message", "contract"])
    counts = frame.groupby("message", as_index=False)["contract"].nunique()
    counts = counts.rename(columns={"contract": "contracts"})
    return counts.sort_values(["contracts", "message"], ascending=[False, True])


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Read contracts/*.json of the bucket, write findings.csv beside them.

    Contracts in the event itself are counted in the answer.
    """
    if "contracts" in event:
        contracts = map(Contract.model_validate, event["contracts"])
        return {"csv": table(contracts).to_csv(index=False)}
    s3 = boto3.client("s3")
    bucket = event["bucket"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="contracts/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    bodies = (s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys)
    csv = table(Contract.model_validate_json(body) for body in bodies).to_csv(index=False)
    s3.put_object(Bucket=bucket, Key="findings.csv", Body=csv.encode())
    return {"written": f"s3://{bucket}/findings.csv"}
