"""Imports as Lambda would: the paths, a cache of bytecode, and what a finished import shows.

Part of the programs that import; they run it in the target's own Python, as part of their text, so
it keeps to the standard library of Python 3.10.
"""

import gc
import importlib
import importlib._bootstrap_external
import marshal
import os
import sys
import time
from typing import Any

from layer_builder.prove.programs.host import Host

machinery: Any = importlib._bootstrap_external  # noqa: SLF001 (a cache can be placed nowhere else)

SECONDS = "seconds"
"""A file beside the bytecode: for each, what compiling it took. `prove.process` has the name, too."""

HOST: list[Host] = []
"""The one that watches this process, where one does."""


def set_paths(root: str, others: list[str]) -> None:
    """Order `sys.path` as Lambda does: the function, then /opt, then the runtime's own."""
    # https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
    sys.path += others
    site_packages = "lib/python%d.%d/site-packages" % sys.version_info[:2]
    sys.path[:0] = [os.getcwd(), os.path.join(root, site_packages), root]
    import site  # `-S` only keeps it from adding folders; programs expect `exit` to be there

    site.setquit()
    site.setcopyright()


class Cache:
    """Bytecode of the layer's modules, in a folder of its own; the interpreter's own has its usual place.

    Times what making it takes: a layer with bytecode in it saves that.
    """

    def __init__(self, root: str, folders: list[str]) -> None:
        """Write to the first folder, read from all: the others belong to layers below."""
        self.compiling = 0.0
        self._root = os.path.join(root, "")
        self._folders = folders
        self._written: list[str] = []
        self._taken: set[str] = set()
        self._last = 0.0
        self._usual = machinery.cache_from_source
        self._compile = machinery.SourceLoader.source_to_code
        self._write = machinery.SourceFileLoader.set_data

    def install(self) -> None:
        """Have Python's own import machinery use it."""
        cache = self

        def timed(work: Any) -> Any:
            def wrapped(loader: Any, *arguments: Any, **more: Any) -> Any:
                begin = time.perf_counter()
                try:
                    return work(loader, *arguments, **more)
                finally:
                    cache._last = time.perf_counter() - begin
                    cache.compiling += cache._last

            return wrapped

        def write(loader: Any, path: str, data: bytes, **more: Any) -> None:
            if path.startswith(cache._folders[0]):
                cache._written.append(path)
                cache._taken.discard(path)
                cache._note(os.path.relpath(path, cache._folders[0]), cache._last)
            cache._write(loader, path, data, **more)

        machinery.cache_from_source = self.place
        machinery.SourceLoader.source_to_code = timed(self._compile)
        machinery.SourceFileLoader.set_data = timed(write)

    def place(self, path: str, debug_override: Any = None, *, optimization: Any = None) -> str:
        """Say where the bytecode of a source file lies; replaces `importlib.util.cache_from_source`."""
        if path.startswith(self._root):
            name = path[len(self._root) :] + "c"
        else:
            usual: str = self._usual(path, debug_override, optimization=optimization)
            if os.path.exists(usual):
                return usual
            name = os.path.join("elsewhere", path.lstrip(os.sep) + "c")
        places = [os.path.join(folder, name) for folder in self._folders]
        for place in filter(os.path.exists, places):
            self._taken.add(place)
            return place
        return places[0]

    def _note(self, name: str, seconds: float) -> None:
        """Note for later processes what a compilation took, with one write each: others write, too."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            file = os.open(os.path.join(self._folders[0], SECONDS), flags, 0o644)
        except OSError:
            return
        os.write(file, ("%.5f\t%s\n" % (seconds, name)).encode("utf-8", "replace"))
        os.close(file)

    def spared(self) -> float:
        """Add up what compiling took, in seconds, of all bytecode that was found and not made."""
        total = 0.0
        for folder in self._folders:
            try:
                with open(os.path.join(folder, SECONDS), encoding="utf-8") as file:
                    lines = [line.rstrip("\n").partition("\t") for line in file]
                noted = {os.path.join(folder, name): float(seconds) for seconds, _, name in lines}
            except (OSError, ValueError):
                continue
            total += sum(noted[path] for path in self._taken & noted.keys())
        return total

    def reading(self) -> float:
        """Time how long it takes to read back all that was written, in seconds."""
        begin = time.perf_counter()
        for path in self._written:
            try:
                with open(path, "rb") as file:
                    marshal.loads(file.read()[16:])  # noqa: S302 (what this process wrote)
            except (OSError, ValueError, EOFError):
                continue
        return time.perf_counter() - begin


def load(name: str, root: str) -> None:
    """Import `module`, or import it and look up `module:attribute` as entry points do.

    Raises ImportError where the module is the layer's and another was there before it, as the
    standard library's: in Lambda, too, the runtime has loaded some of those before any layer.
    """
    module, _, attribute = name.partition(":")
    # https://packaging.python.org/en/latest/specifications/entry-points/#data-model
    item = importlib.import_module(module)
    refuse_substitute(module, root)
    for host in HOST:
        host.look_again(module)
    for part in filter(None, attribute.split(".")):
        item = getattr(item, part)


def refuse_substitute(name: str, root: str) -> None:
    """Raise ImportError where the layer has a module, and another of that name was loaded."""
    path = os.path.join(root, *name.split("."))
    if not (os.path.isfile(path + ".py") or os.path.isfile(os.path.join(path, "__init__.py"))):
        return
    loaded = file_of(name)
    if loaded and not loaded.startswith(os.path.join(root, "")):
        raise ImportError(
            "%s was loaded before, from %s: the layer's is never used" % (name, loaded)
        )


def files_of(names: set[str], root: str) -> set[str]:
    """Name the files below the layer that modules were loaded from (a cached one is not opened)."""
    prefix = os.path.join(root, "")
    paths = map(file_of, names)
    return {path[len(prefix) :] for path in paths if path.startswith(prefix)}


def file_of(name: str) -> str:
    """Say which file a loaded module is from; empty where it does not say."""
    try:
        # Past any `__getattr__`: lazy modules would load, or raise.
        path = object.__getattribute__(sys.modules[name], "__dict__").get("__file__")
    except Exception:  # whatever stands in sys.modules
        return ""
    return path if isinstance(path, str) else ""


def prepare(orders: dict[str, Any]) -> Cache:
    """Make this process one that imports as Lambda does."""
    if orders["libraries"] is not None:
        own = [orders["root"], *orders["others"], *orders["beside"], os.getcwd()]
        HOST.append(Host(own, orders["libraries"], orders["beside"]))
        HOST[0].install()
    # Imports make few cycles and many objects: collecting as often as usual takes a tenth of them.
    gc.set_threshold(100_000, 50, 50)
    set_paths(orders["root"], orders["others"])
    cache = Cache(orders["root"], orders["caches"])
    cache.install()
    return cache
