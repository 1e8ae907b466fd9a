"""Which Python and architecture a repository is for: what its functions run on, else what its files say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from packaging.requirements import Requirement

from layer_builder.deployments import FoundFunction, FoundLayer, Repository, printable
from layer_builder.model import Architecture, Python
from layer_builder.projects import requirement_lines
from layer_builder.survey.dependencies import python_hints
from layer_builder.survey.proposal import Setting

_KNOWN = [str(one) for one in Python]
_DEFAULT = str(Python.PY312)
_SETTLED = ("3.11", "3.12", "3.13", "3.14")
"""What the lower bound of a range is taken for: whoever writes it runs it."""


def choose_python(repository: Repository, found: Sequence[FoundFunction | FoundLayer]) -> Setting:
    """Choose what most functions run on; without one, what the files at the top say."""
    if chosen := _most(one.python for one in found if one.python in _KNOWN):
        first = next(one for one in found if one.python == chosen)
        return Setting(value=chosen, why=f"{first.hint} runs on it")
    for hint in python_hints(repository):
        if value := _of_range(hint.words):
            return Setting(
                value=value, why=f"{printable(str(hint.place))} says {printable(hint.words)}"
            )
    past = next((one for one in found if one.python), None)
    if past:
        why = f"{past.hint} runs on python{printable(past.python)}, which is not built for"
        return Setting(value=_DEFAULT, why=why)
    return Setting(
        value=_DEFAULT, why="nothing says one; the runtime: 3.10 to 3.14, 3.15 as preview"
    )


def choose_architecture(found: Sequence[FoundFunction | FoundLayer]) -> Setting:
    """Choose what most functions run on."""
    chosen = _most(one.architecture for one in found if one.architecture)
    if not chosen:
        return Setting(value=str(Architecture.X86_64), why="Lambda's default; or arm64")
    first = next(one for one in found if one.architecture == chosen)
    return Setting(value=chosen, why=f"{first.hint} runs on it")


def _most(values: Iterable[str]) -> str:
    counted = Counter(values)
    return max(counted, key=lambda one: (counted[one], len(one), one), default="")


def _of_range(words: str) -> str:
    """Choose of a version, or of a range of them.

    >>> _of_range("3.11"), _of_range("^3.13"), _of_range(">=3.8"), _of_range("==3.11.*")
    ('3.11', '3.13', '3.12', '3.11')
    """
    if words in _KNOWN:
        return words
    with suppress(ValueError):
        (line,) = requirement_lines("python", words)
        held = Requirement(line).specifier
        lowest = [s.version.removesuffix(".*") for s in held if s.operator in {">=", "==", "~="}]
        settled = [one for one in _SETTLED if any(low.startswith(one) for low in lowest)]
        able = [one for one in (*settled, _DEFAULT, *_KNOWN) if held.contains(f"{one}.99")]
        return able[0] if able else ""
    return ""
