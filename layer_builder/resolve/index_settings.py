"""Which package indexes to use: the caller's own settings, and nothing else of theirs.

uv would also take `exclude-newer`, overrides or link modes from the caller's files and variables,
and stop at a broken one; a layer must not depend on those. So the index settings are read here
and handed over, and uv itself runs without configuration.
Names: https://docs.astral.sh/uv/reference/environment/ and …/reference/settings/.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

_PASSED = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INDEX_STRATEGY"
    r"|KEYRING_PROVIDER|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE"
    r"|CACHE_DIR|CONCURRENT_\w+|PYTHON_INSTALL_MIRROR|CREDENTIALS_DIR|INDEX_\w+_(USERNAME|PASSWORD))"
    r"|PATH|HOME|USER|TMPDIR|TEMP|TMP|LANG|LC_\w+|SYSTEMROOT|NETRC|XDG_(CACHE|DATA|CONFIG)_HOME"
    r"|SSL_CERT_(FILE|DIR)|SSL_CLIENT_CERT|REQUESTS_CA_BUNDLE"
    r"|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy|PYENV_ROOT"
)
"""Variables that uv gets: indexes, credentials for them, certificates, proxies, places."""


_INDEX_VARIABLES = frozenset(
    {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX"}
)


def index_environment(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Build uv's environment from the caller's variables and what their uv files say of indexes.

    Variables win over files, as in uv. Where neither names an index, pip's `PIP_INDEX_URL` and
    `PIP_EXTRA_INDEX_URL` do: many teams set only those.
    """
    passed = {name: value for name, value in environ.items() if _PASSED.fullmatch(name)}
    chosen = {name: value for name, value in settings.items() if name not in passed}
    if not _INDEX_VARIABLES & (passed.keys() | chosen.keys()):
        from_pip = {"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "UV_INDEX": "PIP_EXTRA_INDEX_URL"}
        chosen |= {ours: environ[pip] for ours, pip in from_pip.items() if environ.get(pip)}
    return passed | chosen | {"UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}


def read_index_settings(text: str, *, of_pyproject: bool) -> dict[str, str]:
    """Read the index settings of a `uv.toml`, or of `[tool.uv]` in a `pyproject.toml`, as variables.

    Raises ValueError when the text is not TOML, an index in it has no `url`, or a type is wrong.
    """
    try:
        return _settings(tomllib.loads(text), of_pyproject=of_pyproject)
    except (AttributeError, TypeError) as error:
        message = f"a setting has a type that uv does not take ({error})"
        raise ValueError(message) from error


def _settings(table: Any, *, of_pyproject: bool) -> dict[str, str]:  # noqa: ANN401 (whatever the file holds)
    if of_pyproject:
        table = table.get("tool", {}).get("uv", {})
    table = {**table.get("pip", {}), **table}
    variables: dict[str, str] = {}
    extra = []
    for index in table.get("index", []):
        if not isinstance(index, dict) or "url" not in index:
            message = "an index has no url"
            raise ValueError(message)
        if index.get("default"):
            variables["UV_DEFAULT_INDEX"] = _named(index)
        elif not index.get("explicit"):
            extra.append(_named(index))
    if extra:
        variables["UV_INDEX"] = " ".join(extra)
    simple = {
        "index-url": "UV_INDEX_URL",
        "index-strategy": "UV_INDEX_STRATEGY",
        "keyring-provider": "UV_KEYRING_PROVIDER",
    }
    variables |= {name: str(table[key]) for key, name in simple.items() if key in table}
    lists = {
        "extra-index-url": "UV_EXTRA_INDEX_URL",
        "find-links": "UV_FIND_LINKS",
        "allow-insecure-host": "UV_INSECURE_HOST",
    }
    variables |= {name: _joined(table[key]) for key, name in lists.items() if key in table}
    for key in ("native-tls", "system-certs", "no-index"):
        if table.get(key) is True:
            variables[f"UV_{key.upper().replace('-', '_')}"] = "true"
    return variables


def _named(index: Mapping[str, Any]) -> str:
    return f"{index['name']}={index['url']}" if "name" in index else str(index["url"])


def _joined(words: list[str] | str) -> str:
    if isinstance(words, str):
        message = f"{words!r} must stand in a list"
        raise TypeError(message)
    return " ".join(words)
