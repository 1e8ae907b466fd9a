"""The manifest's layers: each with its settings, its own or those at the top, once for each target."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest import aws_settings
from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.entries import LicensesEntry, ProofEntry
from layer_builder.manifest.entries import Limits as LimitsEntry
from layer_builder.manifest.schema import LayerEntry, ManifestFile
from layer_builder.manifest.validation import Mistakes
from layer_builder.model import (
    DEFAULT_WARN_AT,
    UNZIPPED_BYTES,
    Architecture,
    Budget,
    Bytecode,
    Compression,
    Include,
    Layer,
    LicencePolicy,
    Project,
    ProofDepth,
    PruneProfile,
    Python,
    Reference,
    Sdk,
    SdkPolicy,
    Target,
    mib,
)
from layer_builder.paths import path_below, without_climbing

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,139}")


@dataclass(frozen=True, kw_only=True)
class LayersReader:
    """Turns the validated model's entries into layers, and notes what the model cannot see."""

    model: ManifestFile
    mistakes: Mistakes
    through_s3: bool
    """Whether zips may go through S3."""

    def read(self, key: str, entry: LayerEntry) -> Iterator[Layer]:
        """Give the layer of an entry once for each of its targets; mistakes are added."""
        path: YamlPath = ("layers", key)
        if not _KEY.fullmatch(key):
            self.mistakes.add(
                "a layer's key is made of letters, digits, - and _", path, of_key=True
            )
        if not (entry.requirements or entry.packages or entry.project or entry.include):
            self.mistakes.add(
                "has nothing in it", path, of_key=True, layer=key,
                advice="give it requirements:, packages:, project: or include:",
            )  # fmt: skip
        targets = self._targets(key, entry)
        settings = self._settings(key, entry, targets[0])
        names = {target: self._name(key, entry, target) for target in targets}
        sharing = Counter(names.values())
        for target, name in names.items():
            yield replace(
                settings,
                target=target,
                name=name,
                delivery=aws_settings.read_delivery(key, entry, self.model, target, self.mistakes),
                shares_name=sharing[name] > 1,
                is_one_of_several=len(targets) > 1,
            )

    def _targets(self, key: str, entry: LayerEntry) -> list[Target]:
        """List what a layer is built for, each once; one at least, whatever is wrong."""
        pythons = entry.python or self.model.python or []
        if not pythons:
            self.mistakes.add(
                "no python: for this layer", ("layers", key), of_key=True, layer=key,
                advice='write python: "3.12" at the top, or in the layer',
            )  # fmt: skip
            pythons = [Python.PY312]  # any will do to look for further mistakes
        architectures = entry.architecture or self.model.architecture or [Architecture.X86_64]
        return [
            Target(python=python, architecture=architecture)
            for python, architecture in product(
                dict.fromkeys(pythons), dict.fromkeys(architectures)
            )
        ]

    def _settings(self, key: str, entry: LayerEntry, target: Target) -> Layer:
        """Give the layer with all settings that do not depend on its target."""
        path: YamlPath = ("layers", key)
        own, common = entry.proof or ProofEntry(), self.model.proof or ProofEntry()
        return Layer(
            key=key,
            name=key,
            target=target,
            place=self.mistakes.document.place(path, of_key=True),
            requirements=self._references(entry.requirements, (*path, "requirements"), paths=True),
            packages=self._references(entry.packages, (*path, "packages"), paths=False),
            project=self._project(entry, (*path, "project")),
            variables=tuple(entry.variables or self.model.variables or ()),
            include=self._includes(entry, path),
            exclude=tuple(entry.exclude or ()),
            build=tuple(
                str(canonicalize_name(name)) for name in entry.build or self.model.build or ()
            ),
            prune=entry.prune or self.model.prune or PruneProfile.SAFE,
            keep=tuple(entry.keep or self.model.keep or ()),
            drop=tuple(entry.drop or self.model.drop or ()),
            strip=bool(entry.strip if entry.strip is not None else self.model.strip),
            sdk=_sdk(entry.sdk or self.model.sdk),
            proof=own.depth or common.depth or ProofDepth.IMPORTS,
            unisolated=bool(own.unisolated or common.unisolated),
            allow_failing=self._may_fail(own, common, path),
            requires=tuple(dict.fromkeys(entry.requires or ())),
            imports=self._references(entry.imports, (*path, "imports"), paths=False),
            bytecode=entry.bytecode or self.model.bytecode or Bytecode.NONE,
            compression=entry.compression or self.model.compression or Compression.BALANCED,
            budget=self._budget(entry, path),
            description=_first(entry.description, self.model.description),
            license=_first(entry.license, self.model.license),
            licences=self._licences(entry, path),
            omits_architectures=bool(entry.architectures or self.model.architectures),
            adopt=bool(entry.adopt if entry.adopt is not None else self.model.adopt),
        )

    def _licences(self, entry: LayerEntry, path: YamlPath) -> LicencePolicy:
        own, common = entry.licenses, self.model.licenses
        found = own or common or LicensesEntry()
        at: YamlPath = (*path, "licenses") if own else ("licenses",)
        place = self.mistakes.document.place(at, of_key=True) if own or common else None
        return LicencePolicy(
            allow=tuple(found.allow or ()), deny=tuple(found.deny or ()), place=place
        )

    def _name(self, key: str, entry: LayerEntry, target: Target) -> str:
        path: YamlPath = ("layers", key, "name") if entry.name else ("name",)
        template = entry.name or self.model.name or "{layer}"
        return aws_settings.layer_name(template, key, target, path, self.mistakes)

    def _references(
        self, texts: Sequence[str] | None, path: YamlPath, *, paths: bool
    ) -> tuple[Reference, ...]:
        references = []
        for index, text in enumerate(texts or ()):
            at = self.mistakes.document.known((*path, index))
            found = self.mistakes.path(text, at, layer=path[1]) if paths else text
            if found is not None:
                references.append(Reference(text=found, place=self.mistakes.document.place(at)))
        return tuple(references)

    def _may_fail(
        self, own: ProofEntry, common: ProofEntry, path: YamlPath
    ) -> tuple[Reference, ...]:
        at: YamlPath = (*path, "proof") if own.allow_failing is not None else ("proof",)
        names = own.allow_failing if own.allow_failing is not None else common.allow_failing
        return tuple(
            replace(reference, text=str(canonicalize_name(reference.text)))
            for reference in self._references(names, (*at, "allow-failing"), paths=False)
        )

    def _project(self, entry: LayerEntry, path: YamlPath) -> Project | None:
        if entry.project is None:
            return None
        at = self.mistakes.document.known((*path, "path"))
        found = self.mistakes.path(entry.project.path, at, layer=path[1])
        if found is None:
            return None
        return Project(
            path=found,
            groups=tuple(entry.project.groups or ()),
            extras=tuple(entry.project.extras or ()),
            place=self.mistakes.document.place(path),
        )

    def _includes(self, entry: LayerEntry, path: YamlPath) -> tuple[Include, ...]:
        includes = []
        for index, item in enumerate(entry.include or ()):
            at = self.mistakes.document.known((*path, "include", index))
            source = self.mistakes.path(item.from_, at, layer=path[1])
            to = path_below(item.to) if item.to else ""
            if to is None:
                self.mistakes.add(
                    f"to: {item.to!r} leaves the layer", at, layer=path[1],
                    advice="write a path below /opt, without a leading /, such as python/app/",
                )  # fmt: skip
            elif source is not None:
                place = self.mistakes.document.place(at)
                default = str(PurePosixPath("python", without_climbing(source)))
                includes.append(Include(source=source, to=to or default, place=place))
        return tuple(includes)

    def _budget(self, entry: LayerEntry, path: YamlPath) -> Budget:
        own, common = entry.limits or LimitsEntry(), self.model.limits or LimitsEntry()
        unzipped = own.unzipped or common.unzipped
        if unzipped and unzipped > UNZIPPED_BYTES:
            at = (*path, "limits", "unzipped") if own.unzipped else ("limits", "unzipped")
            self.mistakes.add(
                f"limits.unzipped {mib(unzipped)} is looser than AWS's 250 MiB", at, layer=path[-1]
            )
        return Budget(
            zip_bytes=own.zip or common.zip,
            unzipped_bytes=unzipped,
            warn_at=own.warn_at or common.warn_at or DEFAULT_WARN_AT,
            through_s3=self.through_s3,
        )


def _sdk(choice: str | list[str] | None) -> Sdk:
    if isinstance(choice, list):
        return Sdk(policy=SdkPolicy.SERVICES, services=tuple(sorted(set(choice))))
    return Sdk(policy=SdkPolicy(choice or SdkPolicy.BUNDLE))


def _first(*texts: str | None) -> str:
    return next((text for text in texts if text is not None), "")
