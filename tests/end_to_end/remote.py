"""Servers that stand for what is remote, on 127.0.0.1: they write down what they are asked."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import boto3
import requests
from moto.server import ThreadedMotoServer

Answer: TypeAlias = Callable[[str, str, bytes], tuple[int, Any]]


class Remote:
    """A server, up; `url` is its address."""

    def __init__(self, url: str) -> None:
        """Nothing was asked yet."""
        self.url = url
        self.asked: list[tuple[str, str, bytes]] = []


@contextmanager
def serve(answer: Answer) -> Iterator[Remote]:
    """Answer method, path and body with a status and JSON."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            remote.asked.append((self.command, self.path, body))
            status, data = answer(self.command, self.path, body)
            text = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one  # noqa: N815 (as http.server asks)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        remote = Remote(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield remote
        finally:
            server.shutdown()


EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def client(url: str, service: str, region: str = "eu-west-1") -> Any:  # noqa: ANN401 (boto3 has no types)
    """Give a client of the AWS at an address."""
    make: Any = boto3.client
    return make(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )


@contextmanager
def serve_aws(*functions: str, regions: Sequence[str] = ("eu-west-1",)) -> Iterator[str]:
    """Give the address of an AWS that has these functions, for python3.12 on x86_64."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    # All servers of a process have one state, and another test of this one may have left some.
    requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    role = client(url, "iam").create_role(RoleName="f", AssumeRolePolicyDocument="{}")["Role"]
    try:
        for region in regions:
            for name in functions:
                client(url, "lambda", region).create_function(
                    FunctionName=name,
                    Runtime="python3.12",
                    Role=role["Arn"],
                    Handler="a.b",
                    Architectures=["x86_64"],
                    Code={"ZipFile": EMPTY_ZIP},
                )
        yield url
    finally:
        server.stop()
