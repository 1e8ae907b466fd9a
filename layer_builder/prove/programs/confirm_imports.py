"""Imports modules of one distribution, and signs for it afterwards; run by the target's own Python.

It is a program, not part of ours, started as `import_modules` is. But while the modules are imported
it has no descriptor to answer on, and what it is to sign with is no object that they could find: the
name of a file, which is read and lies on the stack of an expression that has not been evaluated.
The file is made when all imports have returned. What raises throws the name away with that stack.

So a module that raises cannot sign, nor can what it leaves behind. It could scan its own memory for
the name, or have a trace function jump over its own error; but then it might as well not raise.
"""

import json
import os
import sys
import traceback
from typing import Any

from layer_builder.prove.programs.importing import files_of, load, prepare

ANSWER = "answer.json"
"""What it says besides: which files of the layer were loaded, or the error. Nobody signs for that."""
_LONGEST_ERROR = 4000


def attempt(orders: dict[str, Any], answer: str) -> int:
    """Import all modules; gives the mode of a file. Raises what they raise."""
    root = orders["root"]
    known = set(sys.modules)
    for name in orders["modules"]:
        load(name, root)
    write(answer, loaded=sorted(files_of(set(sys.modules) - known, root)))
    return 0o600


def write(path: str, **answer: Any) -> None:
    """Write an answer down."""
    with open(path, "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump(answer, file)


def main() -> None:
    """Import, and sign; or write down why not."""
    # A line at a time and not a byte more: the second one is only read below.
    lines = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 (it stays open)
    orders = json.loads(lines.readline())
    answer = os.path.join(os.getcwd(), ANSWER)
    prepare(orders)
    make, end, new = os.open, os._exit, os.O_CREAT | os.O_EXCL | os.O_WRONLY
    try:
        end(make(lines.read(), new, attempt(orders, answer)) and 0)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: all are answers
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        write(answer, error=text[-_LONGEST_ERROR:])
    finally:
        end(1)


if __name__ == "__main__":
    main()
