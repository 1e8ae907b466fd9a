"""The masked account id: finds in a workflow why ARNs do not reach its other jobs.

A runner drops a job's outputs that hold a secret, and an ARN holds the account id.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs
"""

import re
from collections.abc import Iterator

from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest import Document, YamlPath, YamlValue, parse_yaml

_ACTION = "aws-actions/configure-aws-credentials@"


# The account id is masked unless told otherwise up to v2:
# https://github.com/aws-actions/configure-aws-credentials/issues/459
_MASKING_VERSION = re.compile(r"v?[12](\.|\b)")


_COMMENT = re.compile(r"#\s*(\S+)")


# Names of contexts have no case, and `secrets.NAME` may be written `secrets['NAME']`:
# https://docs.github.com/en/actions/reference/workflows-and-actions/contexts
_REFERENCE = r"\$\{\{\s*secrets(?:\.|\[')(\w+)(?:'\])?\s*\}\}"


_WITHIN = re.compile(
    rf"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:{_REFERENCE}:|{_REFERENCE}\.dkr\.ecr\.", re.IGNORECASE
)
"""Where only an account id fits: in an ARN, and in the name of an ECR registry."""


_ALONE = re.compile(_REFERENCE, re.IGNORECASE)


_NAMED_SO = re.compile(r"(AWS.*|^)ACCOUNT_?(ID|NUMBER|NUM|NO)(_|$)|AWS_ACCOUNT$", re.IGNORECASE)
"""Not every account is AWS's."""


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow, and which of its jobs runs."""

    file: str
    text: str
    job: str


def find_masking(workflow: Workflow) -> Problem | None:
    """Warn of an account id that is masked in a job which has outputs for others.

    None when nothing is found, or the job does not stand in the file.
    """
    read = parse_yaml(workflow.text, workflow.file)
    jobs = read.value.get("jobs") if isinstance(read.value, dict) else None
    job = jobs.get(workflow.job) if isinstance(jobs, dict) else None
    if not isinstance(job, dict) or not job.get("outputs"):
        return None
    findings = [
        *_by_action(read, job, ("jobs", workflow.job), workflow),
        *_by_secret(read, job, ("jobs", workflow.job), workflow),
    ]
    top = read.value.get("env") if isinstance(read.value, dict) else None
    findings += _by_secret(read, top, ("env",), workflow)
    if not findings:
        return None
    return Problem(
        message="the account id is masked here: outputs with ARNs arrive empty in other jobs",
        place=findings[0].place,
        details=tuple(f"{finding.place}: {finding.why}" for finding in findings),
        advice=(
            *dict.fromkeys(finding.advice for finding in findings),
            "or hand the ARNs on without outputs: ssm: in the manifest, or layers.json of the"
            " output dir as an artifact",
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """Something that masks the account id."""

    place: Place
    why: str
    advice: str


def _by_action(
    read: Document, job: dict[str, YamlValue], at: YamlPath, workflow: Workflow
) -> Iterator[_Finding]:
    steps = job.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else ()):
        uses = step.get("uses") if isinstance(step, dict) else None
        if not isinstance(uses, str) or not uses.lower().startswith(_ACTION):
            continue
        path: YamlPath = (*at, "steps", index)
        given = step.get("with") if isinstance(step, dict) else None
        mask = given.get("mask-aws-account-id") if isinstance(given, dict) else None
        advice = 'set mask-aws-account-id: "false": AWS holds account ids not to be secret'
        # An action gets every input as text, whatever YAML makes of it:
        # https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#inputs
        if str(mask).strip().lower() == "true":
            place = read.place((*path, "with", "mask-aws-account-id"))
            yield _Finding(place=place, why="mask-aws-account-id is true", advice=advice)
        elif mask in {None, ""}:
            place = read.place((*path, "uses"))
            version = uses.partition("@")[2]
            line = workflow.text.splitlines()[(place.line or 1) - 1]
            # Who pins a commit says its version in a comment behind it:
            # https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions
            if re.fullmatch("[0-9a-f]{40}", version) and (comment := _COMMENT.search(line)):
                version = comment[1]
            if _MASKING_VERSION.match(version):
                why = f"configure-aws-credentials {version} masks it unless told not to"
                yield _Finding(place=place, why=why, advice=advice)


def _by_secret(
    read: Document, value: YamlValue, at: YamlPath, workflow: Workflow
) -> Iterator[_Finding]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _by_secret(read, inner, (*at, key), workflow)
        case list():
            for index, inner in enumerate(value):
                yield from _by_secret(read, inner, (*at, index), workflow)
        case str():
            for name, reference in _secrets(value).items():
                yield _Finding(
                    place=_spot(read.place(at), reference, workflow),
                    why=f"the secret {name} is an account id",
                    advice=f"make {name} a variable: ${{{{ vars.{name} }}}}",
                )
        case _:
            pass


def _secrets(text: str) -> dict[str, str]:
    """Find secrets that are account ids, by name; with the reference as it is written."""
    references = {match[1] or match[2]: match[0] for match in _WITHIN.finditer(text)}
    for match in _ALONE.finditer(text):
        if _NAMED_SO.search(match[1]):
            references.setdefault(match[1], match[0])
    return references


def _spot(start: Place, reference: str, workflow: Workflow) -> Place:
    """Find the line, where a text has several."""
    lines = workflow.text.splitlines()
    for number in range(start.line or 1, len(lines) + 1):
        if (column := lines[number - 1].find(reference)) >= 0:
            return Place(file=workflow.file, line=number, column=column + 1)
    return start
