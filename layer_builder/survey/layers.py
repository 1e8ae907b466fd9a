"""Chooses layers: of what a deployment describes, of the sources of distributions, of a src folder."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from layer_builder.deployments import FoundFunction, FoundLayer, Hint, Repository, key_of
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Python, Target
from layer_builder.survey.code import is_aside
from layer_builder.survey.dependencies import Source, requirements_at
from layer_builder.survey.functions import names_src, packages_beside
from layer_builder.survey.proposal import Proposed

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PYTHONS = {str(one) for one in Python}
_Loaded = Sequence[tuple[FoundFunction, Sequence[str]]]


@dataclass()
class _Draft:
    """A layer, before it is known who loads it."""

    entry: dict[str, object]
    why: list[Hint]
    source: Source | None = None
    code: str = ""
    """The folder whose contents it has, for one of code."""
    found: FoundLayer | None = None
    remarks: list[str] = field(default_factory=list)


class LayerChoices:
    """The layers that were chosen so far."""

    def __init__(
        self, repository: Repository, sources: Sequence[Source], functions: Sequence[FoundFunction]
    ) -> None:
        """Begin with none."""
        self.repository, self.sources, self.functions = repository, sources, functions
        self._at = {one.folder: one for one in sources}
        self.remarks: list[str] = []
        self._drafts: dict[str, _Draft] = {}
        self._keys: set[str] = set()
        self._described: dict[tuple[int, str], str] = {}
        self._names: set[str] = set()
        self._loaded: _Loaded = ()

    def take_described(self, found: Sequence[FoundLayer]) -> None:
        """Take what a deployment describes, where its content is in the repository."""
        for layer in found:
            draft = self._content(layer)
            if draft is None:
                words = "nothing tells what is in it: it is in no layer"
                self.remarks.append(f"{layer.hint}: {words}")
                continue
            same = [k for k, one in self._drafts.items() if one.entry == draft.entry]
            self._described[layer.scope, layer.name] = (
                same[0] if same else self._add(key_of(layer.name), draft)
            )

    def of_function(self, function: FoundFunction, *, has_code: bool) -> list[str]:
        """Give the keys of what a function loads; `has_code`: code of a src folder is a layer."""
        found = ((function.scope, name) for name in function.layers)
        named = [self._described[one] for one in found if one in self._described]
        keys = list(dict.fromkeys(named))
        own = self._source_at(function.folder or ".")
        if own is None and not keys:
            own = self._nearest(function.folder or ".")
        if own and not any(self._drafts[key].source == own for key in keys):
            keys += [key for key in self._take(own) if key not in keys]
        if has_code and function.folder and posixpath.basename(function.folder) == "src":
            keys.append(self._take_code(function.folder))
        if has_code:
            keys += [self._take_package(one) for one in packages_beside(self.repository, function)]
        return keys

    def take_all(self) -> None:
        """Take every source and the src folder, where no function says what is needed."""
        for source in self.sources:
            self._take(source)
        if any(self.repository.below("src", ".py")):
            self._take_code("src")

    def has(self, source: Source) -> bool:
        """Tell whether a source is in a layer."""
        taken = [one.source for one in self._drafts.values() if one.source]
        files = {name for one in taken for name in one.requirements}
        return source in taken or bool(files & {*source.requirements})

    def has_code_of(self, function: FoundFunction, keys: Sequence[str]) -> bool:
        """Tell whether one of the layers has a function's code."""
        return any(self._drafts[key].code == function.folder for key in keys)

    def proposed(self, loaded: _Loaded, target: Target) -> list[Proposed]:
        """Finish the layers, knowing who loads them."""
        self._loaded = loaded
        return [self._finished(key, draft, target) for key, draft in self._drafts.items()]

    def pythons(self, key: str, target: Target) -> list[str]:
        """List the Pythons that a layer is for."""
        users = [self.python_of(one, target) for one, keys in self._loaded if key in keys]
        found = self._drafts[key].found
        own = [found.python] if found and found.python in _PYTHONS and not users else []
        return sorted({*(users or own or [target.python])}, key=lambda one: (len(one), one))

    def architectures(self, key: str, target: Target) -> list[str]:
        """List the architectures that a layer is for."""
        users = [self.architecture_of(one, target) for one, keys in self._loaded if key in keys]
        found = self._drafts[key].found
        own = [found.architecture] if found and found.architecture and not users else []
        return sorted({*(users or own or [target.architecture])})

    def python_of(self, function: FoundFunction, target: Target) -> str:
        """Give the Python that a function runs on."""
        return function.python if function.python in _PYTHONS else str(target.python)

    def architecture_of(self, function: FoundFunction, target: Target) -> str:
        """Give the architecture that a function runs on."""
        return function.architecture or str(target.architecture)

    def _finished(self, key: str, draft: _Draft, target: Target) -> Proposed:
        entry = dict(draft.entry)
        if below := self._below(key, draft):
            entry["requires"] = below
        found = draft.found
        pythons, architectures = self.pythons(key, target), self.architectures(key, target)
        if pythons != [target.python]:
            entry["python"] = pythons[0] if len(pythons) == 1 else pythons
        if architectures != [target.architecture]:
            entry["architecture"] = architectures[0] if len(architectures) == 1 else architectures
        is_one = (
            len(pythons) * len(architectures) == 1 and found and found.on_aws not in self._names
        )
        if found and is_one and _NAME.fullmatch(found.on_aws):
            self._names.add(found.on_aws)
            entry = {"name": found.on_aws, **entry}
        if found:
            entry |= found.settings
        remarks = (*(found.remarks if found else ()), *draft.remarks)
        return Proposed(key=key, entry=entry, why=tuple(draft.why), remarks=remarks)

    def _below(self, key: str, draft: _Draft) -> list[str]:
        """List the layers that all who load one load before it; those described stand for themselves."""
        stacks = [keys[: keys.index(key)] for _, keys in self._loaded if key in keys]
        if draft.found or not stacks:
            codes = [k for k, one in self._drafts.items() if one.source] if draft.code else []
            return codes if not stacks and not draft.found else []
        return [one for one in stacks[0] if all(one in others for others in stacks)]

    def _content(self, layer: FoundLayer) -> _Draft | None:
        source = requirements_at(layer.files) if layer.files else None
        folder = layer.folder
        if source is None and folder is not None:
            source = self._source_at(folder) or self._source_at(f"{folder}/python")
        entry = dict(source.entry) if source else {}
        if folder not in {None, "."} and (modules := self._modules(str(folder))):
            entry["include"] = [{"from": modules, "to": "python/"}]
            entry["exclude"] = ["requirements*.txt"]
        if not entry and (source := self._by_users(layer) or self._by_name(layer)):
            entry = dict(source.entry)
        if not entry:
            return None
        why = [layer.hint, *([source.hint] if source else [])]
        return _Draft(entry=entry, why=why, source=source, found=layer)

    def _modules(self, folder: str) -> str:
        """Find the folder of a layer's own modules, with a slash at its end."""
        for place in (f"{folder}/python", folder):
            if any(not is_aside(path) for path in self.repository.below(place, ".py")):
                return f"{place}/"
        return ""

    def _by_users(self, layer: FoundLayer) -> Source | None:
        """Take what all functions that load a layer have nearest."""
        users = [
            one
            for one in self.functions
            if one.scope == layer.scope and layer.name in one.layers and one.folder
        ]
        found = {
            source.folder: source for one in users if (source := self._nearest(str(one.folder)))
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def _by_name(self, layer: FoundLayer) -> Source | None:
        words = {*key_of(layer.name).split("-")}
        named = [
            s for s in self.sources if words & {*key_of(posixpath.basename(s.folder)).split("-")}
        ]
        if len(named) == 1:
            return named[0]
        is_loaded = any(layer.name in one.layers for one in self.functions)
        return self.sources[0] if len(self.sources) == 1 and is_loaded else None

    def _source_at(self, folder: str) -> Source | None:
        return self._at.get(posixpath.normpath(folder))

    def _nearest(self, folder: str) -> Source | None:
        return next(filter(None, map(self._source_at, _upwards(folder))), None)

    def _take(self, source: Source) -> list[str]:
        """Take a source: a layer for each of its files, since whoever wrote several keeps them apart."""
        return [self._take_one(one) for one in source.parts]

    def _take_one(self, source: Source) -> str:
        for key, draft in self._drafts.items():
            if draft.source == source:
                return key
        around = "" if source.folder == "." else f"{key_of(posixpath.basename(source.folder))}-"
        part = f"{key_of(source.part)}-" if source.part else ""
        draft = _Draft(entry=dict(source.entry), why=[source.hint], source=source)
        return self._add(f"{around}{part}deps", draft)

    def _take_code(self, folder: str) -> str:
        for key, draft in self._drafts.items():
            if draft.code == folder:
                return key
        around = posixpath.basename(posixpath.dirname(folder))
        hint = Hint.line(f"{folder}/", None, "a src layout: its contents are on Python's path")
        entry: dict[str, object] = {"include": [{"from": f"{folder}/", "to": "python/"}]}
        if names_src(self.repository, folder):
            entry = {"include": f"{folder}/"}
            hint = Hint.line(f"{folder}/", None, "code that is imported as src.…")
        return self._add(
            f"{key_of(around)}-code" if around else "code",
            _Draft(entry=entry, why=[hint], code=folder),
        )

    def _take_package(self, folder: str) -> str:
        for key, draft in self._drafts.items():
            if draft.code == folder:
                return key
        hint = Hint.line(f"{folder}/", None, "a package that functions import")
        draft = _Draft(entry={"include": f"{folder}/"}, why=[hint], code=folder)
        return self._add(key_of(folder), draft)

    def _add(self, key: str, draft: _Draft) -> str:
        self._drafts[found := unique(key, self._keys)] = draft
        return found


def _upwards(folder: str) -> Iterator[str]:
    while folder != ".":
        yield folder
        folder = posixpath.dirname(folder) or "."
    yield "."


def unique(key: str, taken: set[str]) -> str:
    """Give a key that is not taken yet, and take it.

    >>> unique("a", {"a"})
    'a-2'
    """
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key}-{number}"
    taken.add(found)
    return found
