import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.resolve.index_settings import (
    index_environment,
    read_index_settings,
    without_names,
)

OURS = {"UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("UV_INDEX", True),
        ("UV_INDEX_PRIVATE_REPO_PASSWORD", True),
        ("UV_CACHE_DIR", True),
        ("HTTPS_PROXY", True),
        ("no_proxy", True),
        ("SSL_CERT_FILE", True),
        ("PATH", True),
        ("UV_EXCLUDE_NEWER", False),
        ("UV_LINK_MODE", False),
        ("UV_OVERRIDE", False),
        ("UV_CONFIG_FILE", False),
        ("UV_PYTHON", False),
        ("UV_SYSTEM_PYTHON", False),
        ("PIP_TARGET", False),
        ("PYTHONPATH", False),
        ("VIRTUAL_ENV", False),
        ("AWS_SECRET_ACCESS_KEY", False),
        ("GITHUB_TOKEN", False),
        ("INPUT_GITHUB-TOKEN", False),
    ],
)
def test_only_what_says_where_packages_come_from_reaches_uv(name: str, passed: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert index_environment({name: "value"}, {}) == OURS | ({name: "value"} if passed else {})


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_caller_cannot_turn_configuration_on(name: str) -> None:
    assert index_environment({name: "0"}, {name: "0"})[name] == "1"


def test_variables_win_over_files_and_pip_comes_last() -> None:
    files = {"UV_INDEX": "https://file.example", "UV_INDEX_STRATEGY": "first-index"}
    pip = {"PIP_INDEX_URL": "https://pip.example", "PIP_EXTRA_INDEX_URL": "https://more.example"}
    assert index_environment({"UV_INDEX": "https://own.example", **pip}, files) == OURS | {
        "UV_INDEX": "https://own.example",
        "UV_INDEX_STRATEGY": "first-index",
    }
    assert index_environment(pip, {"UV_INDEX_STRATEGY": "first-index"}) == OURS | {
        "UV_INDEX_STRATEGY": "first-index",
        "UV_DEFAULT_INDEX": "https://pip.example",
        "UV_INDEX": "https://more.example",
    }


TOML = """
exclude-newer = "2020-01-01"
index-strategy = "unsafe-best-match"
allow-insecure-host = ["one.example", "two.example"]
native-tls = true
no-index = false

[[index]]
url = "https://plain.example"

[[index]]
name = "private"
url = "https://private.example"

[[index]]
name = "only-for-torch"
url = "https://torch.example"
explicit = true

[[index]]
url = "https://default.example"
default = true
"""

READ = {
    "UV_DEFAULT_INDEX": "https://default.example",
    "UV_INDEX": "https://plain.example private=https://private.example",
    "UV_INDEX_STRATEGY": "unsafe-best-match",
    "UV_INSECURE_HOST": "one.example two.example",
    "UV_NATIVE_TLS": "true",
}


def test_a_uv_file_is_read_for_its_indexes_only() -> None:
    assert read_index_settings(TOML, of_pyproject=False) == READ


def test_a_pyproject_is_read_below_tool_uv() -> None:
    below = TOML.replace("[[index]]", "[[tool.uv.index]]")
    assert read_index_settings(f"[tool.uv]{below}", of_pyproject=True) == READ
    assert read_index_settings(TOML, of_pyproject=True) == {}


def test_the_pip_section_counts_where_the_top_says_nothing() -> None:
    text = 'index-url = "https://top.example"\n[pip]\nindex-url = "https://pip.example"\nextra-index-url = ["https://x.example"]\n'
    assert read_index_settings(text, of_pyproject=False) == {
        "UV_INDEX_URL": "https://top.example",
        "UV_EXTRA_INDEX_URL": "https://x.example",
    }


@pytest.mark.parametrize(
    "text",
    [
        "no toml",
        "[[index]]\nname = 'n'\n",
        "index = 'https://x.example'\n",
        "index = 5\n",
        "pip = 5\n",
        "extra-index-url = 'https://x.example'\n",
        "extra-index-url = [5]\n",
        "index-url = 'private=https://x.example'\n",
        "[[index]]\nurl = 'private=https://x.example'\n",
        "[[index]]\nname = 'a'\nurl = 'https://x.example private=https://y.example'\n",
        "[[index]]\nname = 'a=https://y.example b'\nurl = 'https://x.example'\n",
    ],
)
def test_a_file_that_uv_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_index_settings(text, of_pyproject=False)


@given(st.dictionaries(st.text(), st.text()))
def test_uv_always_runs_without_configuration(environ: dict[str, str]) -> None:
    assert index_environment(environ, {}).items() >= OURS.items()


def test_a_file_of_the_repository_has_no_login_sent_anywhere() -> None:
    settings = {
        "UV_INDEX": "own=https://Own.example/simple private=http://evil.example https://a=b.example",
        "UV_DEFAULT_INDEX": "private=https://own.example:444/",
        "UV_INDEX_STRATEGY": "first-index",
    }
    assert without_names(settings, {"https://own.example:443"}) == (
        {
            "UV_INDEX": "own=https://Own.example/simple http://evil.example https://a=b.example",
            "UV_DEFAULT_INDEX": "https://own.example:444/",
            "UV_INDEX_STRATEGY": "first-index",
        },
        ("private", "private"),
    )


def test_settings_that_nest_too_deeply_say_so() -> None:
    with pytest.raises(ValueError, match=r"^it nests too deeply to be read$"):
        read_index_settings(f"a = {'[' * 3000}", of_pyproject=False)
