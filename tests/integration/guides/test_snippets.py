"""What workflows that README and docs/workflow.md show run themselves does what is said."""

import json
import os
import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "docs" / "workflow.md"]


def workflows() -> list[str]:
    """Give the blocks that are whole workflows."""
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    found = [re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for text in texts]
    return [block for blocks in found for block in blocks if re.search(r"(?m)^on:", block)]


def joined(tmp_path: Path, legs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the step that joins the outputs of legs."""
    (many,) = [text for text in workflows() if "strategy.job-index" in text]
    steps = yaml.safe_load(many)["jobs"]["publish"]["steps"]
    (step,) = [one for one in steps if one.get("id") == "legs"]
    around = os.environ | {"LEGS": json.dumps(legs), "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(words, env=around, capture_output=True, text=True, check=False)


def test_digests_of_legs_are_joined(tmp_path: Path) -> None:
    legs = {f"digests-{n}": json.dumps({f"layer-{n}": f"{n}" * 64}) for n in range(3)}
    done = joined(tmp_path, {**legs, "digests-3": ""})
    assert done.returncode == 0, done.stderr
    name, _, value = (tmp_path / "outputs").read_text().strip().partition("=")
    assert (name, json.loads(value)) == ("digests", {f"layer-{n}": f"{n}" * 64 for n in range(3)})


def test_two_legs_that_built_one_name_are_refused(tmp_path: Path) -> None:
    legs = {f"digests-{n}": json.dumps({"layer": f"{n}" * 64}) for n in range(2)}
    done = joined(tmp_path, legs)
    assert done.returncode != 0
    assert "two legs built a zip of one name" in done.stderr
