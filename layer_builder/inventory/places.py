"""Which paths of a layer belong to which distribution, in as few words as tell it.

A pruned layer has no RECORD any more, so that its zip does not say whose a file is.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from packaging.utils import canonicalize_name

_METADATA = re.compile(r"(?P<name>[^/]+?)-(?P<version>[^/-]+)\.(?:dist|egg)-info")
_DEEPEST = 4


def places_of(files: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Give for each distribution the shortest beginnings of paths that no other one has.

    >>> places_of({"a": ["ns/a/x.py", "a.py"], "b": ["ns/b.py", "b-1.dist-info/METADATA"]})
    {'a': ('a.py', 'ns/a'), 'b': ('ns/b.py',)}
    """
    found: dict[str, set[str]] = {name: set() for name in files}
    left = {
        (name, tuple(path.split("/")))
        for name, paths in files.items()
        for path in paths
        if not path.startswith("../") and not _METADATA.match(path)
    }
    for depth in range(1, _DEEPEST + 1):
        owners: dict[tuple[str, ...], set[str]] = {}
        for name, path in left:
            owners.setdefault(path[:depth], set()).add(name)
        for name, path in left:
            if len(owners[path[:depth]]) == 1:
                found[name].add("/".join(path[:depth]))
        left = {(name, path) for name, path in left if len(owners[path[:depth]]) > 1}
    return {name: tuple(sorted(places)) for name, places in found.items()}


def metadata_of(path: str) -> tuple[str, str] | None:
    """Say whose metadata a path below python/ is: a distribution's normalised name and version.

    >>> metadata_of("Flask_Cors-4.0.1.dist-info/METADATA")
    ('flask-cors', '4.0.1')
    """
    match = _METADATA.match(path)
    return (canonicalize_name(match["name"]), match["version"]) if match else None


def owner_of(path: str, owners: Mapping[str, str], names: Collection[str]) -> str | None:
    """Say whose a file is: by the places that are known, else by the names of its folders.

    >>> owner_of("google/cloud/storage/blob.py", {}, {"google-cloud-storage"})
    'google-cloud-storage'
    """
    steps = path.split("/")
    beginnings = ["/".join(steps[:depth]) for depth in range(1, min(len(steps), _DEEPEST) + 1)]
    for beginning in beginnings:
        if beginning in owners:
            return owners[beginning]
    for depth in range(1, len(beginnings) + 1):
        *above, last = steps[:depth]
        word = canonicalize_name("-".join([*above, last.partition(".")[0]]).strip("_"))
        if word in names:
            return word
    return None
