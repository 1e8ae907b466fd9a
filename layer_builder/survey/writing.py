"""A proposal as the text of a manifest: each guess is a comment, and no text of others becomes YAML unquoted."""

import json
import re
from collections.abc import Iterator, Mapping

from layer_builder.deployments import printable
from layer_builder.survey.proposal import Proposal, Proposed

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./=<>~!+-]*")
"""What YAML reads as text without quotes, wherever it stands, but for these words."""


_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})
_HEAD = """\
# Written by `layer-builder init` from what lies here; each line above an entry says from what.
# Try it without an AWS account: layer-builder publish --sandbox
version: 1
"""
_MOST_IN_A_LINE = 1_000


STARTER = """\
# Lambda layers: one entry each. Try it without an AWS account: layer-builder publish --sandbox
# Nothing was found here that a layer could be made of: this is an example.
version: 1
python: "3.12"          # the Lambda runtime; 3.10 to 3.14, 3.15 as preview
architecture: x86_64    # or arm64
# name: "myproject-{layer}"

layers:
  deps:
    packages: [requests]          # or requirements: requirements.txt
  # shared-code:
  #   include: [src/]             # becomes /opt/python/src/

# functions:
#   api: {layers: [shared-code, deps]}
"""


def write_text(proposal: Proposal) -> str:
    """Write the manifest; an example where nothing was found."""
    if not proposal.layers:
        return STARTER
    lines = [
        f'python: "{proposal.python.value}"  # {printable(proposal.python.why)}',
        f"architecture: {proposal.architecture.value}  # {printable(proposal.architecture.why)}",
        f"name: {flow(proposal.name.value)}  # on AWS; {printable(proposal.name.why)}"
        if proposal.name
        else '# name: "myproject-{layer}"  # on AWS; without it a layer has its key as name',
        "",
        "layers:",
        *(line for one in proposal.layers for line in _entry(one)),
    ]
    if proposal.functions:
        lines += ["", "functions:"]
        lines += [line for one in proposal.functions for line in _entry(one)]
    return _HEAD + "".join(f"{line}\n" for line in lines)


def guesses(proposal: Proposal) -> Iterator[str]:
    """Say what was guessed, and why, in lines of a log."""
    if not proposal.layers:
        yield "nothing was found that a layer could be made of: what is written is an example"
        return
    yield f"python {proposal.python.value}: {proposal.python.why}"
    yield f"architecture {proposal.architecture.value}: {proposal.architecture.why}"
    if proposal.name:
        yield f"name {proposal.name.value}: {proposal.name.why}"
    for kind, entries in (("layer", proposal.layers), ("function", proposal.functions)):
        for one in entries:
            yield f"{kind} {one.key}: {'; '.join(map(str, one.why))}"
            yield from (f"  {remark}" for remark in one.remarks)


def _entry(one: Proposed) -> Iterator[str]:
    yield from (f"  # {hint}" for hint in one.why)
    yield f"  {one.key}:"
    yield from (f"    {key}: {flow(value)}" for key, value in one.entry.items())
    yield from (f"    # {printable(remark, _MOST_IN_A_LINE)}" for remark in one.remarks)


def flow(value: object) -> str:
    """Write a value in YAML's flow style, as JSON where it is not plain.

    >>> flow({"a": ["x/", "1", True]}), flow("a: b")
    ('{a: [x/, "1", true]}', '"a: b"')
    """
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            pairs = (f"{flow(key)}: {flow(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
