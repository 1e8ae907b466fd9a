"""The manifest's settings for after the build: permissions, retention, parameter, S3."""

import re
from collections.abc import Sequence

from layer_builder.manifest import names
from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.schema import LayerEntry, ManifestFile, PermissionsEntry, S3Entry
from layer_builder.manifest.validation import Mistakes
from layer_builder.model.layer import Layer
from layer_builder.model.settings import Delivery, Permissions, Retention, S3Mode
from layer_builder.model.target import Target

_PARAMETER = re.compile(r"/(?!aws/|ssm/)[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}", re.IGNORECASE)
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""


def read_delivery(
    key: str, entry: LayerEntry, model: ManifestFile, target: Target, mistakes: Mistakes
) -> Delivery:
    """Read what is to become of a layer's versions; the layer's own settings come first."""
    at: YamlPath = ("layers", key)
    permissions = entry.permissions or model.permissions
    retain = entry.retain or model.retain
    s3 = entry.s3 or model.s3 or S3Entry()
    if s3.mode is S3Mode.REFERENCE and s3.remove:
        mistakes.add(
            "s3: with mode: reference Lambda keeps reading the object; it cannot be removed",
            (*at, "s3") if entry.s3 else ("s3",),
            layer=key if entry.s3 else None,
        )
    return Delivery(
        permissions=_permissions(permissions, key, entry, mistakes) if permissions else None,
        retention=Retention(versions=retain.versions, days=retain.days) if retain else None,
        parameter=_parameter(key, entry, model, target, mistakes),
        mode=s3.mode or S3Mode.COPY,
        removes_object=bool(s3.remove),
    )


def check_parameters(layers: Sequence[Layer], mistakes: Mistakes) -> None:
    """Note layers that would write one SSM parameter."""
    first: dict[str, Layer] = {}
    for layer in layers:
        other = first.setdefault(layer.delivery.parameter, layer)
        if layer.delivery.parameter and other.name != layer.name:
            mistakes.add(
                f"writes the SSM parameter {layer.delivery.parameter}, and so does"
                f" {other.title}, which is another layer on AWS",
                ("layers", layer.key),
                of_key=True,
                layer=layer.key,
                advice="put {layer}, and {python} or {architecture} if it has several, into ssm:",
            )


def _permissions(
    entry: PermissionsEntry, key: str, own: LayerEntry, mistakes: Mistakes
) -> Permissions:
    if entry.public and (entry.accounts or entry.organization):
        mistakes.add(
            "permissions: public: true lets everybody in; accounts and organization say otherwise",
            ("layers", key, "permissions") if own.permissions else ("permissions",),
            layer=key if own.permissions else None,
            advice="keep one of them",
        )
    return Permissions(
        accounts=tuple(dict.fromkeys(entry.accounts or ())),
        organization=entry.organization or "",
        public=bool(entry.public),
    )


def _parameter(
    key: str, entry: LayerEntry, model: ManifestFile, target: Target, mistakes: Mistakes
) -> str:
    template = entry.ssm or model.ssm
    if not template:
        return ""
    path: YamlPath = ("layers", key, "ssm") if entry.ssm else ("ssm",)
    name = names.fill_template("ssm", template, key, target, path, mistakes)
    if name and not _PARAMETER.fullmatch(name):
        mistakes.add(
            f"ssm: AWS refuses the parameter name {name!r}",
            path,
            advice="it begins with / (not /aws or /ssm), and is made of letters, digits, . - _ and /",
        )
    return name
