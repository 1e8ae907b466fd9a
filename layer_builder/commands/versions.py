"""Inspects what AWS has of the manifest's layers; only reads, and goes on without what it may not."""

import json
from argparse import Namespace
from collections.abc import Callable, Collection, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from layer_builder import parallel
from layer_builder.archive import OutputDir
from layer_builder.attach import LOOKUPS_AT_ONCE, Size, SizeLookup, known_sizes
from layer_builder.aws import Region
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import AwsError, LimitError, ManifestError
from layer_builder.github import add_summary, is_workflow_step
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer, LayerContent, LayerUser, Permissions, VersionSummary
from layer_builder.outcome import Outcome
from layer_builder.preflight import open_regions
from layer_builder.versions import (
    LayerHistory,
    OrphanSearch,
    RegionInventory,
    Usage,
    VersionRow,
    deleted_versions,
    inventory_data,
    inventory_warnings,
    render_inventory,
    render_table,
    retire_orphans,
    usages_by_version,
)

_T = TypeVar("_T")


def versions(outcome: Outcome, context: Context, unzipped: int | None) -> list[RegionInventory]:
    """Take the inventory of every region.

    The newest `unzipped` versions of each layer are measured, None for all. Raises AwsError where
    the versions cannot be listed.
    """
    outcome.manifest = load.read(outcome.inputs, context.workspace)
    load.choose_regions(outcome, context.default_regions)
    connected = open_regions(outcome, context.connect, context.known_regions, context.reporter)
    output_dir = OutputDir(folder=Path(outcome.inputs.output_dir))
    sizes = known_sizes(outcome.layers, (), output_dir, context.zips.unzipped_bytes)
    owner = context.provenance(outcome.manifest.owner).owner
    return [
        _InventoryReader(region=region, sizes=sizes, owner=owner).read(outcome, unzipped)
        for region in connected
    ]


def _permissions(outcome: Outcome) -> tuple[Permissions, ...]:
    """List all that the manifest says of who else may use versions, at the top and in layers."""
    top = outcome.manifest.permissions if outcome.manifest else None
    said = (top, *(layer.delivery.permissions for layer in outcome.layers))
    return tuple(dict.fromkeys(one for one in said if one is not None))


def retire(
    inventories: Sequence[RegionInventory], outcome: Outcome, context: Context
) -> list[RegionInventory]:
    """Delete the orphans that nobody uses, and say so. Raises AwsError.

    Raises ManifestError where only some layers were asked for: of the others nobody looked.
    """
    if outcome.inputs.layers:
        raise ManifestError.because(
            "--orphans looks at the whole manifest, and --layers names a part of it"
        )
    return [
        replace(
            inventory,
            orphans=tuple(
                retire_orphans(
                    context.connect(inventory.region),
                    inventory.orphans,
                    _permissions(outcome),
                    context.reporter,
                )
            ),
        )
        for inventory in inventories
    ]


@dataclass(frozen=True, kw_only=True)
class _InventoryReader:
    """The inventory of one region in the making."""

    region: Region
    sizes: SizeLookup
    owner: str
    unknown: list[str] = field(default_factory=list)

    def read(self, outcome: Outcome, unzipped: int | None) -> RegionInventory:
        """Read what AWS has of the layers, who uses them, and how much storage they take."""
        by_name: dict[str, list[Layer]] = {}
        for layer in outcome.layers:
            by_name.setdefault(layer.name, []).append(layer)
        listed = parallel.each(self.region.catalog.versions, list(by_name), LOOKUPS_AT_ONCE)
        users = self._or_unknown("who uses them", self.region.catalog.users)
        ours = {version.arn for versions in listed for version in versions}
        used = None if users is None else usages_by_version(users, self._aliases(users, ours))
        histories = [
            self._history(layers, versions, used, unzipped)
            for layers, versions in zip(by_name.values(), listed, strict=True)
        ]
        storage = self._or_unknown("the code storage", self.region.catalog.storage)
        # With only some of the layers asked for, the others' names would be taken for orphans'.
        find = self._search(outcome, by_name.keys(), users).find
        orphans = None if outcome.inputs.layers else self._or_unknown("orphans", find)
        return RegionInventory(
            region=self.region.name,
            histories=tuple(histories),
            storage=storage,
            orphans=tuple(orphans or ()),
            unknown=tuple(dict.fromkeys(self.unknown)),
        )

    def _search(
        self, outcome: Outcome, names: Collection[str], users: Sequence[LayerUser] | None
    ) -> OrphanSearch:
        def policy_of(name: str, version: int) -> str | None:
            read = partial(self.region.policies.read, name, version)
            return self._or_unknown("who else may use orphans", read, once=True)

        def versions_of(name: str) -> Sequence[VersionSummary] | None:
            what = "orphans among layers whose newest version has no stamp"
            return self._or_unknown(what, partial(self.region.catalog.versions, name), once=True)

        return OrphanSearch(
            region=self.region,
            owner=self.owner,
            names=names,
            permissions=_permissions(outcome),
            users=users,
            policy_of=policy_of,
            versions_of=versions_of,
        )

    def _aliases(
        self, users: Sequence[LayerUser], ours: set[str]
    ) -> dict[str, dict[str, list[str]] | None]:
        """Read the aliases of functions that have one of our layers in a published version."""
        names = {user.function for user in users if user.is_published and ours & set(user.layers)}

        def read(name: str) -> dict[str, list[str]] | None:
            return self._or_unknown("aliases", partial(self.region.catalog.aliases, name))

        ordered = sorted(names)
        return dict(zip(ordered, parallel.each(read, ordered, LOOKUPS_AT_ONCE), strict=True))

    def _history(
        self,
        layers: Sequence[Layer],
        versions: Sequence[VersionSummary],
        used: dict[str, tuple[Usage, ...]] | None,
        unzipped: int | None,
    ) -> LayerHistory:
        measured = {version.arn for version in versions[:unzipped]}

        def row(version: VersionSummary) -> VersionRow:
            read = partial(self.region.catalog.content, version.arn)
            content = self._or_unknown("sizes", read)
            part = None
            if content and (version.arn in measured or content.sha256 in self.sizes.built):
                part = self._measure(version, content)
            usages = None if used is None else used.get(version.arn, ())
            return VersionRow(version=version, content=content, unzipped=part, usages=usages)

        return LayerHistory(
            layers=tuple(layers),
            rows=tuple(parallel.each(row, versions, LOOKUPS_AT_ONCE)),
            deleted=deleted_versions(versions, used or {}),
        )

    def _measure(self, version: VersionSummary, content: LayerContent) -> Size:
        part = self.sizes.zip(version.arn, content)
        if part.size is None:
            self.unknown.append(f"what {version.arn} unzips to ({part.source})")
        return part

    def _or_unknown(self, what: str, read: Callable[[], _T], *, once: bool = False) -> _T | None:
        """Read what can be done without; note what AWS withholds, and raise all else.

        With `once` the first refusal stands for all of that.
        """
        try:
            return read()
        except AwsError as error:
            if not error.is_withheld:
                raise
            facts = (detail for problem in error.problems for detail in problem.details)
            if not (once and any(said.startswith(what) for said in self.unknown)):
                self.unknown.append(f"{what} ({next(facts, str(error))})")
            return None


def show_versions(
    asked: Namespace, context: Context, outcome: Outcome, write: Callable[[str], None]
) -> None:
    """Write the inventory, and warn of what is near a limit. Raises LimitError by --fail-at."""
    inventories = versions(outcome, context, asked.unzipped)
    if asked.orphans:
        inventories = retire(inventories, outcome, context)
    warned, failed = (
        inventory_warnings(inventories, above=above) for above in (asked.warn_at, asked.fail_at)
    )
    data = inventory_data(inventories, warned, outcome.inputs.manifest)
    write(json.dumps(data, indent=2) + "\n" if asked.json else render_table(inventories))
    if is_workflow_step():
        add_summary(render_inventory(inventories))
    if asked.fail_at and failed:
        raise LimitError(*failed)
    for problem in warned:
        context.reporter.warn(problem)
