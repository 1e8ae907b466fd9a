"""A lock that tells what requires what, and not who needs it: walked from the project's own requirements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from layer_builder.errors import shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Target
from layer_builder.projects.constraints import admits
from layer_builder.projects.locked import applies

_MOST_ROUNDS = 10
"""A version that is taken asks for others: settled after two or three rounds."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """That a distribution is required."""

    key: str
    """Which nodes will do: the normalised name, with extras where the lock has nodes of their own."""
    versions: tuple[SpecifierSet, ...] = (SpecifierSet(),)
    """One of these must hold."""
    marker: str = ""
    extras: frozenset[str] = frozenset()

    @classmethod
    def of(cls, line: str, *, extras_apart: bool) -> "Edge":
        """Read a requirement (PEP 508). Raises ValueError."""
        try:
            read = Requirement(line)
        except (ValueError, RecursionError):
            raise ValueError(f"{shortened(line)} is not a requirement") from None
        extras = frozenset(canonicalize_name(extra) for extra in read.extras)
        return cls(
            key=node_key(read.name, extras if extras_apart else ()),
            versions=(read.specifier,),
            marker=str(read.marker or ""),
            extras=extras,
        )


@dataclass(frozen=True, kw_only=True)
class Node:
    """A distribution that the lock holds."""

    key: str
    version: str
    line: str
    """How a requirements file asks for it."""
    python: tuple[SpecifierSet, ...] = (SpecifierSet(),)
    """One of these has the Pythons that it is for."""
    edges: tuple[Edge, ...] = field(default=(), repr=False)


def node_key(name: str, extras: Iterable[str] = ()) -> str:
    """Name a node, with its extras where it is one of its own for them."""
    apart = ",".join(sorted(map(canonicalize_name, extras)))
    return f"{canonicalize_name(name)}[{apart}]" if apart else canonicalize_name(name)


def needed(roots: Sequence[Edge], nodes: Iterable[Node], target: Target) -> list[Node]:
    """List what the roots lead to on a target. Raises ValueError for what the lock does not hold.

    Of several versions the one counts that all who require it allow.
    """
    held: dict[str, list[Node]] = {}
    for node in sorted(nodes, key=lambda node: Version(node.version), reverse=True):
        if admits(node.python, target):
            held.setdefault(node.key, []).append(node)
    chosen: dict[str, Node] = {}
    for _ in range(_MOST_ROUNDS):
        asked = _asked(roots, held, chosen, target)
        now = {key: _fitting(key, edges, held) for key, edges in asked.items()}
        if now == chosen:
            return [chosen[key] for key in sorted(chosen)]
        chosen = now
    raise ValueError("its versions do not settle")


def _asked(
    roots: Sequence[Edge],
    held: Mapping[str, list[Node]],
    chosen: Mapping[str, Node],
    target: Target,
) -> dict[str, list[Edge]]:
    """Gather who requires what, from the roots on, by the versions that are chosen until now."""
    asked: dict[str, list[Edge]] = {}
    extras: dict[str, frozenset[str]] = {}
    queue = [edge for edge in roots if applies(edge.marker, edge.key, target)]
    while queue:
        edge = queue.pop()
        is_new = edge.key not in asked
        asked.setdefault(edge.key, []).append(edge)
        before = extras.get(edge.key, frozenset())
        extras[edge.key] = before | edge.extras
        if not is_new and extras[edge.key] == before:
            continue
        node = chosen.get(edge.key) or _fitting(edge.key, [edge], held)
        active = extras[edge.key]
        queue += [one for one in node.edges if applies(one.marker, one.key, target, active)]
    return asked


def _fitting(key: str, edges: Sequence[Edge], held: Mapping[str, list[Node]]) -> Node:
    for node in held.get(key, ()):
        if all(any(one.contains(node.version, prereleases=True) for one in edge.versions)
               for edge in edges):  # fmt: skip
            return node
    raise ValueError(f"it does not hold {shortened(key)}, which is required")
