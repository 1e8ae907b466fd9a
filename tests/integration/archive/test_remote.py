"""How large a zip elsewhere unzips, from as few of its bytes as the server allows."""

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from layer_builder.archive import UnreadableZipError, remote

Answer: TypeAlias = Callable[[Any], tuple[int, Mapping[str, str], bytes]]
Serve: TypeAlias = Callable[[Answer], str]

SECRET = "X-Amz-Signature=0123456789abcdef"


def zipped(*sizes: int, comment: bytes = b"", name: str = "python/{}.bin") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for index, size in enumerate(sizes):
            file.writestr(name.format(index), os.urandom(size))
        file.comment = comment
    return data.getvalue()


class Store:
    """Serves one zip as S3 does, and writes down what it was asked for."""

    def __init__(self, content: bytes, *, ranges: bool = True) -> None:
        self.content = content
        self.ranges = ranges
        self.headers: list[Mapping[str, str]] = []
        self.sent = 0

    def __call__(self, request: Any) -> tuple[int, Mapping[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        method, _, headers, _ = request
        assert method == "GET"
        self.headers.append(headers)
        asked = headers.get("Range", "")
        if not (self.ranges and asked):
            self.sent += len(self.content)
            return 200, {}, self.content
        first, last = asked.removeprefix("bytes=").split("-")
        size = len(self.content)
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last) + 1, size) if first else size
        self.sent += end - start
        return 206, {"Content-Range": f"bytes {start}-{end - 1}/{size}"}, self.content[start:end]


@pytest.mark.parametrize(
    ("content", "total", "most_sent"),
    [
        (zipped(3, 4_000_000), 4_000_003, 300_000),
        (zipped(10, comment=b"c" * 65_535), 10, 70_000),
        # A directory longer than what is fetched at first: 3,000 names of 150 characters.
        (zipped(*[1] * 3000, name="python/" + "x" * 140 + "{:03}"), 3000, 1_500_000),
        (zipped(), 0, 22),
    ],
    ids=["large", "with a comment", "many files", "empty"],
)
def test_the_directory_is_read_and_not_the_rest(
    serve: Serve, content: bytes, total: int, most_sent: int
) -> None:
    store = Store(content)
    assert remote.RemoteZips().unzipped_bytes(f"{serve(store)}/code?{SECRET}") == total
    assert store.sent <= most_sent


def test_a_server_without_ranges_sends_all_of_it(serve: Serve) -> None:
    store = Store(zipped(3, 400_000), ranges=False)
    assert remote.RemoteZips().unzipped_bytes(serve(store)) == 400_003
    assert len(store.headers) == 1


def test_no_credentials_go_along(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    store = Store(zipped(3))
    assert remote.RemoteZips().unzipped_bytes(serve(store)) == 3
    assert set(store.headers[0]) <= {"Accept-Encoding", "Host", "User-Agent", "Connection", "Range"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, {}, b"<Error/>"), "the server answers 403"),
        ((500, {}, b""), "the server answers 500"),
        ((200, {}, b"no zip"), "it is no zip: File is not a zip file"),
        ((206, {}, b"PK"), "the server answers a range without saying which"),
        ((206, {"Content-Range": "bytes 0-99/100"}, b"PK"), "2 of 100 bytes arrived"),
        ((206, {"Content-Range": "bytes 0-1/2"}, zipped()), "it is longer than 2 bytes"),
        ((302, {"Location": "file:///etc/hostname"}, b""), "the server answers 302"),
        ((302, {"Location": "ftp://127.0.0.1/x"}, b""), "it cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_measured_says_why_and_not_where(
    serve: Serve, answer: tuple[int, Mapping[str, str], bytes], said: str
) -> None:
    url = serve(lambda _: answer)
    with pytest.raises(UnreadableZipError) as raised:
        remote.RemoteZips().unzipped_bytes(f"{url}/code?{SECRET}")
    assert said in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_second_range_must_be_the_one_that_was_asked_for(serve: Serve) -> None:
    store = Store(zipped(*[1] * 3000, name="python/" + "x" * 140 + "{:03}"))

    def answer(request: Any) -> tuple[int, Mapping[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        status, headers, content = store(request)
        if len(store.headers) > 1:
            return 206, {"Content-Range": f"bytes 0-{len(content) - 1}/99"}, content
        return status, headers, content

    with pytest.raises(UnreadableZipError, match="another range than was asked for"):
        remote.RemoteZips().unzipped_bytes(serve(answer))


@pytest.mark.parametrize(
    ("url", "scheme"), [("s3://bucket/key", "s3"), ("file:///etc/hostname", "file"), ("", "none")]
)
def test_only_web_addresses_are_read(url: str, scheme: str) -> None:
    with pytest.raises(
        UnreadableZipError, match=rf"no address to read it from \(scheme: {scheme}\)"
    ):
        remote.RemoteZips().unzipped_bytes(url)


def test_a_server_that_is_not_there_is_told_and_not_its_address() -> None:
    with pytest.raises(UnreadableZipError) as raised:
        remote.RemoteZips().unzipped_bytes(f"http://127.0.0.1:9/code?{SECRET}")
    assert "cannot be read" in str(raised.value)
    assert SECRET not in str(raised.value)
