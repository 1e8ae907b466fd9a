"""Paths as people write them: relative to the folder of the file that names them, one spelling for each place."""

import posixpath
import re
import unicodedata

_UNFIT = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


class PathMistakeError(ValueError):
    """A path that cannot mean the same on every machine; its message goes on behind the path."""

    def __init__(self, message: str, advice: str) -> None:
        """Say what is wrong with it, and what to write instead."""
        super().__init__(message)
        self.advice = advice


def normal_path(path: str, folder: str = "") -> str:
    """Write a path, and the folder that it is relative to, in the one way that all spellings share.

    `..` goes by what is written, not by where links lead, and is left at the beginning only. Letters
    are composed (NFC, https://unicode.org/reports/tr15/), as keyboards write them; some file
    systems do not.

    Raises PathMistakeError for a path that is not relative.

    >>> normal_path(".//src/../lib/"), normal_path("../base.txt", "requirements/dev")
    ('lib', 'requirements/base.txt')
    """
    if _UNFIT.search(path):
        raise PathMistakeError("has a control character", "write the path in one line of text")
    if "\\" in path:
        raise PathMistakeError("has a backslash", f"write {path.replace(chr(92), '/')}")
    if "://" in path:
        message = "is a URL, where another text may be tomorrow"
        raise PathMistakeError(message, "download it into the workspace, and name that file")
    if path.startswith("/"):
        message = "is absolute, and other machines have other folders"
        raise PathMistakeError(message, "write it relative to the file that names it")
    if path.startswith("~"):
        message = "is in a home folder, and other machines have other ones"
        raise PathMistakeError(message, f"./{path} is a folder of that name")
    if not path:
        raise PathMistakeError("names nothing", "write a path")
    return unicodedata.normalize("NFC", posixpath.normpath(posixpath.join(folder, path)))


def without_climbing(path: str) -> str:
    """Leave out the `..` that a path begins with.

    >>> without_climbing("../../libs/common"), without_climbing("..")
    ('libs/common', '.')
    """
    parts = path.split("/")
    return "/".join(part for part in parts if part != "..") or "."


def path_below(path: str) -> str | None:
    """Write a path in its one spelling, with the slash at its end; None for one that leads out.

    >>> path_below("python//app/"), path_below("python/../../app")
    ('python/app/', None)
    """
    try:
        found = normal_path(path)
    except PathMistakeError:
        return None
    if found.split("/")[0] == "..":
        return None
    return f"{found}/" if path.endswith("/") else found
