"""Reads `serverless.yml`, with the options of serverless-python-requirements.

https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml and
https://github.com/serverless/serverless-python-requirements#readme.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping

from layer_builder.deployments.found import Description, FoundFunction, FoundLayer, python_of
from layer_builder.deployments.repository import Hint, Repository, folder_of, joined, printable
from layer_builder.manifest import Document, YamlPath, YamlValue, parse_yaml

_SDK = frozenset({"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3"})
_REMARKS = {
    "dockerizePip": "dockerizePip is not needed: wheels are chosen for the runtime's platform",
    "dockerImage": "dockerImage is not needed; build: takes what has no wheel",
    "zip": "zip: true is not needed: nothing is unpacked at the cold start",
}
"""What an option becomes that has no key."""


def read_serverless(repository: Repository) -> Iterator[Description]:
    """Read each `serverless.yml`."""
    for name in repository.named(r"serverless\.ya?ml"):
        document = parse_yaml(repository.texts[name], name, tags=True)
        if isinstance(document.value, dict):
            yield _Service(repository, document, document.value).read()
        else:
            yield Description(remarks=(f"{printable(name)}: it could not be read as YAML",))


class _Service:
    def __init__(
        self, repository: Repository, document: Document, root: Mapping[str, YamlValue]
    ) -> None:
        self.repository, self.document, self.root = repository, document, root
        self.folder = folder_of(document.file)
        self.provider = _mapping(root.get("provider"))
        self.options = _mapping(_mapping(root.get("custom")).get("pythonRequirements"))
        self.remarks: list[str] = []
        around = posixpath.basename(self.folder)
        self.own = "deps" if around == "." else f"{around}-deps"
        """What the layer of the plugin is called."""

    def read(self) -> Description:
        layers = tuple(self._layers())
        functions = tuple(self._functions([layer.name for layer in layers]))
        service = self.root.get("service")
        return Description(
            functions=functions,
            layers=layers,
            service=service if isinstance(service, str) else "",
            remarks=tuple(self.remarks),
        )

    def _layers(self) -> Iterator[FoundLayer]:
        plugins = str(self.root.get("plugins"))
        if "serverless-python-requirements" in plugins or self.options:
            named = _text(_mapping(self.options.get("layer")).get("name"))
            yield FoundLayer(
                name=self.own,
                hint=self._hint(("custom", "pythonRequirements"), "pythonRequirements"),
                folder=self.folder,
                files=tuple(self._files()),
                on_aws=named,
                settings=self._settings(),
                remarks=tuple(self._layer_remarks()),
            )
        for name, entry in _mapping(self.root.get("layers")).items():
            path = _text(_mapping(entry).get("path"))
            yield FoundLayer(
                name=name,
                hint=self._hint(("layers", name), f"layer {name}"),
                folder=joined(self.folder, path) if path else None,
                on_aws=_text(_mapping(entry).get("name")),
            )

    def _files(self) -> Iterator[str]:
        """Name the requirements file, where it is not the one that would be looked for."""
        path = _text(self.options.get("fileName"))
        found = joined(self.folder, path) if path else None
        if found and self.repository.holds(found):
            yield found

    def _settings(self) -> dict[str, object]:
        found: dict[str, object] = {}
        if self._is_on("strip"):
            found["strip"] = True
        patterns = self.options.get("slimPatterns")
        if self._is_on("slim") and isinstance(patterns, list):
            drops = [one for one in patterns if isinstance(one, str) and one.isprintable()]
            # What begins with ! keeps: globs of the plugin, patterns of gitignore here.
            found["drop"] = [one for one in drops if one and not one.startswith(("!", "#"))]
        if self._left_out() & _SDK:
            found["sdk"] = "auto"
        return {key: value for key, value in found.items() if value != []}

    def _layer_remarks(self) -> Iterator[str]:
        if self._is_on("slim"):
            yield "slim: prune: safe does it, and is the default"
        if self._left_out() & _SDK:
            yield (
                "noDeploy has the SDK: sdk: runtime leaves it to Lambda, if nothing else needs"
                " python-dateutil or urllib3"
            )
        if others := sorted(self._left_out() - _SDK):
            yield f"noDeploy: take {', '.join(map(printable, others[:5]))} out of the requirements"
        for key, words in _REMARKS.items():
            if self.options.get(key):
                yield words

    def _left_out(self) -> set[str]:
        named = self.options.get("noDeploy")
        return {one for one in named if isinstance(one, str)} if isinstance(named, list) else set()

    def _functions(self, layers: list[str]) -> Iterator[FoundFunction]:
        for name, value in _mapping(self.root.get("functions")).items():
            entry = _mapping(value)
            hint = self._hint(("functions", name), f"function {name}")
            runtime = _text(entry.get("runtime")) or _text(self.provider.get("runtime"))
            handler = _text(entry.get("handler"))
            if (runtime and not python_of(runtime)) or not handler:
                self.remarks.append(f"{hint}: left out ({printable(runtime or 'no handler')})")
                continue
            module = _text(entry.get("module"))
            named = entry.get("layers", self.provider.get("layers"))
            refs = {re.sub(r"LambdaLayer$", "", one) for one in _refs(named)}
            yield FoundFunction(
                name=name,
                hint=hint,
                handler=handler,
                folder=joined(self.folder, module) if module else self.folder,
                whole=bool(module),
                python=python_of(runtime),
                architecture=_architecture(entry, self.provider),
                layers=tuple(
                    layer
                    for layer in layers
                    if (layer == self.own and not module)
                    or layer.lower() in {one.lower() for one in refs}
                ),
                function_name=_text(entry.get("name")),
                environment=_environment(self.provider, entry),
            )

    def _is_on(self, option: str) -> bool:
        return self.options.get(option) in {True, "true"}

    def _hint(self, at: YamlPath, words: str) -> Hint:
        return Hint(place=self.document.place(at, of_key=True), words=words)


def _environment(*entries: Mapping[str, YamlValue]) -> dict[str, str | None]:
    return {
        key: _text(value) or None
        for entry in entries
        for key, value in _mapping(entry.get("environment")).items()
    }


def _architecture(*entries: Mapping[str, YamlValue]) -> str:
    found = (_text(entry.get("architecture")) for entry in entries)
    return next((one for one in found if one in {"x86_64", "arm64"}), "")


def _refs(value: YamlValue) -> list[str]:
    entries = value if isinstance(value, list) else []
    named = (_mapping(entry).get("Ref") for entry in entries)
    return [one for one in named if isinstance(one, str)]


def _text(value: YamlValue) -> str:
    """Give what is written out; nothing for what variables of Serverless stand in."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return "" if "${" in str(value) else str(value)


def _mapping(value: YamlValue) -> Mapping[str, YamlValue]:
    return value if isinstance(value, dict) else {}
