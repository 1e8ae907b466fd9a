"""Which package indexes to use: the caller's own settings, and nothing else of theirs.

uv would also take `exclude-newer`, overrides or link modes from the caller's files and variables,
and stop at a broken one; a layer must not depend on those. So the index settings are read here
and handed over, and uv itself runs without configuration.
Names: https://docs.astral.sh/uv/reference/environment/ and …/reference/settings/.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from layer_builder.sources import named_origins

_PASSED = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX|INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INDEX_STRATEGY"
    r"|KEYRING_PROVIDER|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE"
    r"|CACHE_DIR|CONCURRENT_\w+|PYTHON_INSTALL_MIRROR|CREDENTIALS_DIR|INDEX_\w+_(USERNAME|PASSWORD))"
    r"|PATH|HOME|USER|TMPDIR|TEMP|TMP|LANG|LC_\w+|SYSTEMROOT|NETRC|XDG_(CACHE|DATA|CONFIG)_HOME"
    r"|SSL_CERT_(FILE|DIR)|SSL_CLIENT_CERT|REQUESTS_CA_BUNDLE|GIT_SSL_CAINFO"
    r"|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy|PYENV_ROOT"
)
"""Variables that uv gets: indexes, credentials for them, certificates, proxies, places."""


_INDEX_VARIABLES = frozenset(
    {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NO_INDEX"}
)


_NAMING = frozenset({"UV_DEFAULT_INDEX", "UV_INDEX"})
"""Those in which an index may have a name, `name=https://…`."""


_ADDRESSES = frozenset({*_INDEX_VARIABLES - {"UV_NO_INDEX"},
                        "UV_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"})  # fmt: skip


_NAME = re.compile(r"[A-Za-z0-9._-]+")


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
    except RecursionError:
        raise ValueError("it nests too deeply to be read") from None


def without_names(
    settings: Mapping[str, str], origins: Collection[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Take the names off the indexes in a repository's settings, and give those names, too.

    uv sends `UV_INDEX_<NAME>_PASSWORD` to whichever address has the name: a file of the repository
    could give it to anybody's. Indexes at one of the `origins`, which the caller's environment
    names, keep theirs. https://docs.astral.sh/uv/concepts/authentication/http/
    """
    bare, dropped = dict(settings), []
    for variable in _NAMING & settings.keys():
        words = []
        for word in settings[variable].split():
            name, is_named, address = word.partition("=")
            if is_named and _NAME.fullmatch(name) and not named_origins([address]) & set(origins):
                dropped.append(name)
                words.append(address)
            else:
                words.append(word)
        bare[variable] = " ".join(words)
    return bare, tuple(sorted(dropped))


def login_variables(index: str) -> tuple[str, str]:
    """Name the variables that have the login of an index.

    >>> login_variables("my-own")
    ('UV_INDEX_MY_OWN_USERNAME', 'UV_INDEX_MY_OWN_PASSWORD')
    """
    name = re.sub("[^A-Z0-9]", "_", index.upper())
    return f"UV_INDEX_{name}_USERNAME", f"UV_INDEX_{name}_PASSWORD"


def index_addresses(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Give the values, of variables, that name indexes."""
    return tuple(variables[name] for name in sorted(_ADDRESSES & variables.keys()))


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
    variables |= {name: _one(table[key]) for key, name in simple.items() if key in table}
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
    if "name" not in index:
        return _one(index["url"])
    if not _NAME.fullmatch(index["name"]):
        raise ValueError("an index has a name that is none")
    return f"{index['name']}={_one(index['url'])}"


def _joined(words: list[str] | str) -> str:
    if isinstance(words, str):
        raise TypeError("what must stand in a list does not")
    return " ".join(_one(word) for word in words)


def _one(word: object) -> str:
    """Give a word that stays one in a variable, and brings no name of its own."""
    text = str(word) if isinstance(word, str) else ""
    if not text or re.search(r"\s", text) or re.match(rf"{_NAME.pattern}=", text):
        raise ValueError("an address or host is no single word")
    return text
