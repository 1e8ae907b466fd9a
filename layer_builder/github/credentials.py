"""The credentials that a job holds, by the names of where they are; their values are not looked at."""

import re
from collections.abc import Mapping
from pathlib import Path

from layer_builder.errors import Problem

_OF_THE_JOB = (
    # https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    # https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "INPUT_GITHUB-TOKEN",
)
_OF_INDEXES = re.compile(r"UV_INDEX_\w+_PASSWORD|(UV|PIP)_\w*INDEX\w*")
_USERINFO = re.compile(r"://[^/\s]*@")
_HEADER = re.compile(r"^\s*extraheader\s*=\s*\S", re.IGNORECASE | re.MULTILINE)
# From version 6 on, actions/checkout writes its token to a file of its own, and has git include it:
# https://github.com/actions/checkout/pull/2286
_INCLUDED = re.compile(r"^\s*path\s*=\s*(\S*git-credentials-[^/\s]+\.config)\s*$", re.MULTILINE)
_OF_ANYTHING = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE_KEY|API_?KEY|ACCESS_KEY|SSH_AUTH_SOCK"
)
_HOME_FILES = (
    ".aws/credentials", ".aws/config", ".config/gcloud/credentials.db", ".docker/config.json",
    ".config/gcloud/application_default_credentials.json", ".azure/msal_token_cache.json",
    ".azure/msal_token_cache.bin", ".netrc", ".git-credentials", ".npmrc", ".pypirc",
    ".pip/pip.conf", ".config/pip/pip.conf", ".config/uv/uv.toml",
    ".local/share/uv/credentials", ".kube/config", ".vault-token",
)  # fmt: skip
_CONFIG_CHARACTERS = 1024 * 1024


def find_credentials(environ: Mapping[str, str], checkout: Path) -> tuple[str, ...]:
    """Name the credentials that the job could do without, if it only builds."""
    found = [name for name in _OF_THE_JOB if environ.get(name)]
    config = checkout / ".git" / "config"
    try:
        with config.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_CONFIG_CHARACTERS)
    except OSError:
        return tuple(found)
    included = (Path(match[1]) for match in _INCLUDED.finditer(text))
    if _HEADER.search(text) or any(path.is_file() for path in included):
        found.append("the token that actions/checkout left in .git/config")
    return tuple(found)


def has_index_credentials(environ: Mapping[str, str]) -> bool:
    """Tell whether the environment has logins of package indexes, which a build may need."""
    return any(
        name.endswith("_PASSWORD") or _USERINFO.search(value)
        for name, value in environ.items()
        if value and _OF_INDEXES.fullmatch(name)
    )


def holds_nothing(environ: Mapping[str, str], found: tuple[str, ...]) -> bool:
    """Tell whether there is nothing in a job to take, on a machine that goes when the job does.

    That is one of GitHub's own runners (https://docs.github.com/en/actions/reference/workflows-and-actions/variables),
    `found` (see `find_credentials`) is empty, no variable is called as secrets are, and none of the
    files is there that tools keep logins in. Whatever is in doubt counts as something.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return False
    if environ.get("RUNNER_ENVIRONMENT") != "github-hosted" or not environ.get("HOME"):
        return False
    if found or has_index_credentials(environ):
        return False
    if any(value and _OF_ANYTHING.search(name.upper()) for name, value in environ.items()):
        return False
    if any(_USERINFO.search(value) for value in environ.values()):
        return False
    home = Path(environ["HOME"])
    return not any((home / name).exists() for name in _HOME_FILES)


def job_split(found: tuple[str, ...]) -> Problem:
    """Say how the job could be spared its credentials."""
    return Problem(
        message=f"this job holds credentials, which a build does not need: {', '.join(found)}. Build"
        " in a job without them (permissions: contents: read, persist-credentials: false), and hand"
        " its output digests and the output dir to a job that publishes, with build: never"
    )
