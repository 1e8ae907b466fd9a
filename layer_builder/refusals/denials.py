"""Denials: which permission is missing, or which policy takes it away, and who can help.

The forms of AWS's texts:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import re

from layer_builder.lazy_dataclasses import dataclass

# Not each operation is allowed by an action of its own name:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3_PERMISSIONS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject and s3:DeleteObjectVersion",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}
_OTHER_PERMISSIONS = {
    "GetParameters": "ssm:GetParameters",
    "PutParameter": "ssm:PutParameter",
}

_NOT_AUTHORIZED = re.compile(
    r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on (?:the )?resource:? (?P<resource>\S+))?"
)
_NOT_BY_S3 = re.compile(
    r"denied by S3, .* permission to (?P<action>\w+) for (?P<object>\S+)\. S3 Error"
)
_EXPLICIT = re.compile(
    r"with an explicit deny in (?:an? )?(?P<policy>[\w -]+?(?:policy|boundary))(?:: (?P<arn>arn:\S+))?"
    r"(?=[\s.;,)]|$)"
)
_BY_NO = re.compile(
    r"because no (?P<policy>service control policy|resource control policy|permissions boundary"
    r"|session policy|VPC endpoint policy) allows"
)

_WHO = {
    "service control policy": "who administers the organization",
    "resource control policy": "who administers the organization",
    "permissions boundary": "who set the boundary of the role",
    "session policy": "who assumes the role: its session policy is narrower than the role",
    "VPC endpoint policy": "who owns the VPC endpoint",
    "identity-based policy": "who owns the role's policies",
    "resource-based policy": "who owns the policy of that resource",
}


@dataclass(frozen=True, kw_only=True)
class Denial:
    """What was refused, in words and with advice."""

    message: str
    advice: str


def denial_letter(operation: str, text: str) -> Denial:
    """Explain a denial from the operation and from what AWS said of it."""
    named = _NOT_AUTHORIZED.search(text)
    action = named["action"] if named else _permission(operation)
    if not named and (by_s3 := _NOT_BY_S3.search(text)):
        action = f"s3:{by_s3['action']}"
    on = f" on {named['resource']}" if named and named["resource"] else ""
    if explicit := _EXPLICIT.search(text):
        policy = explicit["policy"]
        arn = f" ({explicit['arn']})" if explicit["arn"] else ""
        whom = _WHO.get(policy, "who owns that policy")
        return Denial(
            message=f"{_article(policy)} {policy} forbids {action}{arn}",
            advice=f"no permission of the role helps against that: ask {whom}"
            f" to allow {action}{on}; such a policy often names regions, or tags",
        )
    if action.startswith("kms:"):
        return Denial(
            message=f"the key that the bucket encrypts with may not be used: {operation} takes {action}",
            advice=f"give the role the permission for {action}{on}, as in"
            " docs/iam/publish-s3-kms.json; the key's own policy has to let the account in",
        )
    if by_no := _BY_NO.search(text):
        whom = _WHO[by_no["policy"]]
        return Denial(
            message=f"no {by_no['policy']} allows {action}",
            advice=f"the role's own policies are not enough: ask {whom} to allow {action}{on}",
        )
    return Denial(
        message=f"AWS does not allow {operation}",
        advice=f"give the role the permission for {_missing(operation, text)}",
    )


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _missing(operation: str, text: str) -> str:
    """Name the permission that is missing, as AWS says it or else as the call needs it."""
    if refused := _NOT_BY_S3.search(text):
        return f"s3:{refused['action']} on {refused['object']} in S3"
    named = _NOT_AUTHORIZED.search(text)
    if named and named["resource"]:
        return f"{named['action']} on {named['resource']}"
    action = named["action"] if named else _permission(operation)
    if operation in _S3_PERMISSIONS:
        return f"{action} on the bucket, which must belong to the account of these credentials"
    if operation in _OTHER_PERMISSIONS:
        return f"{action} on the parameter"
    return f"{action} on this {'function' if 'Function' in operation else 'layer'}"


def _permission(operation: str) -> str:
    others = _S3_PERMISSIONS | _OTHER_PERMISSIONS
    return others.get(operation) or f"lambda:{operation}"
