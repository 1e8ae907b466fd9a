"""A publish happens once, whatever becomes of its answer; moto acts, and we spoil what it says."""

import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Versions: TypeAlias = Callable[..., list[str]]
Request: TypeAlias = tuple[str, str, Mapping[str, str], bytes]
Response: TypeAlias = tuple[int, Mapping[str, str], bytes]
Serve: TypeAlias = Callable[[Callable[[Request], Response]], str]

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
CODE = ARN.format("eu-west-1", "code", 1)
PATIENCE = 3.0
"""Seconds that the program waits for an answer where one comes too late."""
SERVER_ERROR = (500, {"x-amzn-ErrorType": "ServiceException"}, b'{"message": "An error occurred"}')
BUSY = (429, {"x-amzn-ErrorType": "TooManyRequestsException"}, b'{"message": "Rate exceeded"}')
EXPIRED = (403, {"x-amzn-ErrorType": "ExpiredTokenException"}, b'{"message": "token is expired"}')
DENIED = (403, {"x-amzn-ErrorType": "AccessDeniedException"}, b'{"message": "not authorized"}')


class Between:
    """Stands between the program and moto; `spoil` makes of a request and its answer another."""

    def __init__(self, aws: str, spoil: Callable[["Call"], Response]) -> None:
        self.host = urlsplit(aws).netloc
        self.spoil = spoil
        self.made: Counter[str] = Counter()
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        call = Call(request, self)
        with self.lock:
            self.made[call.name] += 1
            call.turn = self.made[call.name]
        return self.spoil(call)


class Call:
    """A call on its way: what it is, and `act()`, which has moto do it."""

    def __init__(self, request: Request, between: Between) -> None:
        self.request, self.between, self.turn = request, between, 0
        method, path, headers, _ = request
        end = urlsplit(path).path.rsplit("/", 1)[-1]
        verbs = {
            "POST": "publish",
            "GET": {"versions": "list", "account-settings": "settings"}.get(end, "get"),
        }
        self.name = verbs.get(method, method)
        self.layer = [*path.split("/"), ""][3]
        self.region = headers["Authorization"].split("/")[2]

    def act(self) -> Response:
        method, path, headers, body = self.request
        connection = http.client.HTTPConnection(self.between.host)
        kept = {name: value for name, value in headers.items() if name != "Connection"}
        connection.request(method, path, body, kept)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {"Content-Type": "application/json"}, content


@pytest.fixture(autouse=True)
def _(workspace: Path) -> None:
    (workspace / "a.py").write_text("A = 1\n")
    write(workspace, "code")


def write(workspace: Path, *keys: str) -> None:
    layers = "".join(f"  {key}: {{include: a.py}}\n" for key in keys)
    (workspace / "layers.yml").write_text(f'version: 1\npython: "3.12"\nlayers:\n{layers}')


def report(workspace: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((workspace / "dist/layers/report.json").read_text())
    return read


def hang_up() -> Response:
    raise ConnectionAbortedError


def late(answer: Response) -> Response:
    time.sleep(PATIENCE + 1)
    return answer


def seconds(how: str) -> str:
    return str(PATIENCE) if how == "too late" else ""


SPOILT: dict[str, Callable[[Response], Response]] = {
    "500": lambda _: SERVER_ERROR,
    "503 without words": lambda _: (503, {}, b""),
    "504 from a proxy": lambda _: (504, {}, b"<html>Gateway Time-out</html>"),
    "hung up": lambda _: hang_up(),
    "too late": late,
    "cut short": lambda answer: (answer[0], answer[1], answer[2][: len(answer[2]) // 2]),
    "empty": lambda answer: (answer[0], answer[1], b""),
    "no object": lambda answer: (answer[0], answer[1], b"[]"),
    "lacks the ARN": lambda answer: (answer[0], answer[1], b'{"Version": 1}'),
    "fewer bytes than announced": lambda answer: (
        answer[0], {**answer[1], "content-length": "9999"}, answer[2]
    ),
}  # fmt: skip


@pytest.mark.parametrize("acted", [True, False], ids=["acted", "did not act"])
@pytest.mark.parametrize("how", SPOILT)
def test_a_publish_without_a_clear_answer_is_looked_for_before_it_is_repeated(  # noqa: PLR0913 (a table)
    run: Run, serve: Serve, aws: str, versions: Versions, how: str, *, acted: bool
) -> None:
    def spoil(call: Call) -> Response:
        if (call.name, call.turn) != ("publish", 1):
            return call.act()
        return SPOILT[how](call.act() if acted else (201, {}, b'{"some": "answer"}'))

    between = Between(aws, spoil)
    env = {"AWS_ENDPOINT_URL": serve(between), "LAYER_BUILDER_READ_TIMEOUT": seconds(how)}
    done = run("publish", env=env)
    assert done.returncode == 0, done.stderr
    assert versions() == [CODE]
    assert between.made["publish"] == (1 if acted else 2)
    assert "code: no clear answer from eu-west-1 (" in done.stderr
    assert (f"code: it happened: {CODE}\n" in done.stderr) is acted
    assert json.loads(done.stdout) == {"code": CODE}


def test_what_aws_lists_late_is_still_found(
    run: Run, serve: Serve, aws: str, versions: Versions
) -> None:
    def spoil(call: Call) -> Response:
        if call.name == "publish":
            call.act()
            return SERVER_ERROR
        hidden = call.name == "list" and call.turn <= 3
        return (200, {}, b'{"LayerVersions": []}') if hidden else call.act()

    between = Between(aws, spoil)
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(between)})
    assert done.returncode == 0, done.stderr
    assert (versions(), between.made["publish"]) == ([CODE], 1)


def test_another_ones_version_is_not_taken_for_ours(
    run: Run, serve: Serve, aws: str, client: Callable[..., Any], versions: Versions
) -> None:
    def spoil(call: Call) -> Response:
        if (call.name, call.turn) == ("publish", 1):
            call.act()
            client("lambda").publish_layer_version(LayerName="code", Content={"ZipFile": b"other"})
            return SERVER_ERROR
        return call.act()

    done = run("publish", env={"AWS_ENDPOINT_URL": serve(Between(aws, spoil))})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"code": CODE}
    assert versions() == [CODE, ARN.format("eu-west-1", "code", 2)]


def test_throttling_is_waited_out(run: Run, serve: Serve, aws: str, versions: Versions) -> None:
    between = Between(aws, lambda call: BUSY if call.turn <= 7 else call.act())
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(between)})
    assert done.returncode == 0, done.stderr
    assert versions() == [CODE]
    # Listed once before the build, where it is waited out, and once after it.
    assert between.made == {"list": 9, "publish": 8, "settings": 8}


@pytest.mark.parametrize("how", SPOILT)
def test_reads_are_repeated_until_they_are_whole(
    run: Run, serve: Serve, aws: str, versions: Versions, how: str
) -> None:
    run("publish")

    def spoil(call: Call) -> Response:
        return SPOILT[how](call.act()) if call.turn == 1 else call.act()

    between = Between(aws, spoil)
    env = {"AWS_ENDPOINT_URL": serve(between), "LAYER_BUILDER_READ_TIMEOUT": seconds(how)}
    done = run("publish", env=env)
    assert done.returncode == 0, done.stderr
    assert f"code: unchanged in eu-west-1: {CODE}\n" in done.stderr
    assert versions() == [CODE]


def test_a_publish_that_aws_never_manages_is_given_up_with_the_count(
    run: Run, serve: Serve, aws: str, versions: Versions
) -> None:
    between = Between(aws, lambda call: SERVER_ERROR if call.name == "publish" else call.act())
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(between)})
    assert done.returncode == 6
    assert (
        "    PublishLayerVersion in eu-west-1: ServiceException: An error occurred\n" in done.stderr
    )
    assert "    tried 5 times; looked 5 times after each: it did not happen\n" in done.stderr
    assert "error: published before that: nothing\n" in done.stderr
    assert (versions(), between.made["publish"]) == ([], 5)


def test_where_nobody_can_know_whether_it_happened_that_is_said(
    run: Run, serve: Serve, aws: str, workspace: Path, versions: Versions
) -> None:
    def spoil(call: Call) -> Response:
        if call.name == "publish":
            call.act()
            return hang_up()
        # Before the build, and after it.
        return call.act() if call.turn <= 2 else SERVER_ERROR

    done = run("publish", env={"AWS_ENDPOINT_URL": serve(Between(aws, spoil))})
    assert done.returncode == 6
    assert "it is not known whether it was published" in done.stderr
    assert versions() == [CODE]
    again = run("publish")
    assert f"code: unchanged in eu-west-1: {CODE}\n" in again.stderr
    assert versions() == [CODE]
    assert report(workspace)["exit_code"] == 0


def test_an_endpoint_that_nobody_listens_at_is_told(run: Run) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    done = run("publish", env={"AWS_ENDPOINT_URL": url})
    assert done.returncode == 6
    assert "AWS cannot be reached in eu-west-1" in done.stderr


def test_credentials_that_expire_on_the_way_are_told_with_what_is_published(
    run: Run, serve: Serve, aws: str, workspace: Path, versions: Versions
) -> None:
    write(workspace, "code", "more")
    between = Between(
        aws, lambda call: EXPIRED if (call.name, call.turn) == ("publish", 2) else call.act()
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(between)})
    assert done.returncode == 6
    assert "layer more: the AWS credentials have expired" in done.stderr
    assert (
        f"error: published before that: {CODE}\n    not published: more in eu-west-1\n"
        in done.stderr
    )
    assert json.loads(done.stdout) == {"code": CODE}
    code, more = report(workspace)["layers"]
    assert (code["arn"], more["arn"]) == ({"eu-west-1": CODE}, {})
    assert more["missing"] == {"eu-west-1": "the AWS credentials have expired"}
    assert run("publish").returncode == 0
    assert versions() == [CODE, ARN.format("eu-west-1", "more", 1)]


@pytest.mark.parametrize("step", ["list", "publish"])
def test_a_region_that_fails_leaves_the_others_to_finish(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    run: Run, serve: Serve, aws: str, workspace: Path, versions: Versions, step: str
) -> None:
    def spoil(call: Call) -> Response:
        return DENIED if (call.region, call.name) == ("us-east-1", step) else call.act()

    regions = ["eu-west-1", "us-east-1", "us-east-2"]
    words = ["publish", "--aws-region", ",".join(regions)]
    done = run(*words, env={"AWS_ENDPOINT_URL": serve(Between(aws, spoil))})
    assert done.returncode == 6
    assert "in us-east-1: AccessDeniedException: not authorized\n" in done.stderr
    assert "    not published: code in us-east-1\n" in done.stderr
    assert [len(versions(region)) for region in regions] == [1, 0, 1]
    arns = report(workspace)["layers"][0]["arn"]
    assert list(arns) == ["eu-west-1", "us-east-2"]


def test_a_version_that_another_run_made_meanwhile_is_taken_as_it_is(
    run: Run, serve: Serve, aws: str, workspace: Path, versions: Versions
) -> None:
    write(workspace, "code", "more")
    (workspace / "b.py").write_text("B = 1\n")
    (workspace / "layers.yml").write_text(
        (workspace / "layers.yml")
        .read_text()
        .replace("more: {include: a.py}", "more: {include: b.py}")
    )

    def spoil(call: Call) -> Response:
        if (call.name, call.layer) == ("publish", "code"):
            assert run("publish", "--layers", "more").returncode == 0
            time.sleep(2)
        return call.act()

    between = Between(aws, spoil)
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(between)})
    assert done.returncode == 0, done.stderr
    more = ARN.format("eu-west-1", "more", 1)
    assert f"more: published by another run meanwhile, unchanged: {more}\n" in done.stderr
    assert versions() == [CODE, more]
