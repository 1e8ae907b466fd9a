"""What the distributions of other layers ask of the AWS SDK that one layer holds for all of them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from layer_builder import parallel
from layer_builder.errors import InstallError
from layer_builder.keeping import SignedNotes, code_digest
from layer_builder.model import Layer, SdkPolicy, Stack
from layer_builder.resolve import Installer, Resolved
from layer_builder.sdk_services import ServiceNeeds, joined_needs, services_of_tree
from layer_builder.stack_services.company import companies_of
from layer_builder.tree import Scratch, Tree


@cache
def _notes() -> TypeAdapter[ServiceNeeds]:
    return TypeAdapter(ServiceNeeds)


_AT_ONCE = 4
"""Installing from a cache is copying files; from an index it waits."""


def read_beside(
    resolved: Mapping[str, Resolved],
    stacks: Sequence[Stack],
    installer: Installer,
    scratch: Scratch,
    notes: SignedNotes,
) -> dict[str, Resolved]:
    """Add to layers with `sdk: auto` what the distributions of their company ask for.

    Such a layer is built before those that stand on it, and what these will hold is known from
    their versions alone. So they are installed once more, only to be read; what was found is noted
    for runs in which none of these versions changed.

    Raises InstallError that names the layer whose distributions cannot be installed.
    """
    layers = {layer_id: item.request.layer for layer_id, item in resolved.items()}
    others = {
        layer_id: _others(item, resolved, layers, stacks)
        for layer_id, item in resolved.items()
        if chooses_services(item) and not item.request.code.is_all
    }
    wanted = list(dict.fromkeys(other for found in others.values() for other in found))

    def read(layer_id: str) -> ServiceNeeds:
        return _remembered(resolved[layer_id], installer, scratch, notes)

    needs = dict(zip(wanted, parallel.each(read, wanted, _AT_ONCE), strict=True))
    return {
        layer_id: item.with_beside(joined_needs([needs[other] for other in others[layer_id]]))
        if others.get(layer_id)
        else item
        for layer_id, item in resolved.items()
    }


def versions_beside(
    layer_id: str, resolved: Mapping[str, Resolved], stacks: Sequence[Stack]
) -> list[str]:
    """List the versions that decide what `read_beside` adds to a layer: nothing where it adds none.

    Known without installing what they are of.
    """
    item = resolved[layer_id]
    if not chooses_services(item) or item.request.code.is_all:
        return []
    layers = {one: other.request.layer for one, other in resolved.items()}
    others = (resolved[one] for one in _others(item, resolved, layers, stacks))
    return [f"{sorted(other.request.layer.build)} {other.own.text}" for other in others]


def chooses_services(item: Resolved) -> bool:
    """Tell a layer that holds the data of services, and is to choose among it."""
    holds = {"boto3", "botocore"} & item.own.versions.keys()
    return item.request.layer.sdk.policy is SdkPolicy.AUTO and bool(holds)


def _others(
    item: Resolved,
    resolved: Mapping[str, Resolved],
    layers: Mapping[str, Layer],
    stacks: Sequence[Stack],
) -> list[str]:
    """List the layers that it is loaded with and that hold distributions, by id."""
    mine = item.request.layer
    companies = companies_of(mine, layers, stacks)
    ids = dict.fromkeys(layer.id for company in companies for layer in company.layers)
    return [one for one in ids if one != mine.id and one in resolved and resolved[one].own.pins]


def _remembered(
    item: Resolved, installer: Installer, scratch: Scratch, notes: SignedNotes
) -> ServiceNeeds:
    """Take what an earlier run found in the same versions, or find it."""
    layer = item.request.layer
    versions = "\n".join((code_digest(), *sorted(layer.build), item.own.text))
    key = sha256(versions.encode()).hexdigest()
    of_key, _, text = notes.find(layer.id).partition("\n")
    if of_key == key:
        with suppress(ValidationError):
            return _notes().validate_json(text)
    needs = _read(item, installer, scratch)
    notes.keep(layer.id, f"{key}\n{_notes().dump_json(needs).decode()}")
    return needs


def _read(item: Resolved, installer: Installer, scratch: Scratch) -> ServiceNeeds:
    request = item.request
    layer = request.layer
    with scratch.folder() as folder:
        tree = Tree.below(folder)
        try:
            installer.install(item.own, request.requirements, layer.target, tree.root, layer.build)
            installation = tree.installation(layer.target.runtime)
        except InstallError as error:
            raise error.about(layer.key, layer.place) from error
        found = services_of_tree(installation.files, installation.owners, tree.read)
    whose = f"of layer {layer.key}"
    return ServiceNeeds(
        uses=tuple(replace(use, place=f"{use.place} {whose}") for use in found.uses),
        unreadable=tuple(replace(one, place=f"{one.place} {whose}") for one in found.unreadable),
    )
