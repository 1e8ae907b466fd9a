"""The login of a proxy is shown to nobody, and what to do is told all the same."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.connections import connection_advice, connection_letter, masked_problem
from layer_builder.connections.proxies import masked
from layer_builder.errors import Problem

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=6, max_size=20
)
UNTRUSTED = "invalid peer certificate: UnknownIssuer"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"])
@given(user=WORDS, password=WORDS)
def test_a_login_is_hidden_as_it_is_written_and_as_it_is_meant(
    variable: str, user: str, password: str
) -> None:
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    environ = {variable: f"http://{login}@proxy.example:3128"}
    shown = [
        login,
        password,
        f"{user}:{password}",
        base64.b64encode(f"{user}:{password}".encode()).decode(),
        f"Failed to parse: http://{login}@proxy.example:3128",
    ]
    for text in shown:
        hidden = masked(f"«{text}»", environ)
        assert "***" in hidden
        assert password not in hidden.replace("***", "")


@pytest.mark.parametrize(
    ("address", "text", "hidden"),
    [
        ("http://u:p@ss@proxy:1", "to http://u:p@ss@proxy:1/", "to http://***@proxy:1/"),
        ("u:p@proxy:1", "u:p@proxy:1, up", "***@proxy:1, up"),
        ("http://proxy:1", "http://proxy:1", "http://proxy:1"),
        ("", "nothing", "nothing"),
    ],
)
def test_addresses_as_people_write_them(address: str, text: str, hidden: str) -> None:
    assert masked(text, {"HTTPS_PROXY": address}) == hidden


def test_a_letter_is_hidden_as_a_whole() -> None:
    letter = Problem(message="a s3cret-word", details=("s3cret-word",), advice=("b s3cret-word",))
    environ = {"HTTPS_PROXY": "http://me:s3cret-word@proxy"}
    assert masked_problem(letter, environ) == Problem(
        message="a ***", details=("***",), advice=("b ***",)
    )


TEXTS = {
    UNTRUSTED: "its certificate is not trusted",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "its certificate is not trusted",
    "tunnel error: proxy authorization required": "the proxy wants another login",
    "Tunnel connection failed: 407 Proxy Authentication Required": "the proxy wants another login",
    "Tunnel connection failed: 403 Forbidden": "the proxy did not connect",
    "tunnel error: unsuccessful": "the proxy did not connect",
    "ProxyError('Unable to connect to proxy')": "the proxy did not connect",
    "dns error: failed to lookup address information": "its name is not known here",
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_programs_say_of_a_connection_is_understood(text: str) -> None:
    letter = connection_letter("the index", text, {})
    assert letter
    assert letter.message == f"the index was not reached: {TEXTS[text]}"
    assert letter.advice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HTTP status server error (407)",
        "demo==1 has no wheels",
        "a proxy",
        "certificate has expired",
    ],
)
def test_all_else_is_none_of_its_business(text: str) -> None:
    assert connection_letter("the index", text, {}) is None
    assert connection_advice(text, {}) == ()


def test_what_is_unknown_behind_a_proxy_is_not_told_to_set_one() -> None:
    unknown = "failed to lookup address information"
    assert connection_advice(unknown, {}) == ("behind a proxy: set HTTPS_PROXY",)
    assert connection_advice(unknown, {"HTTPS_PROXY": "http://proxy"}) == ()


def test_the_variables_that_count_now_are_named() -> None:
    (line,) = connection_advice(UNTRUSTED, {"SSL_CERT_FILE": "/own.pem", "AWS_CA_BUNDLE": "/b.pem"})
    assert line.endswith("Now it is SSL_CERT_FILE=/own.pem, AWS_CA_BUNDLE=/b.pem")
