"""Keeps this machine's shared libraries from standing in for those that Lambda lacks.

Part of the programs that import, see `importing`. By then the process may not read them
(`isolation.system_files`), but for those of Python's own modules: in Lambda Python has its own. What
is opened through ctypes is refused before it is opened, with the words of the loader. What an
extension module, or cffi, got opened is seen in the process's map, and then the import fails.
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

    def __init__(self, own: list[str], allowed: list[str], beside: list[str]) -> None:
        """Take the folders whose libraries are the layer's, and the names that Lambda has.

        `beside` are those of them where the loader looks: /opt/lib.
        """
        self._own = tuple(os.path.join(os.path.realpath(folder), "") for folder in own)
        self._allowed = frozenset(allowed).union(*(os.listdir(folder) for folder in beside))
        self._standard = os.path.join(os.path.dirname(os.__file__), "")
        self._known = mapped()
        self._opened = False
        self._strangers: list[str] = []
        self._refused: dict[str, str] = {}

    def install(self) -> None:
        """Watch all ways to open one."""
        sys.addaudithook(self._on_event)
        sys.meta_path.insert(0, self)
        create = _LOADERS.ExtensionFileLoader.create_module
        execute = _LOADERS.ExtensionFileLoader.exec_module

        def create_module(loader: Any, spec: Any) -> Any:
            if str(spec.origin) in self._refused:  # its libraries stay open
                raise ImportError(self._refused[str(spec.origin)])
            module = self._watched(create, loader, spec, spec.origin)
            if spec.name == "_cffi_backend":
                self._guard_cffi(module)
            return module

        def exec_module(loader: Any, module: Any) -> None:
            self._watched(execute, loader, module, loader.path)

        _LOADERS.ExtensionFileLoader.create_module = create_module
        _LOADERS.ExtensionFileLoader.exec_module = exec_module

    def _watched(self, run: Any, loader: Any, of: Any, origin: Any) -> Any:
        """Take a step of loading an extension; raises ImportError for what that got opened."""
        if str(origin).startswith(self._standard):
            before = mapped()
            result = run(loader, of)
            self._known |= mapped() - before
            return result
        if self._may_have_opened():
            self._look()  # what is found now is none of this extension's
        earlier = len(self._strangers)
        result = run(loader, of)
        self._look()
        strangers = self._strangers[earlier:]
        if strangers:
            del self._strangers[earlier:]
            self._refused[str(origin)] = _missing(*strangers)
            raise ImportError(_missing(*strangers))
        return result

    def look_again(self, name: str) -> None:
        """Raise ImportError if importing a module had ctypes or cffi open what Lambda lacks.

        An extension that did was refused by then, and may have been done without. What is in a
        package that was refused is refused, too: it would never be reached.
        """
        if self._may_have_opened():
            self._look()
        strangers, self._strangers = self._strangers, []
        if strangers:
            self._refused[name] = _missing(*strangers)
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            package = ".".join(parts[:length])
            if package in self._refused:
                raise ImportError(self._refused[package])

    def _may_have_opened(self) -> bool:
        """Tell whether there is something to look for; nothing tells when cffi opens a library."""
        return self._opened or "_cffi_backend" in sys.modules

    def _look(self) -> None:
        """Note which libraries were opened meanwhile that Lambda and the layer lack."""
        self._opened = False
        now = mapped()
        new, self._known = now - self._known, self._known | now
        self._strangers += [path for path in sorted(new) if not self._is_at_home(path)]

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
            lines = [line.split(None, 5) for line in file if "xp " in line and ".so" in line]
    except Exception:  # hooks of what was imported may raise anything
        return frozenset()
    return frozenset(
        parts[-1].rstrip("\n") for parts in lines if os.path.basename(parts[-1]).startswith("lib")
    )


def _missing(path: str, *others: str) -> str:
    """Say it as the loader does."""
    name, *more = (_VERSION.sub(r"\1", os.path.basename(one)) for one in (path, *others))
    besides = " (with %s)" % ", ".join(more[:3]) if more else ""
    return "%s: cannot open shared object file: No such file or directory%s" % (name, besides)
