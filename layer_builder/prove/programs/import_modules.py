"""Imports modules of a layer and says of each how it went; run by the target's own Python.

It is a program, not part of ours: the interpreter runs it from its text, `-I -S`, with the orders
as JSON on standard input and answers on file descriptor 3, a line each. By then it is confined, by
who started it. It keeps to the standard library of Python 3.10.
"""

import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from layer_builder.prove.programs.importing import files_of, load, prepare


class Watch:
    """Notes which files below the layer are opened."""

    def __init__(self, root: str) -> None:
        """Watch below a folder."""
        self.opened: set[str] = set()
        self._root = os.path.join(root, "")

    def __call__(self, event: str, arguments: Any) -> None:
        """Take an audit event (https://docs.python.org/3/library/audit_events.html)."""
        if event in {"open", "os.listdir", "os.scandir"} and arguments:
            path = arguments[0]
            if isinstance(path, bytes):
                path = os.fsdecode(path)
            if isinstance(path, str) and path.startswith(self._root):
                self.opened.add(path[len(self._root) :])


def prove(orders: dict[str, Any], tell: Callable[..., None]) -> None:
    """Import all that is asked for, in order, in this process."""
    root = orders["root"]
    cache = prepare(orders)
    watch = Watch(root)
    if orders["watch"]:
        sys.addaudithook(watch)
    me, home, paths = os.getpid(), os.getcwd(), list(sys.path)
    known = set(sys.modules)
    importing = 0.0
    for index, name in enumerate(orders["modules"]):
        tell(start=index)
        begin = time.perf_counter()
        watch.opened = set()
        try:
            load(name, root)
            importing += time.perf_counter() - begin
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: all are answers
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            leave_if_forked(me)
            loaded = files_of(set(sys.modules) - known, root)
            tell(failed=index, error=text[-4000:], loaded=sorted(loaded))
        else:
            leave_if_forked(me)
            seconds = round(time.perf_counter() - begin, 4)
            loaded = files_of(set(sys.modules) - known, root)
            opened = sorted(watch.opened | loaded) if orders["watch"] else ()
            tell(imported=index, seconds=seconds, opened=opened, loaded=sorted(loaded))
        known |= set(sys.modules)
        os.chdir(home)
        sys.path += [path for path in paths if path not in sys.path]
    cached = importing - cache.compiling + cache.reading()
    plain = importing + cache.spared()
    tell(plain=round(plain, 4), cached=round(max(0.0, cached), 4))


def leave_if_forked(me: int) -> None:
    """End a copy of this process that an import made and let return."""
    if os.getpid() != me:
        os._exit(0)


def teller(answers: int, secret: str) -> Callable[..., None]:
    """Make the function that writes an answer, whole, and on a line of its own.

    An import may write to the same descriptor; only answers with the secret count.
    """

    def tell(**answer: Any) -> None:
        data = b"\n" + json.dumps({"secret": secret, **answer}).encode() + b"\n"
        while data:
            data = data[os.write(answers, data) :]

    return tell


def main() -> None:
    """Import in this process, and end with it: what it started ends with who started it."""
    orders = json.loads(sys.stdin.read())
    tell = teller(3, orders["secret"])
    tell(python=platform.python_version())
    try:
        prove(orders, tell)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
