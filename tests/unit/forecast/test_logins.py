"""Which login goes to which address: what was said of its own scheme, host and port."""

import base64
from pathlib import Path

import pytest

from layer_builder.forecast.logins import Logins


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


NAMED = {
    "UV_INDEX": "own=https://wheels.example/simple",
    "UV_INDEX_OWN_USERNAME": "ann",
    "UV_INDEX_OWN_PASSWORD": "p:w",
}


@pytest.mark.parametrize(
    ("environ", "url", "header"),
    [
        ({"UV_DEFAULT_INDEX": "https://a:b@x.example/simple"}, "https://x.example/f", basic("a:b")),
        ({"UV_INDEX_URL": "https://a:b%40c@x.example/"}, "https://x.example:443/f", basic("a:b@c")),
        # A token alone, as GitLab and others take it; `=` in the address is no name.
        ({"UV_EXTRA_INDEX_URL": "https://t@x.example/?a=b"}, "https://x.example/f", basic("t:")),
        (NAMED, "https://wheels.example/files/a.whl", basic("ann:p:w")),
        # Another scheme, host or port gets nothing.
        (NAMED, "http://wheels.example/files/a.whl", ""),
        (NAMED, "https://wheels.example:8443/files/a.whl", ""),
        (NAMED, "https://wheels.example.evil/files/a.whl", ""),
        # Without the name nobody says whose login it is.
        ({**NAMED, "UV_INDEX": "https://wheels.example/simple"}, "https://wheels.example/a", ""),
        ({"UV_INDEX_URL": "https://[broken/"}, "https://x.example/a", ""),
        ({}, "file:///etc/passwd", ""),
    ],
)
def test_a_login_goes_to_its_own_origin(environ: dict[str, str], url: str, header: str) -> None:
    assert Logins(environ=environ).authorization(url) == header


def test_a_netrc_file_counts_for_https_alone(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine x.example login ann password secret\n")
    logins = Logins(environ={"HOME": str(tmp_path)})
    assert logins.authorization("https://x.example/a") == basic("ann:secret")
    assert logins.authorization("http://x.example/a") == ""
    assert logins.authorization("https://y.example/a") == ""
    (tmp_path / ".netrc").write_text("machine\n")
    assert logins.authorization("https://x.example/a") == ""
