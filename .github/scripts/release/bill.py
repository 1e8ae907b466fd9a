"""Writes the action's own bill of materials from its locks: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/; pure."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from release.errors import RefusedError

REPOSITORY = "https://github.com/layer-builder/layer-builder"
LOCKS = ("uv", "sandbox")
"""What the action installs: uv first; each other lock that it takes is a part of the sandbox's."""
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(.*)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def read_lock(text: str) -> dict[str, tuple[str, list[str]]]:
    """Give version and SHA-256 hashes of each distribution of a lock.

    Raises RefusedError for a line that pins nothing: a bill that leaves something out is none.
    """
    found = {}
    for name, version, rest in PIN.findall(text.replace("\\\n", "")):
        hashes = sorted(HASH.findall(rest))
        if not hashes or name in found:
            raise RefusedError(f"{name} is locked without a hash, or twice")
        found[name] = (version, hashes)
    lines = [line for line in text.splitlines() if line and line[0] not in " #"]
    if len(lines) != len(found):
        raise RefusedError(f"a lock has {len(lines)} entries, {len(found)} of them are pins")
    return found


def write_bill(version: str, commit: str, locks: Mapping[str, str]) -> str:
    """Give the bill: one component for each distribution; the same inputs give the same bytes."""
    pins: dict[str, tuple[str, list[str]]] = {}
    for text in locks.values():
        for name, pin in read_lock(text).items():
            if pins.setdefault(name, pin) != pin:
                raise RefusedError(f"{name} is locked at two versions")
    own = f"pkg:github/layer-builder/layer-builder@v{version}"
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{REPOSITORY}/commit/{commit}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "layer-builder",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "MIT"}}],
                "externalReferences": [
                    {"type": "vcs", "url": REPOSITORY, "comment": f"commit {commit}"}
                ],
            }
        },
        "components": [_component(name, *pins[name]) for name in sorted(pins)],
        "dependencies": [
            {"ref": own, "dependsOn": [_purl(name, pins[name][0]) for name in sorted(pins)]}
        ],
    }
    return json.dumps(bill, indent=2) + "\n"


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _component(name: str, version: str, hashes: list[str]) -> dict[str, Any]:
    """Name a distribution; its hashes are of the files that the lock allows, one of which is installed."""
    return {
        "type": "library",
        "bom-ref": _purl(name, version),
        "name": name,
        "version": version,
        "purl": _purl(name, version),
        "externalReferences": [
            {
                "type": "distribution",
                "url": _purl(name, version),
                "comment": "one of these is installed",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in hashes],
            }
        ],
    }
