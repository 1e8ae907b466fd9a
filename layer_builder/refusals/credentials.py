"""Credentials that are missing, have expired or cannot be had: what to do about each kind.

The kinds are the names of the exceptions that botocore raises while it looks for credentials, and
those of Python where it opens a file or reads JSON of others without a look at it:
https://github.com/boto/botocore/blob/develop/botocore/credentials.py
"""

from collections.abc import Sequence

from layer_builder.errors import Problem, did_you_mean

LOGIN = "in a workflow: aws-actions/configure-aws-credentials before this action"

_BY_HAND = "see what this says: aws sts get-caller-identity{flag}"

_EXPORTED = 'eval "$(aws configure export-credentials{flag} --format env)"'

_SSO = (
    "the login {whose} by IAM Identity Center (SSO) is missing, or has expired",
    "aws sso login{flag}",
)
_LOGIN = ("the login {whose} is missing, or has expired", "aws login{flag}")
_CONFIG = (
    "the AWS config file cannot be read",
    "it is ~/.aws/config, or what AWS_CONFIG_FILE names; credentials in the environment"
    " (AWS_ACCESS_KEY_ID and the others) need none",
)
_NONE = (
    "there are no AWS credentials",
    LOGIN,
    "to try without an account: sandbox: true (--sandbox)",
)
_LETTERS = {
    "NoCredentialsError": _NONE,
    "PartialCredentialsError": _NONE,
    "SSOError": _SSO,
    "SSOTokenLoadError": _SSO,
    "UnauthorizedSSOTokenError": _SSO,
    "TokenRetrievalError": _SSO,
    "LoginError": _LOGIN,
    "LoginTokenLoadError": _LOGIN,
    "LoginRefreshRequired": _LOGIN,
    "LoginAuthorizationCodeError": _LOGIN,
    "LoginInsufficientPermissions": (
        "the login {whose} may not be renewed",
        "it takes signin:CreateOAuth2Token; or log in with other credentials",
    ),
    "ConfigParseError": _CONFIG,
    "ConfigNotFound": _CONFIG,
    "InvalidConfigError": _CONFIG,
    "InfiniteLoopConfigError": _CONFIG,
    "ProfileNotFound": ("there is no AWS profile {profile!r}", "AWS_PROFILE names it{near}"),
    "FileNotFoundError": (
        "a file that the AWS credentials come from does not exist",
        "it is named by AWS_WEB_IDENTITY_TOKEN_FILE, or in the profile by web_identity_token_file"
        " or credential_process; in a job on GitHub: permissions: id-token: write, and"
        " aws-actions/configure-aws-credentials",
    ),
    "JSONDecodeError": (
        "the credential_process {whose} printed no JSON",
        'run it by hand: it has to print {{"Version": 1, "AccessKeyId": …, "SecretAccessKey": …}}'
        " and nothing else",
    ),
    "CredentialRetrievalError": ("what should give the credentials {whose} failed", _BY_HAND),
    "MetadataRetrievalError": ("what should give the credentials {whose} failed", _BY_HAND),
    "MissingDependencyException": (
        "the credentials {whose} need a library (awscrt) that is not installed here: those of"
        " `aws login` do",
        f"hand on what that login gives, and unset AWS_PROFILE: {_EXPORTED}",
    ),
    "RefreshWithMFAUnsupportedError": (
        "the role {whose} wants an MFA code, and nobody is asked for one here",
        f"hand on a session that is open, and unset AWS_PROFILE: {_EXPORTED}",
    ),
}
"""By the name of the exception: what happened, and what to do, a line each."""


def credentials_letter(
    kind: str, text: str, *, profile: str = "", profiles: Sequence[str] = (), loading: bool = False
) -> Problem | None:
    """Say what is wrong with the credentials; None where the error is about something else.

    Args:
        kind: the name of the exception.
        text: what it says.
        profile: the profile that the environment names; empty for none.
        profiles: those there are.
        loading: whether it was raised while credentials were looked for: a file that is missing
            says nothing of them otherwise.
    """
    if not loading and (kind not in _LETTERS or kind in {"FileNotFoundError", "JSONDecodeError"}):
        return None
    letter = _LETTERS.get(kind, ("the AWS credentials cannot be had", _BY_HAND, LOGIN))
    fields = {
        "whose": f"of the AWS profile {profile!r}" if profile else "of the AWS credentials",
        "flag": f" --profile {profile}" if profile else "",
        "profile": profile,
        "near": "".join(f"; {line}" for line in did_you_mean(profile, profiles)),
    }
    message, *advice = (line.format(**fields) for line in letter)
    return Problem(message=message, details=(f"{kind}: {text}",), advice=tuple(advice))
