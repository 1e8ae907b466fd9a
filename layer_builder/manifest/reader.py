"""The manifest: text in, layers and stacks out, or every mistake at once with its place."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name
from pydantic import ValidationError

from layer_builder.errors import ManifestError, Place, Problem, did_you_mean
from layer_builder.manifest import delivery as deliveries
from layer_builder.manifest import functions
from layer_builder.manifest import names as naming
from layer_builder.manifest.document import Document, YamlPath, parse_yaml
from layer_builder.manifest.schema import LayerEntry, ManifestFile
from layer_builder.manifest.schema import Limits as LimitsEntry
from layer_builder.manifest.validation import Mistakes, by_place, salvage, validation_problems
from layer_builder.model import limits, stack
from layer_builder.model import stack as model_stack
from layer_builder.model.layer import Include, Layer, Reference, UvProject
from layer_builder.model.limits import Budget, mib
from layer_builder.model.settings import (
    Bytecode,
    Compression,
    ProofDepth,
    PruneProfile,
    Sdk,
    SdkPolicy,
)
from layer_builder.model.stack import Stack
from layer_builder.model.target import Architecture, Python, Target

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,139}")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What one `layers.yml` asks for."""

    file: str
    layers: tuple[Layer, ...]
    """In the order of the file; a layer with several targets is here once for each."""
    stacks: tuple[Stack, ...] = ()
    relatives: tuple[Layer, ...] = ()
    """Layers that were not selected, and that those selected are resolved with."""
    ties: tuple[Stack, ...] = ()
    """All functions of the file: they tell which layers have to agree."""
    regions: tuple[str, ...] = ()
    """Where to publish, unless an input says otherwise."""

    def select(self, keys: Sequence[str]) -> "Manifest":
        """Keep the layers with these keys and those below them, and the stacks of nothing else.

        Raises ManifestError for a key that is not in the manifest. No keys means all.
        """
        if not keys:
            return self
        known = {layer.key for layer in self.layers}
        problems = [
            Problem(
                message=f"there is no layer {key!r}",
                place=Place(file=self.file),
                advice=did_you_mean(key, known),
            )
            for key in keys
            if key not in known
        ]
        if problems:
            raise ManifestError(*problems)
        requires = {layer.key: layer.requires for layer in self.layers}
        chosen = {
            name for key in keys for name in (key, *model_stack.required_layers(key, requires))
        }
        group = stack.tied_layers(self.layers, self.stacks)
        related = frozenset[str]().union(
            *(group[layer.id] for layer in self.layers if layer.key in chosen)
        )
        return replace(
            self,
            relatives=tuple(
                layer for layer in self.layers if layer.id in related and layer.key not in chosen
            ),
            layers=tuple(layer for layer in self.layers if layer.key in chosen),
            stacks=tuple(
                loading
                for loading in self.stacks
                if {layer.key for layer in loading.layers} <= chosen
            ),
        )


def read_manifest(text: str, file: str, *, through_s3: bool = False) -> Manifest:
    """Read the text of a manifest; `file` is its name for messages.

    `through_s3` says that zips may go through S3: then AWS has no limit for them.

    Raises ManifestError with all mistakes that can be seen in the text alone.
    """
    document = parse_yaml(text, file)
    if document.problems:
        raise ManifestError(*sorted(document.problems, key=by_place))
    if not isinstance(document.value, dict):
        message = "a manifest is a mapping with the keys version, python and layers"
        raise ManifestError.because(message, place=document.place(()))
    try:
        model = ManifestFile.model_validate(document.value)
    except ValidationError as error:
        found = Mistakes(document, validation_problems(error, document))
        rest = salvage(document.value, error)
        if rest:
            _ManifestReader(document, rest, found, through_s3=through_s3).manifest()
        raise found.error() from None
    found = Mistakes(document)
    manifest = _ManifestReader(document, model, found, through_s3=through_s3).manifest()
    if len(found):
        raise found.error()
    return manifest


def list_requirements_files(text: str, file: str) -> tuple[Reference, ...]:
    """List the requirements files that a manifest names, even one with mistakes elsewhere."""
    document = parse_yaml(text, file)
    layers = document.value.get("layers") if isinstance(document.value, dict) else None
    found = []
    for key, entry in layers.items() if isinstance(layers, dict) else ():
        named = entry.get("requirements") if isinstance(entry, dict) else None
        for index, path in enumerate(named if isinstance(named, list) else [named]):
            if isinstance(path, str) and not _leaves(path):
                at = document.known(("layers", key, "requirements", index))
                found.append(Reference(text=path, place=document.place(at)))
    return tuple(found)


def _leaves(path: str) -> bool:
    """Tell a path that could leave the manifest's directory."""
    pure = PurePosixPath(path)
    return pure.is_absolute() or ".." in pure.parts or "\\" in path or path.startswith("~")


class _ManifestReader:
    """Turns the validated model into layers, and collects what the model cannot see."""

    def __init__(
        self, document: Document, model: ManifestFile, mistakes: Mistakes, *, through_s3: bool
    ) -> None:
        self._through_s3 = through_s3
        self._mistakes = mistakes
        self._document = document
        self._model = model

    def manifest(self) -> Manifest:
        layers = [
            layer for key, entry in self._model.layers.items() for layer in self._layers(key, entry)
        ]
        naming.check_names(layers, self._mistakes)
        deliveries.check_parameters(layers, self._mistakes)
        functions.check_requires(self._model.layers, layers, self._mistakes)
        entries = self._model.functions or {}
        stacks = [
            functions.read_function(key, entry, layers, self._mistakes)
            for key, entry in entries.items()
        ]
        known = tuple(found for found in stacks if found)
        return Manifest(
            file=self._document.file,
            layers=tuple(layers),
            stacks=known,
            ties=known,
            regions=tuple(dict.fromkeys(self._model.regions or ())),
        )

    def _layers(self, key: str, entry: LayerEntry) -> Iterator[Layer]:
        path: YamlPath = ("layers", key)
        place = self._document.place(path, of_key=True)
        if not _KEY.fullmatch(key):
            self._mistakes.add(
                "a layer's key is made of letters, digits, - and _", path, of_key=True
            )
        if not (entry.requirements or entry.packages or entry.uv or entry.include):
            self._mistakes.add(
                "has nothing in it", path, of_key=True, layer=key,
                advice="give it requirements:, packages:, uv: or include:",
            )  # fmt: skip
        pythons = entry.python or self._model.python or []
        if not pythons:
            self._mistakes.add(
                "no python: for this layer", path, of_key=True, layer=key,
                advice='write python: "3.12" at the top, or in the layer',
            )  # fmt: skip
            pythons = [Python.PY312]  # any will do to look for further mistakes
        architectures = entry.architecture or self._model.architecture or [Architecture.X86_64]
        template = Layer(
            key=key,
            name=key,
            target=Target(python=Python.PY312, architecture=Architecture.X86_64),
            place=place,
            requirements=self._references(entry.requirements, (*path, "requirements"), paths=True),
            packages=self._references(entry.packages, (*path, "packages"), paths=False),
            uv=self._uv(entry, (*path, "uv")),
            include=self._includes(entry, path),
            exclude=tuple(entry.exclude or ()),
            build=tuple(
                str(canonicalize_name(name)) for name in entry.build or self._model.build or ()
            ),
            prune=entry.prune or self._model.prune or PruneProfile.SAFE,
            keep=tuple(entry.keep or self._model.keep or ()),
            drop=tuple(entry.drop or self._model.drop or ()),
            strip=bool(entry.strip if entry.strip is not None else self._model.strip),
            sdk=_sdk(entry.sdk or self._model.sdk),
            proof=entry.proof or self._model.proof or ProofDepth.IMPORTS,
            requires=tuple(dict.fromkeys(entry.requires or ())),
            imports=self._references(entry.imports, (*path, "imports"), paths=False),
            bytecode=entry.bytecode or self._model.bytecode or Bytecode.NONE,
            compression=entry.compression or self._model.compression or Compression.BALANCED,
            budget=self._budget(entry, path),
            description=_first(entry.description, self._model.description),
            license=_first(entry.license, self._model.license),
        )
        pairs = list(product(dict.fromkeys(pythons), dict.fromkeys(architectures)))
        names = Counter(
            self._name(key, entry, Target(python=python, architecture=architecture))
            for python, architecture in pairs
        )
        for python, architecture in pairs:
            target = Target(python=python, architecture=architecture)
            name = self._name(key, entry, target)
            yield replace(
                template,
                target=target,
                name=name,
                delivery=deliveries.read_delivery(key, entry, self._model, target, self._mistakes),
                shares_name=names[name] > 1,
                is_one_of_several=len(pairs) > 1,
            )

    def _name(self, key: str, entry: LayerEntry, target: Target) -> str:
        path: YamlPath = ("layers", key, "name") if entry.name else ("name",)
        template = entry.name or self._model.name or "{layer}"
        return naming.layer_name(template, key, target, path, self._mistakes)

    def _references(
        self, texts: Sequence[str] | None, path: YamlPath, *, paths: bool
    ) -> tuple[Reference, ...]:
        found = []
        for index, text in enumerate(texts or ()):
            at = self._document.known((*path, index))
            if not paths or self._is_inside(text, at):
                found.append(Reference(text=text, place=self._document.place(at)))
        return tuple(found)

    def _uv(self, entry: LayerEntry, path: YamlPath) -> UvProject | None:
        if entry.uv is None or not self._is_inside(entry.uv.project, (*path, "project")):
            return None
        return UvProject(
            folder=entry.uv.project,
            groups=tuple(entry.uv.group or ()),
            extras=tuple(entry.uv.extra or ()),
            place=self._document.place(path),
        )

    def _includes(self, entry: LayerEntry, path: YamlPath) -> tuple[Include, ...]:
        found = []
        for index, item in enumerate(entry.include or ()):
            at = self._document.known((*path, "include", index))
            if not self._is_inside(item.from_, at):
                continue
            source = PurePosixPath(item.from_)
            if item.to is None:
                to = str(PurePosixPath("python") / source)
            elif self._is_inside(item.to, at):
                to = item.to
            else:
                continue
            found.append(Include(source=str(source), to=to, place=self._document.place(at)))
        return tuple(found)

    def _is_inside(self, text: str, path: YamlPath) -> bool:
        """Refuse paths that could leave the manifest's directory."""
        if _leaves(text):
            self._mistakes.add(
                f"path {text!r} leaves the manifest's directory",
                path,
                advice="write a path below the manifest, without .. and without a leading /",
            )
            return False
        return True

    def _budget(self, entry: LayerEntry, path: YamlPath) -> Budget:
        own, common = entry.limits or LimitsEntry(), self._model.limits or LimitsEntry()
        unzipped = own.unzipped or common.unzipped
        if unzipped and unzipped > limits.UNZIPPED_BYTES:
            at = (*path, "limits", "unzipped") if own.unzipped else ("limits", "unzipped")
            self._mistakes.add(
                f"limits.unzipped {mib(unzipped)} is looser than AWS's 250 MiB", at, layer=path[-1]
            )
        return Budget(
            zip_bytes=own.zip or common.zip,
            unzipped_bytes=unzipped,
            warn_at=own.warn_at or common.warn_at or limits.DEFAULT_WARN_AT,
            through_s3=self._through_s3,
        )


def _sdk(choice: str | list[str] | None) -> Sdk:
    if isinstance(choice, list):
        return Sdk(policy=SdkPolicy.SERVICES, services=tuple(sorted(set(choice))))
    return Sdk(policy=SdkPolicy(choice or SdkPolicy.BUNDLE))


def _first(*texts: str | None) -> str:
    return next((text for text in texts if text is not None), "")
