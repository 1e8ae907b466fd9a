"""A network that is reached through the proxy alone: its names exist nowhere else."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..conftest import REGION
from ..github.test_comment import PullRequest
from ..local_index import Request, Response
from .tls_proxy import PASSWORD, USER, TlsProxy, forwarded, intercepting

Run: TypeAlias = Callable[..., CompletedProcess[str]]
INDEX, GITHUB = "index.example", "api.github.example"
AWS = {f"{service}.{REGION}.amazonaws.com" for service in ("lambda", "sts")}
VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
)


@pytest.fixture
def pull() -> PullRequest:
    """Give the pull request that comments are written to."""
    return PullRequest()


@pytest.fixture
def company(tmp_path: Path, index: str, aws: str, pull: PullRequest) -> Iterator[TlsProxy]:
    """Run the proxy, with an index, AWS and GitHub behind it."""

    def github(request: Request) -> Response:
        status, headers, body = pull.answer(request)
        return status, headers, body.replace(b'"/repos/', f'"https://{GITHUB}/repos/'.encode())

    folder = tmp_path / "company"
    folder.mkdir()
    routes = {INDEX: forwarded(index), "*.amazonaws.com": forwarded(aws), GITHUB: github}
    with intercepting(folder, routes) as proxy:
        yield proxy


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of a workflow in there, which trusts nobody in particular."""

    run: Run
    workspace: Path
    environment: Mapping[str, str | None]
    proxy: TlsProxy
    pull: PullRequest

    def play(self, command: str, manifest: str, **env: str | None) -> tuple[int, str]:
        """Give its exit code and all that it says, in log and reports: of no login a word."""
        (self.workspace / "layers.yml").write_text(manifest)
        done = self.run(env={**self.environment, "INPUT_COMMAND": command, **env})
        reports = [path.read_text("utf-8") for path in self.workspace.glob("dist/layers/report.*")]
        text = "\n".join([done.stdout, done.stderr, *reports])
        assert PASSWORD not in text
        assert f"{USER}:" not in text
        return done.returncode, text.replace("%0A", "\n").replace("%25", "%")


@pytest.fixture
def job(workspace: Path, run: Run, company: TlsProxy, pull: PullRequest) -> Job:
    """Give the job, with a file in its workspace."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    event = workspace.parent / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    environment = {
        "AWS_ENDPOINT_URL": None,
        "UV_DEFAULT_INDEX": f"https://{INDEX}/simple",
        "UV_HTTP_RETRIES": "0",
        "HTTPS_PROXY": company.url,
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_REPOSITORY": "own/repo",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_API_URL": f"https://{GITHUB}",
        "INPUT_GITHUB-TOKEN": "sesame-token",
    }
    return Job(run=run, workspace=workspace, environment=environment, proxy=company, pull=pull)
