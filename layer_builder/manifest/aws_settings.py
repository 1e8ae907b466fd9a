"""The manifest's settings for AWS: names, and permissions, retention, parameter and S3 after the build."""

import re
import string
from collections.abc import Collection, Sequence

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest.document import YamlPath
from layer_builder.manifest.entries import PermissionsEntry, RetainEntry, S3Entry
from layer_builder.manifest.schema import FunctionEntry, LayerEntry, ManifestFile
from layer_builder.manifest.validation import Mistakes
from layer_builder.model import (
    CONTENT_FIELD,
    LAYER_NAME_PATTERN,
    VERSION_FIELD,
    Delivery,
    Layer,
    Permissions,
    Retention,
    S3Mode,
    Serving,
    Target,
)

_PARAMETER = re.compile(r"/(?!aws/|ssm/)[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}", re.IGNORECASE)
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""


# FunctionName of https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html:
# a name, a partial ARN or a whole one, each with a qualifier behind it or without.
_FUNCTION_NAME = re.compile(
    r"(?P<whole>(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:|(?:\d{12}:)?function:"
    r"|\d{12}:)?[a-zA-Z0-9_-]{1,140})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)


@dataclass(frozen=True, kw_only=True)
class _Template:
    """A name on AWS as the manifest writes it, with places for what tells layers apart."""

    setting: str
    """The key that it is the value of."""
    text: str
    path: YamlPath
    later: tuple[str, ...] = ()
    """Fields that are left to be filled in when there is a version."""

    def fill(self, key: str, target: Target, mistakes: Mistakes) -> str:
        """Fill it in for a layer and a target; empty when that cannot be done."""
        fields = {
            "layer": key,
            "python": target.python.replace(".", ""),
            "architecture": str(target.architecture),
            **{field.strip("{}"): field for field in self.later},
        }
        if not _is_filled_by(self.text, fields):
            *others, last = (f"{{{name}}}" for name in fields)
            mistakes.add(
                f"{self.setting} {self.text!r}: only {', '.join(others)} and {last} are filled in",
                self.path,
            )
            return ""
        return self.text.format(**fields)


def _is_filled_by(template: str, fields: Collection[str]) -> bool:
    """Tell whether a template has these fields only, plain: no lone brace, no format, no `!r`."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError:
        return False
    return all(
        name is None or (name in fields and not spec and not conversion)
        for _, name, spec, conversion in parts
    )


def layer_name(template: str, key: str, target: Target, path: YamlPath, mistakes: Mistakes) -> str:
    """Name a layer on AWS for a target; `path` is where the template stands."""
    name = _Template(setting="name", text=template, path=path).fill(key, target, mistakes) or key
    if name != key and not re.fullmatch(LAYER_NAME_PATTERN, name):
        mistakes.add(
            f"AWS refuses the layer name {name!r}: it takes 1 to 140 letters, digits, - and _",
            path,
            layer=key,
        )
    return name


def check_names(layers: Sequence[Layer], mistakes: Mistakes) -> None:
    """Note layers that would share a name on AWS."""
    first: dict[str, Layer] = {}
    for layer in layers:
        other = first.setdefault(layer.name, layer)
        if other.key != layer.key:
            mistakes.add(
                f"has the name {layer.name!r} on AWS, and so has layer {other.key}",
                ("layers", layer.key),
                of_key=True,
                layer=layer.key,
                advice="give one of them a name: of its own, or put {layer} into the name",
            )


def read_delivery(
    key: str, entry: LayerEntry, model: ManifestFile, target: Target, mistakes: Mistakes
) -> Delivery:
    """Read what is to become of a layer's versions; the layer's own settings come first."""
    at: YamlPath = ("layers", key)
    permissions = entry.permissions or model.permissions
    if permissions:
        _check_permissions(permissions, key, entry, mistakes)
    retain = entry.retain or model.retain
    s3 = entry.s3 or model.s3 or S3Entry()
    if s3.mode is S3Mode.REFERENCE and s3.remove:
        mistakes.add(
            "s3: with mode: reference Lambda keeps reading the object; it cannot be removed",
            (*at, "s3") if entry.s3 else ("s3",),
            layer=key if entry.s3 else None,
        )
    return Delivery(
        permissions=read_permissions(permissions),
        retention=_retention(retain) if retain else None,
        parameters=_parameters(key, entry, model, target, mistakes),
        mode=s3.mode or S3Mode.COPY,
        removes_object=bool(s3.remove),
    )


def _retention(entry: RetainEntry) -> Retention:
    return Retention(versions=entry.versions, days=entry.days, shared_days=entry.shared_days or 0)


def check_parameters(layers: Sequence[Layer], mistakes: Mistakes) -> None:
    """Note layers that would write one SSM parameter."""
    first: dict[str, Layer] = {}
    for layer in layers:
        for name in layer.delivery.parameters:
            other = first.setdefault(name, layer)
            if other.name != layer.name:
                mistakes.add(
                    f"writes the SSM parameter {name}, and so does {other.title}, which is another"
                    " layer on AWS",
                    ("layers", layer.key),
                    of_key=True,
                    layer=layer.key,
                    advice="put {layer}, and {python} or {architecture} if it has several, into ssm:",
                )


def _check_permissions(
    entry: PermissionsEntry, key: str, own: LayerEntry, mistakes: Mistakes
) -> None:
    if entry.public and (entry.accounts or entry.organization):
        mistakes.add(
            "permissions: public: true lets everybody in; accounts and organization say otherwise",
            ("layers", key, "permissions") if own.permissions else ("permissions",),
            layer=key if own.permissions else None,
            advice="keep one of them",
        )


def read_permissions(entry: PermissionsEntry | None) -> Permissions | None:
    """Read who besides the own account may use versions; None where nothing is said of it."""
    if entry is None:
        return None
    return Permissions(
        accounts=tuple(dict.fromkeys(entry.accounts or ())),
        organization=entry.organization or "",
        public=bool(entry.public),
    )


def _parameters(
    key: str, entry: LayerEntry, model: ManifestFile, target: Target, mistakes: Mistakes
) -> tuple[str, ...]:
    at: YamlPath = ("layers", key, "ssm") if entry.ssm else ("ssm",)
    names = []
    for index, text in enumerate(entry.ssm or model.ssm or ()):
        path = mistakes.document.known((*at, index))
        later = (VERSION_FIELD, CONTENT_FIELD)
        name = _Template(setting="ssm", text=text, path=path, later=later).fill(
            key, target, mistakes
        )
        sample = name.replace(VERSION_FIELD, "1").replace(CONTENT_FIELD, "0" * 22)
        if name and not _PARAMETER.fullmatch(sample):
            mistakes.add(
                f"ssm: AWS refuses the parameter name {name!r}",
                path,
                advice="it begins with / (not /aws or /ssm), and is made of letters, digits, . - _ and /",
            )
        names.append(name)
    return tuple(dict.fromkeys(filter(None, names)))


def check_function_name(key: str, entry: FunctionEntry, mistakes: Mistakes) -> None:
    """Note a name that AWS takes for no function, or that names a version or an alias of one."""
    if entry.function_name is None:
        return
    at: YamlPath = ("functions", key, "function-name")
    found = _FUNCTION_NAME.fullmatch(entry.function_name)
    if found is None:
        message = f"function {key}: AWS takes no function name {entry.function_name!r}"
        mistakes.add(message, at, advice="it is made of letters, digits, - and _; or it is an ARN")
    elif qualifier := found["qualifier"]:
        name = found["whole"]
        is_alias = not qualifier.isdigit() and qualifier != "$LATEST"
        mistakes.add(
            f"function {key}: function-name {entry.function_name} names"
            f" {'the alias' if is_alias else 'the version'} {qualifier}; layers can be set on the"
            " function alone: a published version never changes, and an alias leads to one",
            at,
            advice=f"function-name: {name}" + (f", and alias: {qualifier}" if is_alias else ""),
        )


def read_serving(key: str, entry: FunctionEntry, mistakes: Mistakes) -> Serving:
    """Read whether a version is published, and where the alias goes."""
    path: YamlPath = ("functions", key)
    wanted = {"publish-version": entry.publish_version, "alias": entry.alias}
    if entry.function_name is None:
        for name in [name for name, value in wanted.items() if value]:
            mistakes.add(
                f"function {key}: {name} needs a function-name", (*path, name),
                advice="attach does it, and needs to know what the function is called on AWS",
            )  # fmt: skip
    if entry.alias and entry.publish_version is False:
        mistakes.add(
            f"function {key}: alias: {entry.alias} moves to a version that is published, and"
            " publish-version: false says that none is",
            (*path, "publish-version"),
            advice="take one of them out",
        )
    if entry.weight is not None and not entry.alias:
        mistakes.add(
            f"function {key}: weight: is a share of an alias's calls, and no alias is named",
            (*path, "weight"),
            advice="alias: names it",
        )
    is_part = entry.weight is not None and entry.weight < 1
    return Serving(
        publishes=bool(entry.publish_version or entry.alias),
        alias=entry.alias or "",
        weight=entry.weight if is_part else None,
    )
