"""The workspace's own Python in a stack: which files, which modules, and where they are from."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude
from layer_builder.prune import module_name


@dataclass(frozen=True, kw_only=True)
class OwnCode:
    """The workspace's files in a stack, by where they lie there: `opt/…` or `task/…`."""

    sources: Mapping[str, Path] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)
    """The path by the module's name, for those that are in a layer."""

    @classmethod
    def of(
        cls, layers: Sequence[Sequence[FileToInclude]], code: Sequence[FileToInclude]
    ) -> "OwnCode":
        """Gather the files of a stack's layers, whose modules are imported, and of its function."""
        sources: dict[str, Path] = {}
        modules: dict[str, str] = {}
        for files in layers:
            for file in files:
                sources[f"opt/{file.path}"] = file.source
                inner = file.path.removeprefix("python/")
                name = module_name(inner) if inner != file.path else None
                if name and not name.endswith("__main__") and file.path.endswith(".py"):
                    modules[name] = f"opt/{file.path}"
        sources |= {f"task/{file.path}": file.source for file in code}
        return cls(sources=sources, modules=modules)

    @property
    def python_files(self) -> tuple[str, ...]:
        """The paths of Python sources, as the target's Python is to compile them."""
        return tuple(
            sorted(
                path
                for path in self.sources
                if path.endswith(".py") and path.startswith(("opt/python/", "task/"))
            )
        )
