"""Masking: outputs that GitHub drops because they hold what was registered as a secret.

The runner leaves out every job output that contains a secret's value, and an account id is part of
every ARN: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#needs-context
(and "Skip output … since it may contain secret" in the runner's log). Whether an id is registered
cannot be asked; the workflow file says what makes it so.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from layer_builder.document import Document, Path, Value, parse
from layer_builder.errors import Place, Problem

LOGIN = "aws-actions/configure-aws-credentials"
_OLD = re.compile(r"@v?[12](?=[.\s\"']|$)|#\s*v?[12](?=[.\s]|$)")
"""Versions that mask the account id unless told otherwise; 3 and later do not."""
_SECRET_ACCOUNT = re.compile(r":iam::\$\{\{\s*secrets\.[A-Za-z0-9_]+\s*\}\}:")
_SECRET = re.compile(r"\$\{\{\s*secrets\.(\w+)\s*\}\}")

_ADVICE = (
    "an output that holds a secret arrives empty in other jobs; outputs within this job are whole",
    'make the account id public: mask-aws-account-id: "false", and vars. instead of secrets. for it',
    "or hand the ARNs on by ssm: in the manifest, or by the file layers.json in the output dir as an"
    " artifact",
)


def find(text: str, file: str, environ: Mapping[str, str], account: str) -> Problem | None:
    """Say where the account id of the ARNs becomes a secret, None when nothing shows it does.

    `text` is that of the workflow's file, empty where it cannot be read; `account` is not told in
    what comes back.
    """
    found = next(_causes(text, file, environ, account), None)
    if found is None:
        return None
    place, why = found
    return Problem(
        message="the ARNs will be missing from the outputs of this job: GitHub drops outputs that"
        " hold a secret, and the account id in them is one",
        place=place,
        details=(why,),
        advice=_ADVICE,
    )


def _causes(
    text: str, file: str, environ: Mapping[str, str], account: str
) -> Iterator[tuple[Place | None, str]]:
    workflow, lines = parse(text, file), text.splitlines()
    job = environ.get("GITHUB_JOB", "")
    for path, mapping in _mappings(workflow.value):
        if path[:1] == ("jobs",) and path[1:2] not in {(), (job,)}:
            continue
        uses = mapping.get("uses")
        if isinstance(uses, str) and uses.partition("@")[0].lower() == LOGIN:
            yield from _by_login(workflow, lines, path, mapping)
        for name, value in mapping.items():
            # Only a variable that we have ourselves shows that its value is the account id.
            secret = _SECRET.fullmatch(value.strip()) if isinstance(value, str) else None
            if path[-1:] == ("env",) and secret and environ.get(name) in {account, "***"}:
                place = workflow.place((*path, name))
                yield place, f"{name} is the secret {secret[1]}, and the account id"
    for name in sorted(name for name, value in environ.items() if value == "***"):
        yield None, f"the variable {name} is *** here: it was taken from an output or a log"


def _by_login(
    workflow: Document, lines: Sequence[str], path: Path, step: Mapping[str, Value]
) -> Iterator[tuple[Place, str]]:
    """Look at a step that logs in."""
    given = step.get("with")
    inputs = given if isinstance(given, dict) else {}
    masks = inputs.get("mask-aws-account-id")
    place = workflow.place((*path, "uses"))
    line = lines[place.line - 1] if place.line and place.line <= len(lines) else ""
    if str(masks).lower() == "true":
        where = workflow.place((*path, "with", "mask-aws-account-id"))
        yield where, "mask-aws-account-id is true"
    elif masks is None and _OLD.search(line):
        yield place, f"{LOGIN} masks the account id up to version 2"
    role = inputs.get("role-to-assume")
    if isinstance(role, str) and _SECRET_ACCOUNT.search(role):
        where = workflow.place((*path, "with", "role-to-assume"))
        yield where, "the account id in role-to-assume is a secret"


def _mappings(value: Value, path: Path = ()) -> Iterator[tuple[Path, dict[str, Value]]]:
    """Walk all mappings of a document."""
    if isinstance(value, dict):
        yield path, value
        for key, part in value.items():
            yield from _mappings(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _mappings(part, (*path, index))
