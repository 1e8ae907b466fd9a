"""Advises on the layers of a run, when they are built; what was measured is noted for later runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from layer_builder import parallel
from layer_builder.advice.layer_files import LayerFiles, compiled_weights, package_weights
from layer_builder.advice.requirements import (
    AskedFor,
    tool_advice,
    twin_advice,
    twins_of,
    version_advice,
)
from layer_builder.advice.runtimes import runtime_advice
from layer_builder.advice.settings import bytecode_advice, try_settings
from layer_builder.advice.splitting import is_over_zip, split_advice
from layer_builder.advice.stacks import repeated_advice
from layer_builder.advice.twins import TwinScale
from layer_builder.advice.unused import never_loaded, proofs_of, unused_advice
from layer_builder.archive import compressed_sizes, sha256_of
from layer_builder.keeping import SignedNotes, code_digest
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Advice, Built, FunctionProof, Stack, weigh_stack
from layer_builder.resolve import Installer, Resolved
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.tree import Distribution, Scratch, find_distributions, list_files


@cache
def _notes() -> TypeAdapter[list[Advice]]:
    return TypeAdapter(list[Advice])


@dataclass(frozen=True, kw_only=True)
class Adviser:
    """All that it takes from the run."""

    installer: Installer
    scale: TwinScale
    scratch: Scratch
    notes: SignedNotes
    """Keeps what was measured on the same zips."""
    root_of: Callable[[str], Path]
    """Gives the folder of what a layer, by its id, has below python/: a zip is unpacked for it."""
    digest_of: Callable[[str], str]
    """Gives the sha256 of a layer's zip, by its id."""
    needs: Mapping[str, ServiceNeeds]
    """By layer id: what code would ask of the AWS SDK, of layers that `sdk: auto` might make smaller."""
    today: date
    near: frozenset[str]
    """Ids of the layers of which settings are tried, each on a copy of its files."""
    workers: int = 1

    def advise(
        self,
        built: Mapping[str, Built],
        resolved: Mapping[str, Resolved],
        stacks: Sequence[Stack],
    ) -> dict[str, list[Advice]]:
        """Advise on each layer, by id; on what was not resolved here only what its record tells.

        Raises LayerBuilderError where something cannot be read.
        """
        measured = parallel.each(
            lambda one: (
                self._measured(one, resolved[one.layer.id]) if one.layer.id in resolved else []
            ),
            built.values(),
            self.workers,
        )
        return {
            one.layer.id: [
                *found,
                *bytecode_advice(one),
                *self._split(one, resolved.get(one.layer.id), stacks),
                *repeated_advice(one.layer, built, stacks),
                *runtime_advice(one.layer, self.today),
            ]
            for one, found in zip(built.values(), measured, strict=True)
        }

    def unused(
        self,
        built: Built,
        item: Resolved,
        stacks: Sequence[Stack],
        proofs: Sequence[FunctionProof],
        code_of: Callable[[Stack], Iterable[Path]],
    ) -> list[Advice]:
        """Advise on what a layer asks for and none of its functions needs; they were all tried.

        `code_of` gives the files of a function's own code. Raises LayerBuilderError.
        """
        key = built.layer.key
        tried = proofs_of(key, stacks, proofs)
        never = never_loaded(key, tried) if tried else set()
        asked = self._asked(built, item)
        if not never & asked.names:
            return []
        having = [one for one in stacks if one.key in {proof.function for proof in tried}]
        layers = list(dict.fromkeys(layer.id for one in having for layer in one.layers))
        code = [path for one in having for path in code_of(one) if path.suffix == ".py"]

        def find() -> list[Advice]:
            roots = [self.root_of(layer_id) for layer_id in layers]
            found: dict[str, Distribution] = {}
            for root in roots:
                found |= _distributions(root)
            sources = [*(path for root in roots for path in root.rglob("*.py")), *code]
            return list(unused_advice(asked.knowing(self._requires(item)), never, found, sources))

        parts = [*map(self.digest_of, layers), *asked.lines, *sorted(never), *map(sha256_of, code)]
        return self._remembered(f"unused in {built.layer.id}", self._rests_on(item, parts), find)

    def _asked(self, built: Built, item: Resolved) -> AskedFor:
        return AskedFor(
            layer=built.layer,
            lines=item.request.requirements.lines,
            weights=package_weights(built),
            requires={},
            is_locked=bool(item.lock),
        )

    def _measured(self, built: Built, item: Resolved) -> list[Advice]:
        """Take what an earlier run found of the same zip, or find it."""
        of_requirements = self._of_requirements(built, item)
        if built.layer.id not in self.near:
            return of_requirements
        needs = self.needs.get(built.layer.id)
        parts = [built.archive.sha256, *(needs.key if needs else ())]
        found = self._remembered(
            built.layer.id,
            self._rests_on(item, parts),
            lambda: self._measure(built, item, needs),
        )
        return [*found, *of_requirements]

    @staticmethod
    def _rests_on(item: Resolved, parts: Iterable[str]) -> list[str]:
        """List what advice on a layer rests on, besides those parts."""
        layer = item.request.layer
        asked = [one.text for one in (*layer.packages, *layer.requirements)]
        return [item.content_key, item.lock, *asked, *parts]

    def _remembered(
        self, about: str, parts: Iterable[str], find: Callable[[], list[Advice]]
    ) -> list[Advice]:
        """Take what an earlier run found of the same, or find it."""
        key = sha256("\n".join([code_digest(), *parts]).encode()).hexdigest()
        of_key, _, text = self.notes.find(about).partition("\n")
        if of_key == key:
            with suppress(ValidationError):  # of another program: found anew
                return _notes().validate_json(text)
        found = find()
        self.notes.keep(about, f"{key}\n{_notes().dump_json(found).decode()}")
        return found

    def _measure(self, built: Built, item: Resolved, needs: ServiceNeeds | None) -> list[Advice]:
        request, details = item.request, built.details
        proof = details.proof
        packed = compressed_sizes(built.archive.path)
        compiled = compiled_weights(built.archive.path) if details.bytecode.files else {}
        root = self.root_of(built.layer.id)
        # A tree that was unpacked from its zip has the bytecode, one that is left of a build has not.
        there = [
            one
            for one in list_files(root)
            if f"python/{one.path}" in packed and not (compiled and one.path.endswith(".pyc"))
        ]
        files = LayerFiles(
            layer=built.layer,
            root=root,
            files=there,
            asked_for=request.requirements.names,
            archive=built.archive.path,
            packed=packed,
            compiled=compiled,
            needed=frozenset(proof.loaded if proof else ())
            | {restored.path for restored in details.restored},
        )
        with self.scratch.folder() as folder:
            return try_settings(files, needs, folder)

    def _of_requirements(self, built: Built, item: Resolved) -> list[Advice]:
        asked = self._asked(built, item)
        found = list(version_advice(asked))
        found += [
            twin_advice(asked, twin, self.scale.weigh(twin, item)) for twin in twins_of(asked)
        ]
        if asked.tools:
            found += tool_advice(asked.knowing(self._requires(item)))
        return found

    def _split(
        self, built: Built, item: Resolved | None, stacks: Sequence[Stack]
    ) -> Iterable[Advice]:
        if item is None or not is_over_zip(built):
            return ()
        return split_advice(built, self._requires(item), stacks)

    def _requires(self, item: Resolved) -> Mapping[str, frozenset[str]]:
        layer = item.request.layer
        return self.installer.requires(
            item.request.requirements, layer.target, layer.build, item.own
        )


def near_limits(built: Mapping[str, Built], stacks: Sequence[Stack]) -> frozenset[str]:
    """List the layers, by id, that come near a limit, or that a function does with others."""
    near = {key for key, one in built.items() if one.tightest.share >= one.layer.budget.warn_at}
    for stack in stacks:
        ids = {layer.id for layer in stack.layers}
        if ids <= built.keys():
            warn_at = min(layer.budget.warn_at for layer in stack.layers)
            near |= ids if weigh_stack(stack, built).reading.share >= warn_at else set()
    return frozenset(near)


def _distributions(root: Path) -> dict[str, Distribution]:
    paths = [one.path for one in list_files(root)]
    found = find_distributions(paths, lambda path: (root / path).read_bytes())
    return {one.name: one for one in found}
