"""Reads templates of SAM and CloudFormation.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
"""

from collections.abc import Iterator, Mapping

from layer_builder.deployments.found import (
    Description,
    FoundFunction,
    FoundLayer,
    other_runtimes,
    python_of,
)
from layer_builder.deployments.repository import Hint, Repository, folder_of, joined, printable
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest import Document, YamlPath, YamlValue, parse_yaml

_FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
_LAYERS = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")


def read_templates(repository: Repository) -> Iterator[Description]:
    """Read each template that has functions or layers."""
    for name in repository.named(r".*template.*\.ya?ml|sam\.ya?ml"):
        if "AWS::" in repository.texts[name]:
            document = parse_yaml(repository.texts[name], name, tags=True)
            if not isinstance(document.value, dict):
                why = document.problems[0] if document.problems else None
                told = str(why.place) + f": {why.message}" if why else f"{name}: no template"
                yield Description(remarks=(printable(told),))
                continue
            yield _SamTemplate(document).read()


@dataclass(frozen=True, kw_only=True)
class _Resource:
    name: str
    properties: Mapping[str, YamlValue]
    common: Mapping[str, YamlValue]
    """What `Globals` says."""
    at: YamlPath

    def get(self, key: str) -> YamlValue:
        return self.properties.get(key, self.common.get(key))


class _SamTemplate:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.root = _mapping(document.value)
        self.folder = folder_of(document.file)
        self.remarks: list[str] = []

    def read(self) -> Description:
        functions = [self._function(one) for one in self._of(_FUNCTIONS, "Function")]
        layers = [self._layer(one) for one in self._of(_LAYERS, "LayerVersion")]
        return Description(
            functions=tuple(one for one in functions if one),
            layers=tuple(one for one in layers if one),
            remarks=tuple(self.remarks),
        )

    def _of(self, types: tuple[str, ...], common: str) -> Iterator[_Resource]:
        for name, resource in _mapping(self.root.get("Resources")).items():
            entry = _mapping(resource)
            if entry.get("Type") in types:
                yield _Resource(
                    name=name,
                    properties=_mapping(entry.get("Properties")),
                    common=_mapping(_mapping(self.root.get("Globals")).get(common)),
                    at=("Resources", name),
                )

    def _function(self, one: _Resource) -> FoundFunction | None:
        hint = self._hint(one, f"function {one.name}")
        runtime, handler = self._text(one.get("Runtime")), self._text(one.get("Handler"))
        python = python_of(runtime)
        if (runtime and not python) or not handler or one.get("InlineCode") is not None:
            why = runtime if runtime and not python else "no handler in files of the repository"
            self.remarks.append(f"{hint}: left out ({printable(why)})")
            return None
        variables = _mapping(one.common.get("Environment")).get("Variables")
        own = _mapping(one.properties.get("Environment")).get("Variables")
        layers = [*_list(one.common.get("Layers")), *_list(one.properties.get("Layers"))]
        named = [_mapping(layer).get("Ref") for layer in layers]
        others = sum(1 for layer in named if not isinstance(layer, str))
        return FoundFunction(
            name=one.name,
            hint=hint,
            handler=handler,
            folder=self._folder(one.get("CodeUri") or one.get("Code")),
            python=python,
            architecture=self._architecture(one.get("Architectures")),
            layers=tuple(dict.fromkeys(layer for layer in named if isinstance(layer, str))),
            function_name=self._text(one.get("FunctionName")),
            environment={
                key: self._text(value) or None
                for key, value in {**_mapping(variables), **_mapping(own)}.items()
            },
            remarks=(
                (f"{others} of its layers are not of this template; external: takes their ARNs",)
                if others
                else ()
            ),
        )

    def _layer(self, one: _Resource) -> FoundLayer | None:
        hint = self._hint(one, f"layer {one.name}")
        runtimes = [self._text(each) for each in _list(one.get("CompatibleRuntimes"))]
        if others := other_runtimes(runtimes):
            self.remarks.append(f"{hint}: left out ({printable(others)})")
            return None
        method = _mapping(_mapping(_mapping(self.root["Resources"])[one.name]).get("Metadata"))
        is_made = self._text(method.get("BuildMethod")) == "makefile"
        return FoundLayer(
            name=one.name,
            hint=hint,
            folder=self._folder(one.get("ContentUri") or one.get("Content")),
            python=next(filter(None, map(python_of, runtimes)), ""),
            architecture=self._architecture(one.get("CompatibleArchitectures")),
            on_aws=self._text(one.get("LayerName")),
            remarks=("a Makefile makes it: what that adds is not here",) if is_made else (),
        )

    def _hint(self, one: _Resource, words: str) -> Hint:
        place = self.document.place(one.at, of_key=True)
        return Hint(place=place, words=words)

    def _folder(self, value: YamlValue) -> str | None:
        path = self._text(value)
        if not path:
            # SAM takes the template's folder: sam-resource-function.html#sam-function-codeuri
            return self.folder if value is None else None
        return None if path.startswith("s3://") else joined(self.folder, path)

    def _architecture(self, value: YamlValue) -> str:
        found = {self._text(one) for one in _list(value)} & {"x86_64", "arm64"}
        return found.pop() if len(found) == 1 else ""

    def _text(self, value: YamlValue) -> str:
        """Give a text that is written out, or the default of the parameter that is named."""
        named = _mapping(value).get("Ref")
        if isinstance(named, str):
            value = _mapping(_mapping(self.root.get("Parameters")).get(named)).get("Default")
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, str | int | float) else ""


def _mapping(value: YamlValue) -> Mapping[str, YamlValue]:
    return value if isinstance(value, dict) else {}


def _list(value: YamlValue) -> list[YamlValue]:
    return value if isinstance(value, list) else []
