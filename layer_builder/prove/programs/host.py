"""Keeps this machine's shared libraries from standing in for those that Lambda lacks.

Part of the programs that import, see `importing`. What is opened through ctypes is refused before it
is opened, with the words of the loader; what an extension module, or cffi, got opened is seen in the
process's map, and then the import fails as it would there. What Python's own modules bring is
Python's: in Lambda it has its own.
"""

import importlib._bootstrap_external
import os
import re
import sys
from typing import Any

_LOADERS: Any = importlib._bootstrap_external  # noqa: SLF001 (where Python's own loaders are)
# The name service's modules are chosen by a machine's settings; sanitizers and the like are none of
# an import's business: https://man7.org/linux/man-pages/man5/nsswitch.conf.5.html
_VERSION = re.compile(r"(\.so\.\d+)[.\d]*$")
_NOT_MEANT = ("libnss_",)


class Host:
    """The libraries of this machine, as far as they may be used."""

    def __init__(self, own: list[str], allowed: list[str]) -> None:
        """Take the folders whose libraries are the layer's, and the names that Lambda has."""
        self._own = tuple(os.path.join(os.path.realpath(folder), "") for folder in own)
        self._allowed = frozenset(allowed)
        self._standard = os.path.join(os.path.dirname(os.__file__), "")
        self._known = mapped()
        self._opened = False

    def install(self) -> None:
        """Watch all ways to open one."""
        sys.addaudithook(self._on_event)
        sys.meta_path.insert(0, self)
        plain = _LOADERS.ExtensionFileLoader.create_module

        def create_module(loader: Any, spec: Any) -> Any:
            # Read without exceptions of what may be hooked in: it is only a look.
            if str(spec.origin).startswith(self._standard):
                before = mapped()
                module = plain(loader, spec)
                self._known |= mapped() - before
                return module
            module = plain(loader, spec)
            self.refuse_strangers()
            if spec.name == "_cffi_backend":
                self._guard_cffi(module)
            return module

        _LOADERS.ExtensionFileLoader.create_module = create_module

    def look_again(self) -> None:
        """Raise ImportError if what ctypes or cffi opened is a library that Lambda and the layer lack.

        Nothing tells when cffi does.
        """
        if self._opened or "_cffi_backend" in sys.modules:
            self._opened = False
            self.refuse_strangers()

    def refuse_strangers(self) -> None:
        """Raise ImportError if a library was opened meanwhile that Lambda and the layer lack."""
        now = mapped()
        new, self._known = now - self._known, self._known | now
        strangers = [path for path in sorted(new) if not self._is_at_home(path)]
        if strangers:
            names = [_VERSION.sub(r"\1", os.path.basename(path)) for path in strangers]
            others = " (with %s)" % ", ".join(names[1:4]) if names[1:] else ""
            raise ImportError(_missing(names[0]) + others)

    def _is_at_home(self, path: str) -> bool:
        """Tell whether an open library is the layer's, or one that Lambda has.

        A map has the files that links such as libz.so.1 lead to.
        """
        if self._may_be_used(path):
            return True
        folder = os.path.dirname(path)
        return any(os.path.realpath(os.path.join(folder, name)) == path for name in self._allowed)

    def find_spec(self, name: str, path: Any = None, _target: Any = None) -> Any:
        """Find `ctypes.util` alone, to have it find nothing that may not be opened."""
        if name != "ctypes.util":
            return None
        spec = _LOADERS.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                find = module.find_library

                def find_library(wanted: str) -> Any:
                    found = find(wanted)
                    return found if found is None or self._may_be_used(found) else None

                module.find_library = find_library

            spec.loader.exec_module = exec_module
        return spec

    def _on_event(self, event: str, arguments: Any) -> None:
        """Refuse what ctypes may not open (https://docs.python.org/3/library/audit_events.html)."""
        if event != "ctypes.dlopen":
            return
        name = arguments[0]
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if isinstance(name, str) and name and not self._may_be_used(name):
            raise OSError(_missing(name))
        self._opened = True

    def _guard_cffi(self, module: Any) -> None:
        plain = module.load_library

        def load_library(*arguments: Any) -> Any:
            name = arguments[0] if arguments else None
            if isinstance(name, str) and not self._may_be_used(name):
                raise OSError(_missing(name))
            return plain(*arguments)

        module.load_library = load_library

    def _may_be_used(self, name: str) -> bool:
        base = os.path.basename(name)
        if base in self._allowed or base.startswith(_NOT_MEANT):
            return True
        if "/" in name:
            real = os.path.realpath(name)
            return real.startswith((*self._own, self._standard)) or not os.path.exists(real)
        # By its bare name the loader gives one that is open already, such as the layer's own.
        return any(
            os.path.basename(path) == base and path.startswith(self._own) for path in mapped()
        )


def mapped() -> frozenset[str]:
    """List the shared libraries that this process runs code of."""
    try:
        with open("/proc/self/maps") as file:
            lines = [line.split(None, 5) for line in file if ".so" in line]
    except Exception:  # hooks of what was imported may raise anything
        return frozenset()
    return frozenset(
        parts[-1].rstrip("\n")
        for parts in lines
        if "x" in parts[1] and os.path.basename(parts[-1]).startswith("lib")
    )


def _missing(name: str) -> str:
    """Say it as the loader does."""
    return "%s: cannot open shared object file: No such file or directory" % name
