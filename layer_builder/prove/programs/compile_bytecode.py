"""Compiles sources of a layer to bytecode; run by the target's own Python, imports none of them.

It is a program, not part of ours: the interpreter runs it from its text, `-I -S`, with the orders
as JSON on standard input; it answers with the list of files that do not compile. The bytecode is of
the unchecked kind (https://peps.python.org/pep-0552/): it holds no date, and Lambda's read-only
/opt can neither refuse nor renew it.
"""

import importlib.util
import json
import marshal
import os
import sys


def compile_file(source: str, shown: str, destination: str) -> bool:
    """Compile a file under the path that it will have; tell whether that went well."""
    with open(source, "rb") as file:
        content = file.read()
    try:
        code = compile(content, shown, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError):
        return False
    # Bit 0 says that the source's hash follows; bit 1 would have Python compare it with the source:
    # https://peps.python.org/pep-0552/#specification
    digest = importlib.util.source_hash(content)
    header = importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little") + digest
    os.makedirs(os.path.dirname(destination), exist_ok=True)
    with open(destination, "wb") as file:
        file.write(header + marshal.dumps(code))
    return True


def alone(source: str, shown: str, destination: str) -> bool:
    """Compile a file in a process that has compiled no other.

    Up to Python 3.10 marshal's output depends on what else is in memory:
    https://github.com/python/cpython/issues/78274
    """
    child = os.fork()
    if child == 0:
        done = False
        try:
            done = compile_file(source, shown, destination)
        finally:
            os._exit(0 if done else 1)
    return os.waitpid(child, 0)[1] == 0


def main() -> None:
    """Compile what the orders name."""
    orders = json.load(sys.stdin)
    work = compile_file if sys.version_info >= (3, 11) else alone
    refused = [
        path
        for path in orders["paths"]
        if not work(
            os.path.join(orders["root"], path),
            orders["shown"] + path,
            os.path.join(orders["into"], importlib.util.cache_from_source(path)),
        )
    ]
    json.dump(refused, sys.stdout)


if __name__ == "__main__":
    main()
