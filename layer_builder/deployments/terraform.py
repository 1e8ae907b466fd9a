"""Reads Terraform: functions and layers of the AWS provider, and of terraform-aws-modules/lambda.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/lambda_function,
…/lambda_layer_version, and https://registry.terraform.io/modules/terraform-aws-modules/lambda/aws.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from layer_builder.deployments.found import (
    Description,
    FoundFunction,
    FoundLayer,
    other_runtimes,
    python_of,
)
from layer_builder.deployments.hcl import HclBlock, literal, read_blocks, strings
from layer_builder.deployments.repository import Hint, Repository, folder_of, joined, printable

_REFERENCE = re.compile(r"(?:aws_lambda_layer_version|module)\.([\w-]+)")


def read_terraform(repository: Repository) -> Iterator[Description]:
    """Read each folder of `.tf` files: Terraform takes those of one folder together."""
    for folder, files in groupby(sorted(repository.named(r".*\.tf"), key=folder_of), key=folder_of):
        blocks = [(path, one) for path in files for one in read_blocks(repository.texts[path])]
        found = _Module(repository, folder, blocks).read()
        if found.functions or found.layers or found.remarks:
            yield found


class _Module:
    def __init__(
        self, repository: Repository, folder: str, blocks: list[tuple[str, HclBlock]]
    ) -> None:
        self.repository, self.folder, self.blocks = repository, folder, blocks
        self.remarks: list[str] = []
        self.known: dict[str, str] = {}
        for _, one in blocks:
            if one.kind == "locals":
                self.known |= {f"local.{key}": text for key, text in one.attributes.items()}
            elif one.kind == "variable" and one.labels:
                self.known[f"var.{one.labels[0]}"] = one.attributes.get("default", "")

        self.archives = {
            one.labels[1]: one.attributes
            for _, one in blocks
            if one.labels[:1] == ("archive_file",) and one.labels[1:]
        }
        outputs = (one.get("output_path", "") for one in self.archives.values())
        self.zips = dict(zip(map(self._path, outputs), self.archives.values(), strict=True))

    def read(self) -> Description:
        functions, layers = [], []
        for file, one in self.blocks:
            kind = one.labels[0] if one.labels else ""
            is_module = one.kind == "module" and re.search(
                r"terraform-aws-modules/(?:terraform-aws-)?lambda", one.attributes.get("source", "")
            )
            name = one.labels[-1] if one.labels else ""
            hint = Hint.at(
                file, self.repository.texts[file], one.start, f"{one.kind} {kind} {name}"
            )
            if is_module and one.attributes.get("create_layer", "").strip() == "true":
                layers += self._layer(name, hint, one.attributes, ("source_path",))
            elif one.kind == "resource" and kind == "aws_lambda_layer_version":
                layers += self._layer(name, hint, one.attributes, ("filename",))
            elif is_module or (one.kind == "resource" and kind == "aws_lambda_function"):
                function = self._function(name, hint, one)
                functions += [function] if function else []
        return Description(
            functions=tuple(functions), layers=tuple(layers), remarks=tuple(self.remarks)
        )

    def _layer(
        self, name: str, hint: Hint, given: Mapping[str, str], sources: tuple[str, ...]
    ) -> list[FoundLayer]:
        words = given.get("compatible_runtimes", "")
        runtimes = strings(self._text_of(words.strip("[] "))) or strings(words)
        if others := other_runtimes(runtimes):
            self.remarks.append(f"{hint}: left out ({printable(others)})")
            return []
        found = FoundLayer(
            name=name,
            hint=hint,
            folder=next(filter(None, (self._source(given.get(key, "")) for key in sources)), None),
            python=next(filter(None, map(python_of, runtimes)), ""),
            architecture=_one_architecture(given.get("compatible_architectures", "")),
            on_aws=self._literal(given.get("layer_name", "")),
        )
        return [found]

    def _function(self, name: str, hint: Hint, block: HclBlock) -> FoundFunction | None:
        given = block.attributes
        runtime, handler = (self._literal(given.get(key, "")) for key in ("runtime", "handler"))
        if (runtime and not python_of(runtime)) or not handler:
            why = printable(runtime or "no handler is written out")
            self.remarks.append(f"{hint}: left out ({why})")
            return None
        source = given.get("source_path") or given.get("filename", "")
        return FoundFunction(
            name=name,
            hint=hint,
            handler=handler,
            folder=self._source(source),
            whole="source_file" not in self._archive(source),
            python=python_of(runtime),
            architecture=_one_architecture(given.get("architectures", "")),
            layers=tuple(dict.fromkeys(_REFERENCE.findall(given.get("layers", "")))),
            function_name=self._literal(given.get("function_name", "")),
            environment=self._environment(block),
        )

    def _environment(self, block: HclBlock) -> dict[str, str | None]:
        variables = block.attributes.get("environment_variables", "")
        for inner in read_blocks(block.body):
            if inner.kind == "environment":
                variables = inner.attributes.get("variables", "")
        # The braces of a map are those of a block.
        inside = next(read_blocks(f"map {variables}"), None) if variables else None
        return {
            key.strip('"'): self._literal(value) or None
            for key, value in (inside.attributes if inside else {}).items()
        }

    def _source(self, expression: str) -> str | None:
        """Find the folder that a zip is made of: by its archive_file, or named by itself."""
        if archive := self._archive(expression):
            return self._folder(archive)
        path = self._path(expression)
        return path if path and self.repository.has_folder(path) else None

    def _archive(self, expression: str) -> Mapping[str, str]:
        """Find the archive_file that makes a zip; empty where none does."""
        if named := re.search(r"archive_file\.([\w-]+)", expression):
            return self.archives.get(named[1], {})
        return self.zips.get(self._path(expression) or "", {})

    def _folder(self, archive: Mapping[str, str]) -> str | None:
        if "source_dir" in archive:
            return self._path(archive["source_dir"])
        path = self._path(archive.get("source_file", ""))
        return folder_of(path) if path else None

    def _path(self, expression: str) -> str | None:
        text = self._literal(expression, paths=True)
        return joined(self.folder, text) if text else None

    def _text_of(self, expression: str) -> str:
        return self.known.get(expression.strip(), expression)

    def _literal(self, expression: str, *, paths: bool = False) -> str:
        """Give a string that is written out, here or as the default of a variable."""
        text = literal(self._text_of(expression))
        if paths:
            text = re.sub(r"^\$\{path\.(?:module|root)\}/?", "./", text)
        return "" if "${" in text else text


def _one_architecture(expression: str) -> str:
    found = {*strings(expression)} & {"x86_64", "arm64"}
    return found.pop() if len(found) == 1 else ""
