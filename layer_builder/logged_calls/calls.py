"""What is logged of a call of uv: its words without secrets, what for, and what came of it.

Shown where somebody debugs a job: `github.DebugLog`.
"""

import logging
import re
import shlex
from collections.abc import Mapping, Sequence

_LOG = logging.getLogger(__name__)
_PURPOSES = {
    ("pip", "compile"): "choose versions, or see who requires what",
    ("pip", "install"): "install what was chosen, or build a wheel",
    ("python", "find"): "learn what its Python is",
    ("export",): "read a project's uv.lock",
}
# A login stands in an address before the @, a token in its query.
_LOGIN = re.compile(r"(?<=://)[^/\s'\"]*@")
_QUERY = re.compile(r"(?<=\?)[^\s#'\"]+")


def log_call(words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Log what is about to be run and why; of the environment the names alone."""
    named = [words[1:length] for length in (3, 2)]
    purpose = next((_PURPOSES[tuple(name)] for name in named if tuple(name) in _PURPOSES), "ask uv")
    _LOG.debug("to %s: %s", purpose, without_secrets(shlex.join(words)))
    _LOG.debug("with the variables %s", " ".join(sorted(environ)))


def log_end(code: int, said: str, seconds: float) -> None:
    """Log how a call ended, with uv's own words where it failed."""
    _LOG.debug("ended with %d after %.1f s", code, seconds)
    if code:
        _LOG.debug("%s", without_secrets(said.strip()))


def without_secrets(text: str) -> str:
    """Take logins and queries out of the addresses in a text."""
    return _QUERY.sub("***", _LOGIN.sub("***@", text))
