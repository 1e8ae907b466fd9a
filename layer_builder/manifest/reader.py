"""The manifest: text in, layers and stacks out, or every mistake at once with its place."""

import re
from collections.abc import Sequence
from dataclasses import replace

from pydantic import ValidationError

from layer_builder.errors import ManifestError, Place, Problem, did_you_mean
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest import aws_settings, functions
from layer_builder.manifest.layers import LayersReader
from layer_builder.manifest.salvage import salvage_model
from layer_builder.manifest.schema import ManifestFile
from layer_builder.manifest.validation import (
    Locate,
    Mistakes,
    by_place,
    locate_below,
    validation_problems,
)
from layer_builder.manifest.yaml_reader import parse_yaml
from layer_builder.model import (
    OSV,
    Architecture,
    AuditPolicy,
    Layer,
    Permissions,
    Python,
    Reference,
    Stack,
    required_layers,
    tied_layers,
)

_ADDRESS = re.compile(r"https?://[^\s@]+")


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
    regions_place: Place | None = None
    account: str = ""
    """The AWS account that this may be published to; empty where the manifest does not say it."""
    account_place: Place | None = None
    owner: str = ""
    """Whose the layer versions are; empty where the manifest does not say it."""
    permissions: Permissions | None = None
    """At the top: for layers that have none of their own. None where it says nothing."""
    audit: AuditPolicy | None = None
    """None where nobody is to be asked for known vulnerabilities."""

    def select(
        self,
        keys: Sequence[str],
        pythons: Sequence[Python] = (),
        architectures: Sequence[Architecture] = (),
    ) -> "Manifest":
        """Keep the layers with these keys and those below them, for these targets.

        Of the stacks those stay that have no other layers. No keys mean all, and so do no targets.
        Raises ManifestError for a key that is not in the manifest, and where no layer is left.
        """
        if not (keys or pythons or architectures):
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
        wanted = {name for key in keys or known for name in (key, *required_layers(key, requires))}
        layers = [layer for layer in self.layers if layer.key in wanted]
        chosen = {
            layer.id
            for layer in layers
            if (not pythons or layer.target.python in pythons)
            and (not architectures or layer.target.architecture in architectures)
        }
        if not chosen:
            raise self._no_target(layers, pythons, architectures)
        group = tied_layers(self.layers, self.stacks)
        related = frozenset[str]().union(*(group[layer_id] for layer_id in chosen)) - chosen
        return replace(
            self,
            relatives=tuple(layer for layer in self.layers if layer.id in related),
            layers=tuple(layer for layer in layers if layer.id in chosen),
            stacks=tuple(
                loading
                for loading in self.stacks
                if {layer.id for layer in loading.layers} <= chosen
            ),
        )

    def refuse_parts_of_versions(self, whole: "Manifest") -> None:
        """Raise ManifestError where one layer version serves targets that `whole` has and this not."""
        ids = {layer.id for layer in self.layers}
        left_out = {layer.name: layer for layer in whole.layers if layer.id not in ids}
        problems = [
            Problem(
                message=f"{left_out[layer.name].target.label} has the same name on AWS,"
                f" {layer.name!r}, and is left out: the next version would no longer serve it",
                layer=layer.key,
                place=layer.place,
                advice=(
                    "publish all targets of a name at once: say neither python nor architecture",
                ),
            )
            for layer in self.layers
            if layer.name in left_out
        ]
        if problems:
            raise ManifestError(*problems)

    def _no_target(
        self,
        layers: Sequence[Layer],
        pythons: Sequence[Python],
        architectures: Sequence[Architecture],
    ) -> ManifestError:
        labels = dict.fromkeys(layer.target.label for layer in layers)
        asked = [" or ".join(found) for found in (pythons, architectures) if found]
        return ManifestError.because(
            f"no layer is built for {' on '.join(asked)}",
            place=Place(file=self.file),
            advice=(f"the layers are for {', '.join(labels)}",),
        )


def read_manifest(
    text: str, file: str, *, through_s3: bool = False, locate: Locate = locate_below
) -> Manifest:
    """Read the text of a manifest; `file` is its name for messages.

    `through_s3` says that zips may go through S3: then AWS has no limit for them. `locate` says which
    paths may be followed.

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
        mistakes = Mistakes(document, validation_problems(error, document), locate)
        rest = salvage_model(document.value, error)
        if rest:
            _manifest(rest, mistakes, through_s3=through_s3)
        raise mistakes.error() from None
    mistakes = Mistakes(document, locate=locate)
    manifest = _manifest(model, mistakes, through_s3=through_s3)
    if len(mistakes):
        raise mistakes.error()
    return manifest


def list_requirements_files(
    text: str, file: str, locate: Locate = locate_below
) -> tuple[Reference, ...]:
    """List the requirements files that a manifest names, even one with mistakes elsewhere."""
    document = parse_yaml(text, file)
    layers = document.value.get("layers") if isinstance(document.value, dict) else None
    references = []
    for key, entry in layers.items() if isinstance(layers, dict) else ():
        named = entry.get("requirements") if isinstance(entry, dict) else None
        for index, path in enumerate(named if isinstance(named, list) else [named]):
            found = locate(path) if isinstance(path, str) else None
            if isinstance(found, str):
                at = document.known(("layers", key, "requirements", index))
                references.append(Reference(text=found, place=document.place(at)))
    return tuple(references)


def _manifest(model: ManifestFile, mistakes: Mistakes, *, through_s3: bool) -> Manifest:
    """Turn the validated model into layers and stacks; what is wrong is added to the mistakes."""
    reader = LayersReader(model=model, mistakes=mistakes, through_s3=through_s3)
    layers = [layer for key, entry in model.layers.items() for layer in reader.read(key, entry)]
    aws_settings.check_names(layers, mistakes)
    aws_settings.check_parameters(layers, mistakes)
    functions.check_requires(model.layers, layers, mistakes)
    entries = model.functions or {}
    stacks = tuple(
        stack
        for key, entry in entries.items()
        if (stack := functions.read_function(key, entry, layers, mistakes))
    )
    return Manifest(
        file=mistakes.document.file,
        layers=tuple(layers),
        audit=_audit(model, mistakes),
        stacks=stacks,
        ties=stacks,
        regions=tuple(dict.fromkeys(model.regions or ())),
        regions_place=mistakes.document.place(("regions",)) if model.regions else None,
        account=model.account or "",
        account_place=mistakes.document.place(("account",)) if model.account else None,
        owner=model.owner or "",
        permissions=aws_settings.read_permissions(model.permissions),
    )


def _audit(model: ManifestFile, mistakes: Mistakes) -> AuditPolicy | None:
    audit = model.audit
    if audit is None:
        return None
    database, at = audit.database or OSV, ("audit", "database")
    is_file = "://" not in database
    if is_file:
        database = mistakes.path(database, at, of="audit: ") or database
    elif not _ADDRESS.fullmatch(database):
        mistakes.add(
            "audit: database is an address of http or https without a login, or a file of the workspace",
            at,
        )
    return AuditPolicy(
        fails=audit.level == "fail",
        ignore=frozenset(audit.ignore or ()),
        database=database,
        is_file=is_file,
        place=mistakes.document.place(("audit",), of_key=True),
    )
