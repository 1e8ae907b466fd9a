"""The stack: the ordered layers that one function loads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import limits
from layer_builder.model.build import Built
from layer_builder.model.layer import Include, Layer, Reference
from layer_builder.model.limits import mib
from layer_builder.model.target import Target

DEFAULT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Event:
    """A JSON document that a function is tried with."""

    name: str
    """The file's path, or `#1` for one in the manifest."""
    body: str
    """JSON."""
    expect: str | None = None
    """JSON that the answer must hold; None where any answer will do."""
    place: Place


@dataclass(frozen=True, kw_only=True)
class TestCommand:
    """A command that is run against a stack, with requirements that are never shipped."""

    __test__ = False  # or pytest would collect it

    command: Reference
    requires: tuple[Reference, ...] = ()
    sources: tuple[Include, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """What a function runs, and what it is tried with; nothing of it is published."""

    code: tuple[Include, ...] = ()
    """What lies in /var/task."""
    handler: Reference | None = None
    environment: tuple[tuple[str, str], ...] | None = None
    """None where the manifest does not say it."""
    timeout: int = DEFAULT_TIMEOUT_SECONDS
    """Seconds for each event."""
    event_files: tuple[Reference, ...] = ()
    """Patterns of paths, relative to the manifest."""
    events: tuple[Event, ...] = ()
    """Those in the manifest itself."""
    test: TestCommand | None = None

    @property
    def is_tried(self) -> bool:
        """Whether there is something to run."""
        return bool(self.handler or self.test)


@dataclass(frozen=True, kw_only=True)
class ExternalLayer:
    """Somebody else's layer version in a stack."""

    arn: str
    unzipped_bytes: int
    """As declared: no API tells it."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a function's new layers get to those who call a published version of it."""

    publishes: bool = False
    """Whether a version of the function is published."""
    alias: str = ""
    """The alias that is moved to that version; empty for none."""
    weight: float | None = None
    """The share of calls, from 0 to 1, that the alias sends to the new version; None for all."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A function of the manifest with its layers, in the order that Lambda unpacks them."""

    key: str
    function_name: str | None
    layers: tuple[Layer, ...]
    reserve: int
    """Bytes kept free for the function's own code."""
    place: Place
    external: tuple[ExternalLayer, ...] = ()
    """Layers that come before ours."""
    settings: FunctionSettings = field(default_factory=FunctionSettings)
    serving: Serving = field(default_factory=Serving)

    @property
    def target(self) -> Target:
        """What it runs on, which is what its layers are built for."""
        return self.layers[0].target


@dataclass(frozen=True, kw_only=True)
class StackWeight:
    """A stack held against the limit that a function and its layers share."""

    stack: Stack
    shares: Mapping[str, int]
    """Unzipped bytes by layer key."""
    is_estimate: bool = False
    """Whether nothing was built, and the bytes are what a build will come to, about."""

    @property
    def used(self) -> int:
        """Unzipped bytes of all layers, ours and others', plus the reserve."""
        external = sum(layer.unzipped_bytes for layer in self.stack.external)
        return sum(self.shares.values()) + external + self.stack.reserve

    @property
    def reading(self) -> limits.LimitReading:
        """The sum against AWS's limit."""
        return limits.LimitReading(limit=limits.unzipped_limit(), used=self.used)

    @property
    def line(self) -> str:
        """Say in a line what it adds up to."""
        about = "≈ " if self.is_estimate else ""
        shares = [f"{key} {about}{mib(size)}" for key, size in self.shares.items()]
        shares += [f"{one.arn} {mib(one.unzipped_bytes)}" for one in self.stack.external]
        shares += [f"{mib(self.stack.reserve)} reserved"] if self.stack.reserve else []
        return (
            f"{' + '.join(shares)} = {about}{mib(self.used)} unzipped,"
            f" {self.reading.share:.0%} of 250 MiB"
        )

    def problem(self) -> Problem | None:
        """Say why the stack cannot be attached, if so."""
        if not self.reading.is_over:
            return None
        allowed = self.reading.limit.allowed
        heaviest_first = sorted(self.shares.items(), key=lambda share: (-share[1], share[0]))
        shares = [f"{mib(size):>10}  {key}" for key, size in heaviest_first]
        shares += [f"{mib(e.unzipped_bytes):>10}  {e.arn}" for e in self.stack.external]
        if self.stack.reserve:
            shares.append(f"{mib(self.stack.reserve):>10}  reserve: for the function's own code")
        return Problem(
            message=f"function {self.stack.key}: its layers unzip to"
            f" {'about ' if self.is_estimate else ''}{mib(self.used)},"
            f" {mib(-self.reading.headroom)} over the {mib(allowed)} that AWS"
            " allows a function and all its layers",
            place=self.stack.place,
            details=tuple(shares),
            advice=(
                "take a layer out of the function, or drop distributions that it does not import",
                "what cannot fit 250 MiB runs as a container image (10 GiB)",
            ),
        )


def tied_layers(layers: Sequence[Layer], stacks: Iterable[Stack]) -> dict[str, frozenset[str]]:
    """Map each layer's id to the ids of those that have to agree with it, itself among them.

    Layers are tied by sharing a function, or by requiring one another.
    """
    group = {layer.id: frozenset({layer.id}) for layer in layers}

    def tie(ids: Sequence[str]) -> None:
        known = [layer_id for layer_id in ids if layer_id in group]
        joined = frozenset[str]().union(*(group[layer_id] for layer_id in known))
        group.update(dict.fromkeys(joined, joined))

    for stack in stacks:
        tie([layer.id for layer in stack.layers])
    for layer in layers:
        tie([layer.id, *(replace(layer, key=name).id for name in layer.requires)])
    return group


def weigh_stack(stack: Stack, built: Mapping[str, Built]) -> StackWeight:
    """Add up a stack from the built layers, which are found by their ids."""
    return StackWeight(
        stack=stack,
        shares={layer.key: built[layer.id].archive.weight.unzipped_bytes for layer in stack.layers},
    )


def find_collisions(stack: Stack, contents: Mapping[str, Mapping[str, int]]) -> list[Problem]:
    """Find paths that two layers of a stack write with different bytes: the later one wins.

    `contents` gives the checksum of each path, by layer id. Metadata may differ: each layer's
    RECORD lists what that layer holds.
    """
    first: dict[str, tuple[str, int]] = {}
    clashes: dict[tuple[str, str], list[str]] = {}
    for layer in stack.layers:
        for path, checksum in contents[layer.id].items():
            owner, other = first.setdefault(path, (layer.key, checksum))
            if (
                other != checksum
                and ".dist-info/" not in path
                and not path.startswith("python/bin/")
            ):
                clashes.setdefault((owner, layer.key), []).append(path)
    return [
        Problem(
            message=f"function {stack.key}: layers {lower} and {upper} both write"
            f" {len(paths)} files, with different contents; {upper}'s win",
            place=stack.place,
            details=tuple(sorted(paths)[:10]),
            advice=(
                f"say requires: [{lower}] in {upper}, so that what both need is in one of them",
            ),
        )
        for (lower, upper), paths in clashes.items()
    ]


def required_layers(key: str, requires: Mapping[str, Sequence[str]]) -> list[str]:
    """List what a layer requires, directly or not, each once; itself too if it goes in circles."""
    below: dict[str, None] = {}
    queue = list(requires.get(key, ()))
    while queue:
        name = queue.pop(0)
        if name not in below:
            below[name] = None
            queue += requires.get(name, ())
    return list(below)
