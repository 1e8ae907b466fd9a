"""The pull-request comment, against a server that answers as GitHub's API does."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Serve: TypeAlias = Callable[..., str]

MANIFEST = 'version: 1\npython: "3.12"\nlayers:\n  code: {include: src/}\n'
SHA = "0123456789abcdef0123456789abcdef01234567"
MARK = "<!-- layer-builder: layers.yml -->"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What comes in the place of the next answer to a method."""

    method: str
    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_done: bool = False
    """Whether it is done all the same."""


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
        self.troubles: list[Trouble] = []
        self.written = 0

    def answer(
        self, request: tuple[str, str, Mapping[str, str], bytes]
    ) -> tuple[int, Mapping[str, str], bytes]:
        method, path, headers, body = request
        self.tokens.add(headers.get("Authorization", ""))
        if self.troubles and self.troubles[0].method == method and "/comments" in path:
            trouble = self.troubles.pop(0)
            if trouble.is_done:
                self._found(method, path, body)
            headers = {"Content-Type": "application/json", **trouble.headers}
            return trouble.status, headers, json.dumps({"message": trouble.message}).encode()
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
                self.written += 1
                self.comments.append({"id": number, "body": text, "user": {"login": self.login}})
                answer = 201, self.comments[-1]
            case "PATCH", _:
                number = int(path.rpartition("/")[2])
                (comment,) = (one for one in self.comments if one["id"] == number)
                comment["body"] = json.loads(body)["body"]
                self.written += 1
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
    started: dict[int, str] = {}

    def start(
        pull: PullRequest,
        event_name: str = "pull_request",
        manifest: str = "layers.yml",
        head: str = "own/repo",
    ) -> CompletedProcess[str]:
        of_head = {"sha": SHA, "repo": {"full_name": head}}
        event.write_text(json.dumps({"pull_request": {"number": 7, "head": of_head}}))

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
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_RUN_ID": "1234",
                "INPUT_COMMAND": "build",
                "INPUT_MANIFEST": manifest,
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
    assert "| code |" not in second
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
    assert "GitHub answered 403 (Resource not accessible by integration)" in done.stdout
    assert "permissions: pull-requests: write" in done.stdout
    assert "sesame-token" not in done.stdout + done.stderr


def test_a_push_gets_no_comment(build: Callable[..., CompletedProcess[str]]) -> None:
    pull = PullRequest()
    assert build(pull, event_name="push").returncode == 0
    assert pull.comments == []
    assert pull.tokens == set()


def test_each_manifest_has_a_comment_of_its_own(
    build: Callable[..., CompletedProcess[str]], workspace: Path
) -> None:
    pull, other = PullRequest(), "a--> b/layers.yml"
    (workspace / "a--> b").mkdir()
    (workspace / other).write_text(
        MANIFEST.replace("code: {include: src/", "own: {include: ../src/")
    )
    for _ in range(2):
        assert build(pull).returncode == 0
        done = build(pull, manifest=other)
        assert done.returncode == 0, done.stdout
    first, second = (comment["body"] for comment in pull.comments)
    assert first.startswith(f"{MARK}\n")
    assert second.startswith("<!-- layer-builder: a--%3E%20b/layers.yml -->\n")
    assert ("| code |" in first, "| own |" in second) == (True, True)


def test_a_comment_leads_to_its_commit_and_run_and_says_nothing_twice(
    build: Callable[..., CompletedProcess[str]],
) -> None:
    pull = PullRequest()
    for _ in range(2):
        assert build(pull).returncode == 0
    (comment,) = pull.comments
    assert comment["body"].endswith(
        f"\nCommit [0123456](https://github.example/own/repo/commit/{SHA}) ·"
        " [run 1234](https://github.example/own/repo/actions/runs/1234)\n"
    )
    assert pull.written == 1


def test_a_fork_is_told_that_its_token_only_reads(
    build: Callable[..., CompletedProcess[str]],
) -> None:
    done = build(PullRequest(may_write=False), head="fork/repo")
    assert done.returncode == 0
    assert "a pull request from a fork gets a token that only reads" in done.stdout
    assert "permissions: pull-requests: write" not in done.stdout


SOON = {"Retry-After": "0"}
LIMITED = "You have exceeded a secondary rate limit."


@pytest.mark.parametrize(
    "troubles",
    [
        [Trouble(method="POST", status=502, headers=SOON)],
        [Trouble(method="POST", status=502, headers=SOON, is_done=True)],
        [Trouble(method="GET", status=500, headers=SOON), Trouble(method="POST", status=503, headers=SOON)],
        [Trouble(method="POST", status=429, headers=SOON, message=LIMITED)],
        [Trouble(method="POST", status=403, headers=SOON, message=LIMITED)],
        [Trouble(method="GET", status=403, message="API rate limit exceeded", headers={
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000000000"})],
    ],
    ids=["502", "502 that was done", "two of them", "429", "secondary limit", "primary limit"],
)  # fmt: skip
def test_what_passes_is_tried_again_and_written_once(
    build: Callable[..., CompletedProcess[str]], troubles: list[Trouble]
) -> None:
    pull = PullRequest()
    pull.troubles = [*troubles]
    done = build(pull)
    assert (done.returncode, "comment could not" in done.stdout) == (0, False), done.stdout
    assert (len(pull.comments), pull.written, pull.troubles) == (1, 1, [])


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble(method="POST", status=502, headers=SOON), "GitHub answered 502, 3 times"),
        (Trouble(method="POST", status=429, message=LIMITED, headers={"Retry-After": "3600"}),
         f"GitHub answered 429 ({LIMITED}): its rate limit is used up"),
        (Trouble(method="GET", status=403, message="API rate limit exceeded", headers={
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444799"}),
         "GitHub answered 403 (API rate limit exceeded): its rate limit is used up until 23:59:59 UTC"),
        (Trouble(method="POST", status=401, message="Bad credentials"), "GitHub answered 401 (Bad"),
        (Trouble(method="POST", status=422, message="Validation Failed"), "GitHub answered 422 (Val"),
    ],
    ids=["502", "429 for an hour", "primary limit", "401", "422"],
)  # fmt: skip
def test_what_stays_is_said_and_fails_nothing(
    build: Callable[..., CompletedProcess[str]], trouble: Trouble, said: str
) -> None:
    pull = PullRequest()
    pull.troubles = [trouble] * 3
    done = build(pull)
    assert done.returncode == 0
    assert said in done.stdout
    assert pull.comments == []
