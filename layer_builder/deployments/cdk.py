"""Reads CDK apps in Python, as far as their text tells: literals, and names that are assigned to once.

https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk.aws_lambda.html and
…/python/aws_cdk.aws_lambda_python_alpha.html.
"""

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping

from layer_builder.deployments.found import Description, FoundFunction, FoundLayer
from layer_builder.deployments.python_code import parse_python, written
from layer_builder.deployments.repository import Hint, Repository, folder_of, joined, printable

_LAYERS = frozenset({"PythonLayerVersion", "LayerVersion"})
_FUNCTIONS = frozenset({"Function", "PythonFunction", "DockerImageFunction"})


def read_cdk(repository: Repository) -> Iterator[Description]:
    """Read the apps of each `cdk.json`."""
    for name in repository.named(r"cdk\.json"):
        folder = folder_of(name)
        sources = [path for path in repository.below(folder, ".py") if path in repository.texts]
        apps = [path for path in sources if "aws_cdk" in repository.texts[path]]
        if not apps:
            yield Description(
                remarks=(f"{printable(name)}: no app in Python; others are not read",)
            )
            continue
        files = [path for path in repository.below(folder) if re.search(r"requirements", path)]
        tooling = tuple(path for path in files if "aws-cdk" in repository.texts.get(path, ""))
        found = [_App(path, repository.texts[path], folder).read() for path in apps]
        yield Description(
            functions=tuple(one for app in found for one in app.functions),
            layers=tuple(one for app in found for one in app.layers),
            remarks=tuple(one for app in found for one in app.remarks),
            tooling=(*tooling, *_projects(repository, folder)),
        )


def _projects(repository: Repository, folder: str) -> Iterator[str]:
    for name in ("pyproject.toml", "Pipfile"):
        path = posixpath.normpath(posixpath.join(folder, name))
        if "aws-cdk" in repository.texts.get(path, ""):
            yield path


class _App:
    def __init__(self, file: str, text: str, folder: str) -> None:
        self.file, self.folder = file, folder
        self.tree = parse_python(text)
        self.remarks: list[str] = []
        self.assigned: dict[str, ast.expr] = {}
        self.added: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self.assigned[_name(node.targets[0])] = node.value
            elif isinstance(node, ast.Call) and _last(node.func) == "add_layers":
                owner = _name(node.func).rpartition(".")[0]
                self.added.setdefault(owner, []).extend(node.args)

    def read(self) -> Description:
        layers, functions = [], []
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            kind, given = _last(node.func), _keywords(node)
            if kind in _LAYERS and ({"entry", "code"} & given.keys()):
                layers.append(self._layer(node, given))
            elif kind in _FUNCTIONS and (function := self._function(node, kind, given)):
                functions.append(function)
        return Description(
            functions=tuple(functions), layers=tuple(layers), remarks=tuple(self.remarks)
        )

    def _layer(self, node: ast.Call, given: Mapping[str, ast.expr]) -> FoundLayer:
        name = self._id(node) or "layer"
        return FoundLayer(
            name=name,
            hint=self._hint(node, f"{_last(node.func)} {name}"),
            folder=self._folder(given.get("entry") or given.get("code")),
            python=self._python(given.get("compatible_runtimes")),
            architecture=self._architecture(given.get("compatible_architectures")),
            on_aws=self._text(given.get("layer_version_name")),
        )

    def _function(
        self, node: ast.Call, kind: str, given: Mapping[str, ast.expr]
    ) -> FoundFunction | None:
        name = self._id(node) or "function"
        hint = self._hint(node, f"{kind} {name}")
        handler, folder = self._text(given.get("handler")), self._folder(given.get("code"))
        runtime = written(given["runtime"]) if "runtime" in given else ""
        if kind == "PythonFunction":
            module = self._text(given.get("index")).removesuffix(".py") or "index"
            handler, folder = f"{module}.{handler or 'handler'}", self._folder(given.get("entry"))
        elif kind != "Function" or not handler or not self._python(given.get("runtime")):
            if kind == "DockerImageFunction" or "runtime" in given:
                self.remarks.append(f"{hint}: left out ({printable(runtime or 'an image')})")
            return None
        return FoundFunction(
            name=name,
            hint=hint,
            handler=handler,
            folder=folder,
            python=self._python(given.get("runtime")),
            architecture=self._architecture(given.get("architecture")),
            layers=tuple(self._layers(node, given.get("layers"))),
            function_name=self._text(given.get("function_name")),
            environment=self._environment(given.get("environment")),
        )

    def _layers(self, node: ast.Call, value: ast.expr | None) -> Iterator[str]:
        named = [*(value.elts if isinstance(value, ast.List) else ())]
        for name, one in self.assigned.items():
            named += self.added.get(name, []) if one is node else []
        for one in named:
            made = self.assigned.get(_name(one), one)
            if isinstance(made, ast.Call) and _last(made.func) in _LAYERS:
                yield self._id(made) or "layer"

    def _id(self, node: ast.Call) -> str:
        """Give the construct's id: the second argument, or one of that name."""
        given = _keywords(node)
        found = [*node.args[1:2], *(given[key] for key in ("id", "construct_id") if key in given)]
        return self._text(found[0]) if found else ""

    def _environment(self, value: ast.expr | None) -> dict[str, str | None]:
        if not isinstance(value, ast.Dict):
            return {}
        pairs = zip(value.keys, value.values, strict=True)
        return {key: self._text(one) or None for k, one in pairs if (key := self._text(k))}

    def _folder(self, value: ast.expr | None) -> str | None:
        """Find the folder in `"x"`, `Code.from_asset("x")`; from where cdk.json lies."""
        if isinstance(value, ast.Call) and _last(value.func) in {"from_asset", "asset"}:
            value = value.args[0] if value.args else None
        base, parts = self.folder, [value]
        if isinstance(value, ast.Call) and _last(value.func) == "join":
            parts = [*value.args]
            if parts and parts[0] is not None and "__file__" in written(parts[0]):
                base, parts = folder_of(self.file), parts[1:]
        texts = [self._text(part) for part in parts]
        return joined(base, posixpath.join(*texts)) if texts and all(texts) else None

    def _text(self, value: ast.expr | None) -> str:
        if isinstance(value, ast.Name | ast.Attribute):
            value = self.assigned.get(_name(value))
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
        return ""

    def _python(self, value: ast.expr | None) -> str:
        found = re.search(r"PYTHON_3_(\d+)", self._written(value))
        return f"3.{found[1]}" if found else ""

    def _architecture(self, value: ast.expr | None) -> str:
        found = {*re.findall(r"ARM_64|X86_64", self._written(value))}
        return found.pop().replace("ARM_64", "arm64").lower() if len(found) == 1 else ""

    def _written(self, value: ast.expr | None) -> str:
        if isinstance(value, ast.Name):
            value = self.assigned.get(value.id)
        return written(value) if value is not None else ""

    def _hint(self, node: ast.Call, words: str) -> Hint:
        return Hint.line(self.file, node.lineno, words)


def _keywords(node: ast.Call) -> dict[str, ast.expr]:
    return {one.arg: one.value for one in node.keywords if one.arg}


def _name(node: ast.expr) -> str:
    """Name what is assigned to: `deps`, or `self.deps`."""
    return written(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _last(node: ast.expr) -> str:
    match node:
        case ast.Attribute():
            return node.attr
        case ast.Name():
            return node.id
        case _:
            return ""
