"""Builds one layer: resolve, install, prune, include, archive."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from layer_builder import archive, distributions
from layer_builder.errors import InstallError, LayerBuilderError, LimitError, ManifestError, Problem
from layer_builder.layer import Account, Archive, Layer, Package
from layer_builder.limits import mib
from layer_builder.pruning import Entry, PrunePlan, PruneRules
from layer_builder.recipe import Ingredient, Recipe
from layer_builder.requirements import Requirements
from layer_builder.shelf import Note, Shelf
from layer_builder.target import Target
from layer_builder.tree import Tree
from layer_builder.uv import Resolution
from layer_builder.workspace import Collection

_HOPELESS_BYTES = 1024 * 1024 * 1024
"""Four times what Lambda takes: compressing it would only delay the message."""


class Voice(Protocol):
    """Tells the user how a build goes."""

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""

    def busy(self, layer: str, text: str) -> None:
        """Show what is being done now; an empty text means nothing."""

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""


class Installer(Protocol):
    """Chooses and installs distributions."""

    def resolve(
        self, requirements: Requirements, target: Target, build: Sequence[str] = ()
    ) -> Resolution:
        """Choose one version for each distribution."""

    def install(
        self,
        resolution: Resolution,
        requirements: Requirements,
        target: Target,
        into: Path,
        build: Sequence[str] = (),
    ) -> None:
        """Fill a folder."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One build that one or more layers share."""

    recipe: Recipe
    files: Collection = field(default_factory=Collection)

    @property
    def layer(self) -> Layer:
        """The layer it is made for first."""
        return self.recipe.layer


@dataclass(frozen=True, kw_only=True)
class Product:
    """A finished build."""

    archive: Archive
    note: Note
    reused: bool = False


def order(layer: Layer, requirements: Requirements, files: Collection) -> Order:
    """Write the recipe of a layer; reads and hashes the files to include."""
    ingredients = tuple(
        Ingredient(
            path=file.path, sha256=archive.digest_of(file.source), executable=file.executable
        )
        for file in files.files
    )
    recipe = Recipe(layer=layer, requirements=requirements, ingredients=ingredients)
    return Order(recipe=recipe, files=files)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes products and puts them on the shelf."""

    installer: Installer
    shelf: Shelf
    voice: Voice
    command: str
    takes_up_builds: bool = False
    """Whether a zip that `build` left is taken as it is, without asking the index again."""

    def build(self, wanted: Order) -> Product:
        """Build, or take up what is on the shelf. Errors name the layer and its line."""
        try:
            return self._build(wanted)
        except LayerBuilderError as error:
            raise type(error)(
                *(
                    replace(
                        problem,
                        layer=problem.layer or wanted.layer.key,
                        place=problem.place or wanted.layer.place,
                    )
                    for problem in error.problems
                )
            ) from error

    def _build(self, wanted: Order) -> Product:
        layer, recipe = wanted.layer, wanted.recipe
        clock = _Clock(self.voice, layer.key)
        shelved = self.shelf.find(layer.name)
        if shelved and self.takes_up_builds and shelved[0].made_by == "build":
            note, made = shelved
            if note.recipe == recipe.key:
                self.voice.step(layer.key, f"took up {made.path.name} that `build` left")
                return Product(archive=made, note=note, reused=True)
        resolution = Resolution(lock="")
        if recipe.requirements.lines:
            with clock.step("resolve"):
                resolution = self.installer.resolve(recipe.requirements, layer.target, layer.build)
            self._tell_resolved(layer, resolution, clock)
        content_key = recipe.content_key(resolution.lock)
        if shelved and shelved[0].content == content_key:
            note, made = shelved
            self.voice.step(layer.key, f"nothing changed: {made.path.name} is up to date")
            return Product(archive=made, note=note, reused=True)
        with tempfile.TemporaryDirectory(prefix="layer-builder-") as folder:
            tree = Tree(root=Path(folder))
            account = self._fill(wanted, tree, resolution, clock)
            made = self._archive(wanted, tree, account, clock)
        account = replace(account, held_back=resolution.held_back, seconds=clock.seconds)
        note = Note(
            recipe=recipe.key,
            content=content_key,
            made_by=self.command,
            sha256=made.sha256,
            weight=made.weight,
            files=made.files,
            account=account,
        )
        self.shelf.keep(layer.name, note)
        return Product(archive=made, note=note)

    def _fill(self, wanted: Order, tree: Tree, resolution: Resolution, clock: "_Clock") -> Account:
        """Install and prune in the tree; give the accounts."""
        layer, requirements = wanted.layer, wanted.recipe.requirements
        included = sum(file.source.stat().st_size for file in wanted.files.files)
        if not requirements.lines:
            return Account(included_bytes=included)
        with clock.step("install"):
            self.installer.install(resolution, requirements, layer.target, tree.root, layer.build)
            tree.forget_host(layer.target.runtime)
        with clock.step("prune"):
            entries = tree.scan()
            installed = tree.distributions(entries)
            self._check_built(tree, installed, layer)
            owners = distributions.owners(installed)
            rules = PruneRules(
                profile=layer.prune,
                keep=layer.keep,
                drop=layer.drop,
                asked_for=requirements.names,
            )
            plan = rules(entries, owners, tree.read)
            tree.apply(plan)
            kept = tree.scan()
        self._tell_pruned(layer, entries, kept, plan, clock)
        return Account(
            packages=_packages(installed, entries, kept),
            pruned=plan.totals,
            restored=plan.restored,
            included_bytes=included,
        )

    def _archive(self, wanted: Order, tree: Tree, account: Account, clock: "_Clock") -> Archive:
        layer = wanted.layer
        members = {
            f"python/{entry.path}": archive.Member(
                path=f"python/{entry.path}",
                source=tree.root / entry.path,
                executable=entry.executable,
            )
            for entry in tree.scan()
        }
        for file in wanted.files.files:
            if file.path in members:
                message = f"{file.source.name} would overwrite {file.path} of a distribution"
                raise ManifestError.because(message, advice=("give it another place with to:",))
            members[file.path] = archive.Member(
                path=file.path, source=file.source, executable=file.executable
            )
        if not members:
            raise ManifestError.because(
                "nothing is left in it, and AWS refuses an empty layer",
                advice=("check include:, exclude: and drop:",),
            )
        total = account.included_bytes + sum(p.bytes_kept for p in account.packages)
        if total > _HOPELESS_BYTES:
            raise _hopeless(total, account)
        with clock.step("archive"):
            made = archive.write(
                members.values(), self.shelf.zip_path(layer.name), layer.compression
            )
        self.voice.step(
            layer.key,
            f"zipped {made.files:,} files, {mib(made.weight.unzipped_bytes)} →"
            f" {mib(made.weight.zip_bytes)} ({clock.seconds['archive']:.1f} s)",
        )
        return made

    def _check_built(
        self, tree: Tree, installed: Sequence[distributions.Distribution], layer: Layer
    ) -> None:
        """Refuse what `build:` compiled: it has this machine's platform, not the target's."""
        for distribution in installed:
            if distribution.name not in layer.build:
                continue
            wheel = tree.read(distribution.record.replace("/RECORD", "/WHEEL")).decode()
            if "Root-Is-Purelib: true" not in wheel:
                raise InstallError.because(
                    f"{distribution.name} {distribution.version} was built from its sdist and"
                    " holds compiled code for this machine, not for the layer",
                    advice=(
                        f"build a wheel of {distribution.name} for {layer.target.runtime} on"
                        f" {layer.target.architecture} and put it on an index",
                    ),
                )

    def _tell_resolved(self, layer: Layer, resolution: Resolution, clock: "_Clock") -> None:
        self.voice.step(
            layer.key,
            f"resolved {len(resolution.pins)} distributions for {layer.target.label}"
            f" ({clock.seconds['resolve']:.1f} s)",
        )
        if resolution.held_back:
            glibc = ".".join(map(str, layer.target.glibc))
            self.voice.warn(
                Problem(
                    message=f"glibc {glibc} of {layer.target.runtime} holds back"
                    f" {len(resolution.held_back)} distributions",
                    layer=layer.key,
                    place=layer.place,
                    details=tuple(
                        f"{held.name} {held.version}; python3.12 and later take {held.newer}"
                        for held in resolution.held_back
                    ),
                )
            )

    def _tell_pruned(
        self,
        layer: Layer,
        before: Sequence[Entry],
        after: Sequence[Entry],
        plan: PrunePlan,
        clock: "_Clock",
    ) -> None:
        sizes = [sum(entry.size for entry in entries) for entries in (before, after)]
        put_back = f", {len(plan.restored)} files put back" if plan.restored else ""
        self.voice.step(
            layer.key,
            f"installed and pruned ({layer.prune}): {mib(sizes[0])} → {mib(sizes[1])}{put_back}"
            f" ({clock.seconds['install']:.1f} + {clock.seconds['prune']:.1f} s)",
        )


def _packages(
    installed: Sequence[distributions.Distribution],
    before: Sequence[Entry],
    after: Sequence[Entry],
) -> tuple[Package, ...]:
    old = {entry.path: entry.size for entry in before}
    new = {entry.path: entry.size for entry in after}

    def total(sizes: Mapping[str, int], paths: Sequence[str]) -> int:
        return sum(sizes.get(path, 0) for path in paths)

    return tuple(
        Package(
            name=distribution.name,
            version=distribution.version,
            bytes_installed=total(old, distribution.files),
            bytes_kept=total(new, distribution.files),
        )
        for distribution in installed
    )


def _hopeless(total: int, account: Account) -> LimitError:
    heaviest = sorted(account.packages, key=lambda package: -package.bytes_kept)[:10]
    return LimitError.because(
        f"it unzips to {mib(total)}; AWS allows 250 MiB for a function and all its layers",
        details=tuple(f"{p.bytes_kept:>13,} B  {p.name} {p.version}" for p in heaviest),
        advice=("this runs as a container image (10 GiB), not as a layer",),
    )


class _Clock:
    """Wall time by step, shown while it runs."""

    def __init__(self, voice: Voice, layer: str) -> None:
        self.seconds: dict[str, float] = {}
        self._voice = voice
        self._layer = layer

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._voice.busy(self._layer, name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._voice.busy(self._layer, "")
            self.seconds[name] = round(time.perf_counter() - start, 3)
