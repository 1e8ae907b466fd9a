"""The stamp: what a layer version says of where it came from, at the end of its description.

A description has room for 256 characters, layer versions cannot be tagged, and ListLayerVersions
gives descriptions: so one call tells whose all versions of a layer are, and what each was made from.
https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionsListItem.html
"""

import base64
import hashlib
import json
import re
from dataclasses import field, replace

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.limits import DESCRIPTION_CHARACTERS

CONTENT_FORMAT = 2
"""This program's part of a content key. Raise it with every change after which the same request
gives other bytes, or its proof means something else; golden zips in the tests tell of the first."""


STAMP_CHARACTERS = 96
"""The most that a stamp takes, the space before it included."""


TEXT_CHARACTERS = DESCRIPTION_CHARACTERS - STAMP_CHARACTERS
"""What it leaves of a description to its user."""


UNKNOWN_COMMIT = "-"


UNPROVEN = "-" * 6
"""A proof mark that says nothing."""


_CONTENT_CHARACTERS, _PROOF_CHARACTERS = 22, len(UNPROVEN)
"""Of 6 bits each: 132 and 36. Nobody gains by finding another function of the same proof mark: it
would not be tried, and nothing of it is published."""
_OWNER_CHARACTERS, _HEAD_CHARACTERS = 39, 24
_PLAIN_OWNER = re.compile(rf"[A-Za-z0-9._/:@+-]{{1,{_OWNER_CHARACTERS}}}")
_STAMP = re.compile(
    r"(?:\A| )\[llb1"
    rf" (?P<key>[\w-]{{{_CONTENT_CHARACTERS}}}(?:\.[\w-]{{{2 * _PROOF_CHARACTERS}}})?)"
    rf" (?P<owner>[A-Za-z0-9._/:@+~-]{{1,{_OWNER_CHARACTERS}}})"
    r" (?P<commit>-|[0-9a-f]{12})\]\Z",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """Who made a layer version, from what, at which commit. Two are equal whatever the commits.

    `[llb1 KEY OWNER COMMIT]`, as docs/publishing.md says.

    >>> Stamp.parse("Core [llb1 AAAAAAAAAAAAAAAAAAAAAA a/b:layers.yml 0123456789ab]")[0]
    'Core'
    """

    key: str
    """The content mark, and behind a dot two proof marks: of the layers that it is resolved with and
    their functions, and of all layers and functions of the run that published it."""
    owner: str
    """The owner's mark, as `owner_mark` writes it."""
    commit: str = field(default=UNKNOWN_COMMIT, compare=False)
    """12 hexadecimal digits; `-` where nobody knows it."""

    @classmethod
    def parse(cls, description: str) -> "tuple[str, Stamp | None]":
        """Take a description apart: the user's text, and the stamp; None without one of ours."""
        match = _STAMP.search(description)
        if match is None:
            return description, None
        stamp = cls(key=match["key"], owner=match["owner"], commit=match["commit"])
        return description[: match.start()], stamp

    def write(self, text: str) -> str:
        """Give the description that `parse` takes apart into this text and this stamp."""
        stamp = f"[llb1 {self.key} {self.owner} {self.commit}]"
        return f"{text} {stamp}" if text else stamp

    @property
    def content(self) -> str:
        """The part of the key that everything which decides the bytes is in."""
        return self.key.partition(".")[0]

    @property
    def unproven(self) -> "Stamp":
        """The same without its proof marks."""
        return replace(self, key=self.content)

    @property
    def proofs(self) -> tuple[str, str]:
        """The proof marks, of its group and of the run; `UNPROVEN` where not all was proven."""
        both = self.key.partition(".")[2] or 2 * UNPROVEN
        return both[:_PROOF_CHARACTERS], both[_PROOF_CHARACTERS:]


def owner_mark(owner: str) -> str:
    """Write an owner as stamps do: as it is, or what it begins with and a digest of all of it.

    Marks of two owners differ: only one with a digest has a `~`.

    >>> owner_mark("octo-org/contracts:layers.yml")
    'octo-org/contracts:layers.yml'
    """
    if _PLAIN_OWNER.fullmatch(owner):
        return owner
    head = re.sub(r"[^A-Za-z0-9._/:@+-]", "_", owner)[:_HEAD_CHARACTERS]
    return f"{head}~{_digest(owner)[: _OWNER_CHARACTERS - len(head) - 1]}"


def stamp_key(content: str, group: str = UNPROVEN, run: str = UNPROVEN) -> str:
    """Write a key from its marks."""
    return content if group == run == UNPROVEN else f"{content}.{group}{run}"


def content_mark(*parts: object) -> str:
    """Digest all that decides a layer's bytes, as JSON-ready values."""
    return _digest(CONTENT_FORMAT, *parts)[:_CONTENT_CHARACTERS]


def proof_mark(*parts: object) -> str:
    """Digest all that was proven, and all that it was proven with, as JSON-ready values."""
    return _digest(CONTENT_FORMAT, *parts)[:_PROOF_CHARACTERS]


def _digest(*parts: object) -> str:
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
