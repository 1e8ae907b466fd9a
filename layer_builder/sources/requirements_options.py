"""The options of requirements files: pip's, with what a layer does with each."""

import difflib
import shlex
from collections.abc import Collection, Iterator

from layer_builder.errors import shortened
from layer_builder.sources.index_addresses import address_mistake

_INDEX_OPTIONS = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-index": "--no-index",
}


_ADVICE_ON_SECRETS = ("name the index with its login in UV_INDEX or UV_DEFAULT_INDEX",)


_ADVICE_ON_INDEXES = ("write https://host/simple, or name the index in UV_INDEX for the run",)


_ADVICE_ON_FOLDERS = ("serve the wheels from an index, or name their folder in UV_FIND_LINKS",)


_IGNORED = frozenset({"--only-binary", "--prefer-binary", "--use-feature"})
"""What they ask for is so anyway, or says nothing of a layer."""


_REFUSED = {
    "--no-binary": ("a layer takes wheels", "list the distribution in the manifest: build: [{}]"),
    "--pre": (
        "pre-releases are not taken unseen",
        "name the pre-release instead, such as package>=2.0rc1",
    ),
    "--trusted-host": (
        "certificates are always checked",
        "leave it out, and set SSL_CERT_FILE to a file with the certificate of your own authority",
    ),
}
"""Options of pip that a layer does not have: why, and what to do."""


_KNOWN = {
    *_INDEX_OPTIONS,
    *_IGNORED,
    *_REFUSED,
    "--requirement",
    "--constraint",
    "--require-hashes",
}


_FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})
"""Options without a value."""


class OptionError(ValueError):
    """An option that a layer does not have; its message says why."""

    def __init__(self, message: str, *advice: str) -> None:
        """Say why, and what to write."""
        super().__init__(message)
        self.advice = advice


def options_of(line: str) -> Iterator[tuple[str, str]]:
    """Split a line of options, as pip does, into names and values; a value may be empty.

    Raises ValueError for a quotation mark without another.

    >>> [*options_of("-rbase.txt --trusted-host=a --pre"), *options_of("--index-url 'https://a/'")]
    [('-r', 'base.txt'), ('--trusted-host', 'a'), ('--pre', ''), ('--index-url', 'https://a/')]
    """
    # A backslash is no quotation mark to those who write paths with it: it is refused as such.
    words = line.split() if "\\" in line else shlex.split(line)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            name, is_joined, value = word.partition("=")
        elif word.startswith("-"):
            name, value = word[:2], word[2:].removeprefix("=")
            is_joined = value
        else:
            name, is_joined, value = word, word, ""
        if not is_joined and name not in _FLAGS and words and not words[0].startswith("-"):
            value = words.pop(0)
        yield name, value


def other_option(name: str, value: str, origins: Collection[str]) -> str:
    """Give an option about indexes as uv reads it, and nothing for one that says nothing here.

    `origins` are those of the indexes that the caller's environment names. Raises OptionError.
    """
    if name in _REFUSED:
        why, advice = _REFUSED[name]
        shown = shortened(f"{name} {value}".strip())
        raise OptionError(f"{shown}: {why}", advice.format(value[:80]))
    if name in _INDEX_OPTIONS:
        return _index_option(_INDEX_OPTIONS[name], value, origins)
    if name in _IGNORED:
        return ""
    near = difflib.get_close_matches(name, _KNOWN, n=1, cutoff=0.8)
    advice = f"did you mean {near[0]!r}?" if near else "leave it out"
    raise OptionError(f"the option {shortened(name)} has no meaning for a layer", advice)


def _index_option(name: str, value: str, origins: Collection[str]) -> str:
    if name == "--no-index":
        why = "takes no value" if value else None
    else:
        why = address_mistake(value, origins)
    if not why:
        return f"{name} {value}".strip()
    if "$" in value:
        advice = _ADVICE_ON_SECRETS
    elif name == "--find-links":
        advice = _ADVICE_ON_FOLDERS
    else:
        advice = _ADVICE_ON_INDEXES
    raise OptionError(f"{name} {why}", *advice)
