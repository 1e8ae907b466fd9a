"""Compiles sources of a layer to bytecode; run by the target's own Python, imports none of them.

It is a program, not part of ours: the interpreter runs it from its text, `-I -S`, with the orders
as JSON on standard input; it answers with the digest of each source that it compiled and the seconds
that took, and with the list of files that do not compile. What is gone meanwhile is in neither. The
bytecode holds the hash of its source, and Python compares the two (https://peps.python.org/pep-0552/):
it holds no date.
"""

import hashlib
import importlib.util
import json
import marshal
import os
import sys
import time
from typing import Any


def compile_file(content: bytes, shown: str, destination: str) -> bool:
    """Compile a source under the path that it will have; tell whether that went well."""
    try:
        code = compile(content, shown, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError):
        return False
    # Bit 0 says that the source's hash follows; bit 1 has Python compare it with the source:
    # https://peps.python.org/pep-0552/#specification
    digest = importlib.util.source_hash(content)
    header = importlib.util.MAGIC_NUMBER + (0b11).to_bytes(4, "little") + digest
    os.makedirs(os.path.dirname(destination), exist_ok=True)
    with open(destination, "wb") as file:
        file.write(header + marshal.dumps(code))
    return True


def alone(content: bytes, shown: str, destination: str) -> bool:
    """Compile a source in a process that has compiled no other.

    Up to Python 3.10 marshal's output depends on what else is in memory:
    https://github.com/python/cpython/issues/78274
    """
    child = os.fork()
    if child == 0:
        done = False
        try:
            done = compile_file(content, shown, destination)
        finally:
            os._exit(0 if done else 1)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    """Compile what the orders name."""
    orders = json.load(sys.stdin)
    work = compile_file if sys.version_info >= (3, 11) else alone
    compiled: dict[str, Any] = {}
    refused = []
    for path in orders["paths"]:
        try:
            with open(os.path.join(orders["root"], path), "rb") as file:
                content = file.read()
        except OSError:
            continue
        begin = time.perf_counter()
        if work(content, orders["shown"] + path, os.path.join(orders["into"], path + "c")):
            seconds = round(time.perf_counter() - begin, 5)
            compiled[path] = [hashlib.sha256(content).hexdigest(), seconds]
        else:
            refused.append(path)
    json.dump({"compiled": compiled, "refused": refused}, sys.stdout)


if __name__ == "__main__":
    main()
