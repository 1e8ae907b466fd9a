"""The pull-request comment: one for each manifest, made or renewed; whatever happens fails no run.

To GitHub's API a pull request is an issue: https://docs.github.com/en/rest/issues/comments
"""

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from layer_builder.errors import Problem
from layer_builder.github.api import GitHubApi, GitHubApiError
from layer_builder.lazy_dataclasses import dataclass

# Of GITHUB_TOKEN: https://docs.github.com/en/actions/concepts/security/github_token
_WORKFLOW_LOGIN = "github-actions[bot]"
_FAILED = "the pull-request comment could not be written"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TRIES = 3
_SECONDS = 2.0
_LONGEST_WAIT = 60.0
"""Seconds; a primary limit may last an hour, which a job does not wait."""
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_FORBIDDEN = (403, 404)
_PERMISSION = (
    "give the job permissions: pull-requests: write (and contents: read), and hand its token on as"
    " github-token"
)
_FORK = (
    "a pull request from a fork gets a token that only reads, whatever permissions: says; the job"
    " summary has the same"
)


@dataclass(frozen=True, kw_only=True)
class _PullRequest:
    """The pull request that a workflow runs for."""

    repository: str
    number: int
    commit: str
    """Its head; empty where the event does not say it."""
    is_from_fork: bool

    def footer(self, environ: Mapping[str, str]) -> str:
        """Lead to the commit and to the run, as Markdown."""
        # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        here, run = f"{server}/{self.repository}", environ.get("GITHUB_RUN_ID", "")
        parts = [f"Commit [{self.commit[:7]}]({here}/commit/{self.commit})"] if self.commit else []
        parts += [f"[run {run}]({here}/actions/runs/{run})"] if run.isdigit() else []
        return " · ".join(parts)


def post_comment(token: str, render: Callable[[str], str]) -> Problem | None:
    """Write or renew the comment on the pull request of this workflow that has the same first line.

    `render` takes a last line and gives the whole text. Returns None when it is done or there is no
    pull request, else what went wrong: a comment is a courtesy and fails no run.
    """
    pull = _pull_request(os.environ)
    if pull is None:
        return None
    body = render(pull.footer(os.environ))
    for attempt in range(1, _TRIES + 1):
        try:
            api = GitHubApi(token)
            _write(api, pull, body, _own_login(api))
        except GitHubApiError as error:
            seconds = _pause(error, attempt)
            if seconds is None:
                return _refused(error, pull, attempt)
            time.sleep(seconds)
        except Exception as error:  # noqa: BLE001 (a comment fails no run)
            return Problem(message=f"{_FAILED}: {error}")
        else:
            return None
    return None


def _write(api: GitHubApi, pull: _PullRequest, body: str, login: str) -> None:
    """Look for the comment each time: a try without an answer may have made it."""
    mark, _, _ = body.partition("\n")
    issues = f"/repos/{pull.repository}/issues"
    for existing in api.pages(f"{issues}/{pull.number}/comments"):
        # Anybody can begin a comment with the mark: whoever's is edited would have said our words.
        # Whoever is gone has no user any more.
        theirs = (existing.get("user") or {}).get("login")
        if str(existing.get("body") or "").startswith(mark) and theirs == login:
            if existing["body"] != body:
                api.send("PATCH", f"{issues}/comments/{existing['id']}", {"body": body})
            return
    api.send("POST", f"{issues}/{pull.number}/comments", {"body": body})


def _own_login(api: GitHubApi) -> str:
    """Say under whose name a token writes."""
    with suppress(GitHubApiError, KeyError, TypeError):
        return str(api.get("/user")["login"])
    with suppress(GitHubApiError, KeyError, TypeError):
        # An app's token has no user in the REST API, and a viewer in the other one:
        # https://docs.github.com/en/graphql/reference/queries#viewer
        return str(api.query("{viewer {login}}")["data"]["viewer"]["login"])
    return _WORKFLOW_LOGIN


def _pause(error: GitHubApiError, attempt: int) -> float | None:
    """Say how long to wait before another try; None where there is to be none."""
    if attempt == _TRIES or not (_is_limited(error) or error.status >= _SERVER_ERROR):
        return None
    # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
    said = _header(error, "retry-after")
    if said.isdigit():
        return float(said) if float(said) <= _LONGEST_WAIT else None
    if _header(error, "x-ratelimit-remaining") == "0":
        reset = _header(error, "x-ratelimit-reset")
        seconds = float(reset) - time.time() if reset.isdigit() else _LONGEST_WAIT + 1
        return max(seconds, 0.0) if seconds <= _LONGEST_WAIT else None
    return _SECONDS * attempt


def _is_limited(error: GitHubApiError) -> bool:
    says = error.said.lower()
    return error.status == _TOO_MANY_REQUESTS or (
        error.status in _FORBIDDEN and "rate limit" in says
    )


def _refused(error: GitHubApiError, pull: _PullRequest, attempt: int) -> Problem:
    """Say what GitHub answered, and what to do about it."""
    said = error.said
    message = f"{_FAILED}: GitHub answered {error.status}{f' ({said})' if said else ''}"
    if _is_limited(error):
        reset = _header(error, "x-ratelimit-reset")
        when = f" until {_clock(int(reset))}" if reset.isdigit() else ""
        return Problem(
            message=f"{message}: its rate limit is used up{when}",
            advice=("run the job again then",),
        )
    if error.status >= _SERVER_ERROR:
        return Problem(message=f"{message}, {attempt} times", advice=("run the job again",))
    advice = (_FORK,) if pull.is_from_fork else (_PERMISSION, _FORK)
    return Problem(message=message, advice=advice if error.status in _FORBIDDEN else ())


def _clock(seconds: int) -> str:
    return time.strftime("%H:%M:%S UTC", time.gmtime(seconds))


def _header(error: GitHubApiError, name: str) -> str:
    return error.headers.get(name, "")


def _pull_request(environ: Mapping[str, str]) -> _PullRequest | None:
    path, repository = environ.get("GITHUB_EVENT_PATH"), environ.get("GITHUB_REPOSITORY", "")
    if not path or not repository:
        return None
    if not environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return None
    try:
        # What set the workflow off, as webhooks have it:
        # https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
        event: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        pull = event["pull_request"]
        number = int(pull["number"])
        head = pull.get("head") or {}
        commit = str(head.get("sha", ""))
        # A fork that is gone has no repository any more.
        fork = (head.get("repo") or {"full_name": ""}).get("full_name") if head else repository
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return _PullRequest(
        repository=repository,
        number=number,
        commit=commit if _COMMIT.fullmatch(commit) else "",
        is_from_fork=fork != repository,
    )
