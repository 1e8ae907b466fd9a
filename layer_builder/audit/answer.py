"""What a database knows, and which of its ids are names of one hole."""

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TypeAlias

from layer_builder.lazy_dataclasses import dataclass

Distribution: TypeAlias = tuple[str, str]
"""A name and a version."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was asked for, and what is known of it."""

    known: Mapping[Distribution, tuple[str, ...]]
    """Ids of vulnerabilities, of those distributions that have any."""
    aliases: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Other names of the same hole, by id, as far as the database says."""
    about: str = ""
    """What is to be said of a file: how much is in it, and how old it is."""


def join_aliases(ids: Collection[str], aliases: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Put the names of one hole together, in the order of their names; the first is an id.

    >>> join_aliases(["PYSEC-1", "GHSA-1", "GHSA-2"], {"PYSEC-1": ["CVE-1"], "GHSA-1": ["CVE-1"]})
    [['GHSA-1', 'CVE-1', 'PYSEC-1'], ['GHSA-2']]
    """
    groups: list[set[str]] = []
    for one in sorted(ids):
        names = {one, *aliases.get(one, ())}
        for group in [group for group in groups if group & names]:
            names |= group
            groups.remove(group)
        groups.append(names)
    found = []
    for group in groups:
        first = min(group & set(ids))
        found.append([first, *sorted(group - {first})])
    return sorted(found)
