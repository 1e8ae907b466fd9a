"""The console scripts of a tree: they name the interpreter that runs them."""

import re
from pathlib import Path

_SHEBANG = re.compile(rb"\A#![^\n]*python[^\n]*\n|\A#!/bin/sh\n'''exec' [^\n]*\n' '''\n")


def with_runtime_shebang(script: bytes, runtime: str) -> bytes:
    """Point a console script at Lambda's own interpreter instead of the build host's.

    Lambda's Python lives in /var/lang/bin (its base images and the runtime's `sys.path` show it).
    """
    return _SHEBANG.sub(f"#!/var/lang/bin/{runtime}\n".encode(), script, count=1)


def rewrite_scripts(root: Path, runtime: str) -> dict[str, bytes]:
    """Point the console scripts of a tree at Lambda's interpreter; gives the changed ones by path.

    Args:
        root: the directory of the tree; scripts lie in its bin/.
        runtime: as Lambda names it, `python3.12`.
    """
    changed = {}
    for script in sorted(path for path in (root / "bin").glob("*") if path.is_file()):
        content = script.read_bytes()
        rewritten = with_runtime_shebang(content, runtime)
        if rewritten != content:
            script.write_bytes(rewritten)
            changed[f"bin/{script.name}"] = rewritten
    return changed
