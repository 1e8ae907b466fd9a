"""Reads in a traceback what an import would have needed."""

import re
from collections.abc import Collection, Mapping

from packaging.utils import canonicalize_name

_LAST_LINES = 24
LACKS_LIBRARY = "it needs the shared library"
LACKING = "neither Lambda nor the layer has"
_ERROR = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b.*", re.MULTILINE)
_EXECUTABLE = re.compile(r"\b[Bb]ad (?P<name>[\w.+-]+) executable")
_LIBRARY = re.compile(
    r"(?P<file>lib[\w.+-]+): cannot open shared object file"
    r"|\b(?P<lost>lib[a-z][\w+-]*\b(?:\.so[.\d]*)?)(?: library)?(?: was)? not found"
    r"|(?:find|load|locate|open) (?:the )?(?:shared )?(?:library )?['\"]?(?P<sought>lib[a-z][\w+-]*(?:\.so[.\d]*)?)"
)
_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_VARIABLE = re.compile(
    r"environment variables? ['\"`]?(?P<after>[A-Z][A-Z0-9_]{2,})"
    r"|\b(?P<before>[A-Z][A-Z0-9_]{2,})['\"`]? (?:environment variable|env(?:ironment)? var)"
)
_PROGRAM = re.compile(
    r"(?:FileNotFoundError|PermissionError): \[Errno \d+\] [\w ]+: '(?P<name>[\w./+-]+)'\s*\Z"
)
_KEY = re.compile(r"KeyError: ['\"](?P<name>[A-Z][A-Z0-9_]*)['\"]")


def error_lines(error: str) -> tuple[str, ...]:
    r"""Give the line of a traceback that names the error, and the last, where that is another.

    >>> error_lines("  File x.py, line 1\nImportError: no wrapper\n- libpq not found")
    ('ImportError: no wrapper', '- libpq not found')
    """
    last = (error.strip().splitlines() or [""])[-1].strip()
    named = _ERROR.findall(error)
    return (named[-1].strip(), last) if named and named[-1].strip() != last else (last,)


def likely_reason(error: str, extras: Mapping[str, str], libraries: Collection[str] = ()) -> str:
    """Say what the import probably lacks, in the words of its error; empty where that says nothing.

    `extras` gives by normalised name what to ask for to have a distribution: `demo[fast]`;
    `libraries` are those of the runtime.

    >>> likely_reason("ImportError: libodbc.so.2: cannot open shared object file: No such file", {})
    'it needs the shared library libodbc.so.2, which neither Lambda nor the layer has'
    """
    end = "\n".join(error.strip().splitlines()[-_LAST_LINES:])
    if library := _LIBRARY.search(end):
        name = next(filter(None, library.groupdict().values()))
        lacks = "Lambda has and this machine lacks" if name in libraries else LACKING
        return f"{LACKS_LIBRARY} {name}, which {lacks}"
    program = _EXECUTABLE.search(end) or ("subprocess.py" in error and _PROGRAM.search(end))
    if program:
        return f"it needs the program {program['name']}, which {LACKING}"
    key = _KEY.search(end) if "environ" in error else None
    if variable := key or _VARIABLE.search(end):
        name = next(filter(None, variable.groupdict().values()))
        return f"it needs the environment variable {name}; a proof has none"
    modules = _MODULE.findall(end)
    if not modules:
        return ""
    top = modules[-1].partition(".")[0]
    asked = extras.get(str(canonicalize_name(top)))
    would = f"; {asked} asks for it" if asked else ""
    return (
        f"it needs the module {modules[-1]}, which nothing in the layer or below it brings{would}"
    )
