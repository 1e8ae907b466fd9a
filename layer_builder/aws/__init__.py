"""AWS: the only package that imports boto3, and that late: with the first region that is opened."""

from layer_builder.aws.api import Connect, FunctionsApi, Region, ServingApi, VersionsApi
from layer_builder.aws.cloud import Cloud
from layer_builder.aws.permissions import (
    PolicyChange,
    grantee_name,
    policy_change,
    policy_outsiders,
)
from layer_builder.aws.retry import LOOK_DELAYS, RetryState

__all__ = [
    "LOOK_DELAYS",
    "Cloud",
    "Connect",
    "FunctionsApi",
    "PolicyChange",
    "Region",
    "RetryState",
    "ServingApi",
    "VersionsApi",
    "grantee_name",
    "policy_change",
    "policy_outsiders",
]
