"""The pull-request comment, against a server that answers as GitHub's API does."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Serve: TypeAlias = Callable[..., str]

MANIFEST = 'version: 1\npython: "3.12"\nlayers:\n  code: {include: src/}\n'
MARK = "<!-- layer-builder -->"


class PullRequest:
    """Number 7 of own/repo: keeps its comments."""

    def __init__(
        self, *, may_write: bool = True, login: str = "github-actions[bot]", kind: str = "workflow"
    ) -> None:
        self.login = login
        self.kind = kind
        self.comments: list[dict[str, Any]] = []
        self.tokens: set[str] = set()
        self._may_write = may_write

    def answer(
        self, request: tuple[str, str, Mapping[str, str], bytes]
    ) -> tuple[int, Mapping[str, str], bytes]:
        method, path, headers, body = request
        self.tokens.add(headers.get("Authorization", ""))
        if method != "GET" and not self._may_write:
            return self._json(403, {"message": "Resource not accessible by integration"})
        return self._json(*self._found(method, path, body))

    def _found(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        answer: tuple[int, object]
        number = len(self.comments) + 1
        match method, path.partition("?")[0]:
            case "GET", "/repos/own/repo/issues/7":
                answer = 200, {"number": 7, "url": "/repos/own/repo/issues/7"}
            case "GET", "/repos/own/repo/issues/7/comments":
                answer = 200, self.comments
            case "POST", "/repos/own/repo/issues/7/comments":
                text = json.loads(body)["body"]
                self.comments.append({"id": number, "body": text, "user": {"login": self.login}})
                answer = 201, self.comments[-1]
            case "PATCH", _:
                number = int(path.rpartition("/")[2])
                (comment,) = (one for one in self.comments if one["id"] == number)
                comment["body"] = json.loads(body)["body"]
                answer = 200, comment
            case "GET", "/user" if self.kind == "person":
                answer = 200, {"login": self.login, "url": "/users/x"}
            case "GET", "/user":
                answer = 403, {"message": "Resource not accessible by integration"}
            case "POST", "/graphql" if self.kind == "app":
                answer = 200, {"data": {"viewer": {"login": self.login}}}
            case _:
                answer = 404, {"message": "Not Found"}
        return answer

    @staticmethod
    def _json(status: int, data: object) -> tuple[int, Mapping[str, str], bytes]:
        return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


@pytest.fixture
def build(run: Run, workspace: Path, serve: Serve) -> Callable[..., CompletedProcess[str]]:
    """Run the action's `build` on a pull request that is served."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)
    event = workspace.parent / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))

    started: dict[int, str] = {}

    def start(pull: PullRequest, event_name: str = "pull_request") -> CompletedProcess[str]:
        def answer(request: Any) -> Any:  # noqa: ANN401 (the fixture's request and answer)
            status, headers, body = pull.answer(tuple(request))
            for comment in pull.comments:
                comment.setdefault("url", f"{url}/repos/own/repo/issues/comments/{comment['id']}")
            if isinstance(found := json.loads(body), dict) and str(found.get("url", "")).startswith(
                "/"
            ):
                body = json.dumps({**found, "url": url + found["url"]}).encode()
            return status, headers, body

        url = started.setdefault(id(pull), "") or serve(answer)
        started[id(pull)] = url
        return run(
            env={
                "GITHUB_ACTIONS": "true",
                "GITHUB_WORKSPACE": str(workspace),
                "GITHUB_REPOSITORY": "own/repo",
                "GITHUB_EVENT_NAME": event_name,
                "GITHUB_EVENT_PATH": str(event),
                "GITHUB_API_URL": url,
                "INPUT_COMMAND": "build",
                "INPUT_GITHUB-TOKEN": "sesame-token",
            }
        )

    return start


def test_the_summary_is_posted_once_and_then_renewed(
    build: Callable[..., CompletedProcess[str]], workspace: Path
) -> None:
    pull = PullRequest()
    assert build(pull).returncode == 0
    (first,) = [comment["body"] for comment in pull.comments]
    assert first.startswith(f"{MARK}\n## Lambda layers: 1 built\n")

    (workspace / "layers.yml").write_text(MANIFEST.replace("code", "other"))
    assert build(pull).returncode == 0
    (second,) = [comment["body"] for comment in pull.comments]
    assert "| other |" in second
    assert pull.tokens <= {"token sesame-token", "Bearer sesame-token"}


@pytest.mark.parametrize(
    ("kind", "login"),
    [("workflow", "github-actions[bot]"), ("person", "alice"), ("app", "layers[bot]")],
)
def test_only_a_comment_of_its_own_is_renewed(
    build: Callable[..., CompletedProcess[str]], kind: str, login: str
) -> None:
    pull = PullRequest(kind=kind, login=login)
    theirs = {"id": 1, "body": f"{MARK}\nnot ours", "user": {"login": "mallory"}}
    pull.comments.append(dict(theirs))
    for _ in range(2):
        done = build(pull)
        assert (done.returncode, "comment could not" in done.stdout) == (0, False), done.stdout
    first, second = pull.comments
    assert (first["body"], second["user"]) == (theirs["body"], {"login": login})
    assert second["body"].startswith(f"{MARK}\n## Lambda layers: 1 built\n")


def test_a_comment_that_cannot_be_written_is_a_warning_and_fails_nothing(
    build: Callable[..., CompletedProcess[str]],
) -> None:
    done = build(PullRequest(may_write=False))
    assert done.returncode == 0
    assert "::warning::the pull-request comment could not be written" in done.stdout
    assert "sesame-token" not in done.stdout + done.stderr


def test_a_push_gets_no_comment(build: Callable[..., CompletedProcess[str]]) -> None:
    pull = PullRequest()
    assert build(pull, event_name="push").returncode == 0
    assert pull.comments == []
    assert pull.tokens == set()
