"""The manifest's functions: which layers each loads, for which target, and what it is tried with."""

import json
import re
from collections.abc import Mapping, Sequence

from layer_builder.errors import Place, did_you_mean
from layer_builder.manifest.aws_settings import check_function_name, read_serving
from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.entries import EventEntry, IncludeFrom
from layer_builder.manifest.schema import FunctionEntry, LayerEntry
from layer_builder.manifest.validation import Mistakes
from layer_builder.model import (
    DEFAULT_TIMEOUT_SECONDS,
    LAYERS_PER_FUNCTION,
    Event,
    ExternalLayer,
    FunctionSettings,
    Include,
    Layer,
    Reference,
    Stack,
    Target,
    TestCommand,
    required_layers,
)
from layer_builder.paths import path_below, without_climbing


def check_requires(
    entries: Mapping[str, LayerEntry], layers: Sequence[Layer], mistakes: Mistakes
) -> None:
    """Check that required layers exist, run on the same targets, and do not require each other."""
    targets: dict[str, set[Target]] = {}
    for layer in layers:
        targets.setdefault(layer.key, set()).add(layer.target)
    requires = {key: list(entry.requires or ()) for key, entry in entries.items()}
    for key, names in requires.items():
        for index, name in enumerate(names):
            at = ("layers", key, "requires", index)
            if name not in targets:
                mistakes.add(
                    f"requires: there is no layer {name!r}", at, layer=key,
                    advice=did_you_mean(name, targets)[0],
                )  # fmt: skip
            elif not targets.get(key, set()) <= targets[name]:
                missing = sorted(t.label for t in targets[key] - targets[name])
                mistakes.add(
                    f"requires {name}, which is not built for {', '.join(missing)}", at, layer=key
                )
            elif key in required_layers(name, requires):
                mistakes.add(f"requires {name}, which requires it in turn", at, layer=key)


def read_function(
    key: str, entry: FunctionEntry, layers: Sequence[Layer], mistakes: Mistakes
) -> Stack | None:
    """Find the layers of a function; None when there are mistakes, which are added."""
    path: YamlPath = ("functions", key)
    known = {layer.key for layer in layers}
    before = len(mistakes)
    for index, name in enumerate(entry.layers):
        at = (*path, "layers", index)
        if name not in known:
            mistakes.add(
                f"function {key}: there is no layer {name!r}", at,
                advice=did_you_mean(name, known)[0],
            )  # fmt: skip
        elif name in entry.layers[:index]:
            mistakes.add(f"function {key}: layer {name!r} is here twice", at)
    external = tuple(
        ExternalLayer(arn=item.arn, unzipped_bytes=item.unzipped) for item in entry.external or ()
    )
    if len(entry.layers) + len(external) > LAYERS_PER_FUNCTION:
        mistakes.add(
            f"function {key} has {len(entry.layers) + len(external)} layers;"
            f" AWS attaches {LAYERS_PER_FUNCTION} at most",
            (*path, "layers"),
        )
    requires = {layer.key: layer.requires for layer in layers}
    for index, name in enumerate(entry.layers):
        for needed in required_layers(name, requires):
            if needed in known and needed not in entry.layers[:index]:
                mistakes.add(
                    f"function {key}: layer {name!r} requires {needed!r} before it",
                    (*path, "layers", index),
                    advice=f"name {needed} earlier in the list: what it holds is not in {name}",
                )
    settings = _SettingsReader(path, entry, mistakes).read()
    check_function_name(key, entry, mistakes)
    serving = read_serving(key, entry, mistakes)
    if len(mistakes) > before:
        return None
    target = _target(key, entry, layers, mistakes)
    if target is None:
        return None
    by_id = {(layer.key, layer.target): layer for layer in layers}
    return Stack(
        key=key,
        function_name=entry.function_name,
        layers=tuple(by_id[name, target] for name in entry.layers),
        reserve=entry.reserve or 0,
        place=mistakes.document.place(path, of_key=True),
        external=external,
        settings=settings,
        serving=serving,
    )


class _SettingsReader:
    """Reads what a function runs, and what it is tried with."""

    def __init__(self, path: YamlPath, entry: FunctionEntry, mistakes: Mistakes) -> None:
        self.path = path
        self.entry = entry
        self.mistakes = mistakes

    def read(self) -> FunctionSettings:
        entry = self.entry
        if entry.events and not entry.handler:
            self._add("has events, and no handler to try them with", "events")
        if (entry.test_requires or entry.test_sources) and not entry.test_command:
            key = "test-requires" if entry.test_requires else "test-sources"
            self._add("has no test-command that would need it", key)
        handler = entry.handler
        return FunctionSettings(
            code=self._includes(entry.code, "code", keeps_path=False),
            handler=self._reference(handler, "handler") if handler else None,
            environment=None
            if entry.environment is None
            else tuple(sorted(self._variables(entry.environment).items())),
            timeout=entry.timeout or DEFAULT_TIMEOUT_SECONDS,
            event_files=tuple(
                self._reference(pattern, "events", index)
                for index, item in enumerate(entry.events or ())
                if isinstance(item, str) and (pattern := self._path(item, "events", index))
            ),
            events=tuple(
                self._event(item, index)
                for index, item in enumerate(entry.events or ())
                if isinstance(item, EventEntry)
            ),
            test=self._test(),
        )

    def _test(self) -> TestCommand | None:
        entry = self.entry
        if not entry.test_command:
            return None
        requires = enumerate(entry.test_requires or ())
        return TestCommand(
            command=self._reference(entry.test_command, "test-command"),
            requires=tuple(self._reference(text, "test-requires", i) for i, text in requires),
            sources=self._includes(entry.test_sources, "test-sources", keeps_path=True),
        )

    def _event(self, item: EventEntry, index: int) -> Event:
        is_expecting = "expect" in item.model_fields_set
        return Event(
            name=f"#{index + 1}",
            body=json.dumps(item.event),
            expect=json.dumps(item.expect) if is_expecting else None,
            place=self._place("events", index),
        )

    def _variables(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        # https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html
        for name in environment:
            if not re.fullmatch(r"[a-zA-Z]\w+", name, re.ASCII):
                at = (*self.path, "environment", name)
                self.mistakes.add(f"AWS takes no environment variable {name!r}", at, of_key=True)
        return environment

    def _includes(
        self, includes: Sequence[IncludeFrom] | None, key: str, *, keeps_path: bool
    ) -> tuple[Include, ...]:
        """Read what goes to /var/task (a folder's contents), or keeps the path that it has."""
        taken = []
        for index, item in enumerate(includes or ()):
            source = self._path(item.from_, key, index)
            to = path_below(item.to) if item.to else ""
            if to is None:
                self._add(f"to: {item.to!r} leaves the folder that it goes to", key, index)
            elif source is not None:
                default = without_climbing(source) if keeps_path else "./"
                place = self._place(key, index)
                taken.append(Include(source=source, to=to or default, place=place))
        return tuple(taken)

    def _path(self, text: str, key: str, index: int) -> str | None:
        at = self.mistakes.document.known((*self.path, key, index))
        return self.mistakes.path(text, at, of=f"function {self.path[-1]}: ")

    def _add(self, message: str, key: str, index: int | None = None) -> None:
        at = (*self.path, key) if index is None else (*self.path, key, index)
        self.mistakes.add(f"function {self.path[-1]}: {message}", self.mistakes.document.known(at))

    def _reference(self, text: str, key: str, index: int | None = None) -> Reference:
        return Reference(text=text, place=self._place(key, index))

    def _place(self, key: str, index: int | None = None) -> Place:
        at = (*self.path, key) if index is None else (*self.path, key, index)
        return self.mistakes.document.place(self.mistakes.document.known(at))


def _target(
    key: str, entry: FunctionEntry, layers: Sequence[Layer], mistakes: Mistakes
) -> Target | None:
    """Find the one Python and architecture that all layers of a function share."""
    sets = [{layer.target for layer in layers if layer.key == name} for name in entry.layers]
    common = sorted(
        target
        for target in set.intersection(*sets)
        if entry.python in {None, target.python}
        and entry.architecture in {None, target.architecture}
    )
    if len(common) == 1:
        return common[0]
    if common:
        mistakes.add(
            f"function {key}: its layers are built for {', '.join(t.label for t in common)}",
            ("functions", key), of_key=True,
            advice="say which one it runs on with python: and architecture:",
        )  # fmt: skip
    else:
        built = (
            f"{name} for {', '.join(sorted(t.label for t in targets))}"
            for name, targets in zip(entry.layers, sets, strict=True)
        )
        mistakes.add(
            f"function {key}: no Python and architecture in common: {'; '.join(built)}",
            ("functions", key), of_key=True,
        )  # fmt: skip
    return None
