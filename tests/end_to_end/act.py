"""Reads what act prints with --json: which jobs and steps ran, what came of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A message that GitHub shows beside a line of a file."""

    level: str
    message: str
    place: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_line(cls, line: str) -> "Annotation | None":
        """Parse a workflow command as the runner does; act's own split goes wrong at a `::`."""
        head, separator, message = line.strip("\r\n").lstrip().removeprefix("::").partition("::")
        level, _, properties = head.partition(" ")
        if not line.lstrip().startswith("::") or not separator or level not in LEVELS:
            return None
        pairs = (item.strip().split("=", 1) for item in properties.split(",") if "=" in item)
        place = {name: _unescaped(value) for name, value in pairs}
        return cls(level=level, message=_unescaped(message), place=place)


@dataclass(kw_only=True)
class Step:
    """One step; a composite action's own steps are listed beside it."""

    result: str = ""
    """success, failure or skipped, before continue-on-error."""
    exit_code: int | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    leaked: dict[str, str] = field(default_factory=dict)
    """Outputs of a composite that it does not declare: GitHub would not have them."""
    summary: str = ""
    log: str = ""

    @property
    def annotations(self) -> list[Annotation]:
        """The annotations in the log."""
        found = (Annotation.from_line(line) for line in self.log.splitlines())
        return [annotation for annotation in found if annotation]


@dataclass(kw_only=True)
class Run:
    """One run of a workflow."""

    jobs: dict[str, str] = field(default_factory=dict)
    """By id, with the matrix in brackets: success, failure or skipped."""
    steps: dict[str, Step] = field(default_factory=dict)
    """By `job/step`, and `job/step/inner step` for a composite action."""
    errors: list[str] = field(default_factory=list)

    def note(self, line: str) -> None:
        """Take one line of act's output."""
        event: dict[str, Any] = {"level": "error", "msg": line}
        if line.startswith("{"):
            event = json.loads(line)
        if event["level"] in {"error", "fatal"} and "command" not in event:
            self.errors.append(str(event["msg"]))
        if "jobID" not in event:
            return
        matrix = ",".join(str(value) for value in (event.get("matrix") or {}).values())
        job = event["jobID"] + (f"[{matrix}]" if matrix else "")
        if "jobResult" in event:
            self.jobs[job] = event["jobResult"]
        if event.get("stage") == "Main" and event.get("stepID"):
            self._note_step("/".join([job, *event["stepID"]]), event)

    def _note_step(self, key: str, event: Mapping[str, Any]) -> None:
        step = self.steps.setdefault(key, Step())
        # After a composite's steps act reads the last one's files once more, for the composite.
        again = step.result != "" and any(other.startswith(f"{key}/") for other in self.steps)
        message = str(event.get("msg", ""))
        match event.get("command"):
            case "set-output":
                name, value = event["name"], event["arg"]
                if not (again and step.outputs.get(name) == value):
                    (step.leaked if again else step.outputs)[name] = value
            case "summary":
                step.summary += "" if again else event["content"]
            case None if "stepResult" in event:
                step.result = event["stepResult"]
            case None if code := re.fullmatch(r"exit status (\d+)", message):
                step.exit_code = int(code[1])
            case _:
                pass
        step.log += event.get("raw", message if event.get("raw_output") else "")


def _unescaped(text: str) -> str:
    pairs = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}
    return re.sub("|".join(pairs), lambda found: pairs[found[0]], text)
