"""The action's own bill of materials has all that its locks have, and is valid."""

import json
import re
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import bill
from release.errors import RefusedError

LOCKS = Path(__file__).resolve().parents[3] / "requirements"
COMMIT = "a" * 40


def ours() -> dict[str, str]:
    return {name: (LOCKS / f"{name}.txt").read_text(encoding="utf-8") for name in bill.LOCKS}


def test_it_is_valid_and_the_same_each_time() -> None:
    text = bill.write_bill("0.2.0", COMMIT, ours())
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == bill.write_bill("0.2.0", COMMIT, dict(reversed(ours().items())))


def test_every_distribution_that_the_action_may_install_is_in_it() -> None:
    found = json.loads(bill.write_bill("0.2.0", COMMIT, ours()))["components"]
    names = {(one["name"], one["version"]) for one in found}
    for lock in ("uv", "build", "run", "sandbox"):
        text = (LOCKS / f"{lock}.txt").read_text(encoding="utf-8")
        assert set(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE)) <= names
    hashes = [one["externalReferences"][0]["hashes"] for one in found]
    assert sum(map(len, hashes)) == sum(text.count("--hash=") for text in ours().values())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("six==1.17.0\n", "without a hash"),
        (f"six==1.17.0 --hash=sha256:{'0' * 64}\nother\n", "2 entries, 1 of them"),
        (f"six @ https://example.com/six.whl --hash=sha256:{'0' * 64}\n", "0 of them"),
    ],
)
def test_what_is_no_pin_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        bill.write_bill("0.2.0", COMMIT, {"uv": text})


def test_two_versions_of_one_distribution_are_refused() -> None:
    locks = {
        name: f"six=={name} \\\n    --hash=sha256:{'0' * 64}\n    # via x\n" for name in ("1", "2")
    }
    with pytest.raises(RefusedError, match="six is locked at two versions"):
        bill.write_bill("0.2.0", COMMIT, locks)
