"""Says whether a job's cache is restored and kept, before layer-builder itself is set up.

The first step of the action. It reads the inputs and what GitHub says of the run, and writes step
outputs; the steps around it do what those say. Where anything is unclear nothing is restored: a run
without a cache is slower and otherwise the same. It runs on the system's Python, as entrypoint.py does.
"""

import hashlib
import json
import os
import platform
import shutil
import sys

FORMAT = 1  # of what lies in the folder: raise it, and older ones are not restored any more
NAME = "lambda-layer-builder-job"
# A run of these is at code that is in the repository, or in a pull request whose scope ends there.
# Not here, among others: release; pull_request_target, workflow_run and issue_comment, which run at
# the default branch, may have checked out what a stranger proposed, and could keep it for everybody.
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
ORDINARY = ("push", "pull_request", "merge_group", "schedule", "workflow_dispatch", "repository_dispatch")  # fmt: skip
PRIVILEGED = ("pull_request_target", "workflow_run", "issue_comment")
OWN = ORDINARY + ("release",)
SELECTING = ("INPUT_LAYERS", "INPUT_PYTHON", "INPUT_ARCHITECTURE")


def start(environ):
    # type: (dict[str, str]) -> None
    """Write the outputs, and say in one line what is done and why."""
    why = refusal(environ)
    trust = why or distrust(environ, read_event(environ))
    folder = place(environ)
    outputs = {"folder": environ.get("LAYER_BUILDER_CACHE_DIR", ""), "trust": environ.get("LAYER_BUILDER_CACHE_TRUST", "")}  # fmt: skip
    if not why:
        if environ.get("RUNNER_ENVIRONMENT") != "github-hosted":
            # The folder may be another job's, of another repository.
            shutil.rmtree(folder, ignore_errors=True)
        prefixes = keys(environ)
        outputs = {
            "folder": folder,
            "trust": "verified" if trust else "all",
            "restore": "true",
            "save": "false" if trust else "true",
            "key": prefixes[0],
            "less": prefixes[1],
        }
    if why:
        say("cache: not kept between jobs: " + why)
    elif trust:
        say("cache: only what can be checked is taken, and nothing is kept: " + trust)
    write(environ, outputs)


def refusal(environ):
    # type: (dict[str, str]) -> str
    """Say why nothing is restored or kept; nothing where it is."""
    asked = environ.get("INPUT_CACHE", "").strip() or "auto"
    event = environ.get("GITHUB_EVENT_NAME", "")
    command = environ.get("INPUT_COMMAND", "").strip() or "publish"
    is_never = environ.get("INPUT_BUILD", "").strip() == "never"
    is_tag = "tag" in (environ.get("GITHUB_REF_TYPE"), environ.get("GITHUB_REF", "")[5:8])
    rules = [
        (asked == "false", "cache: false"),
        (asked not in ("auto", "true", "false"), "the input cache is not auto, true or false"),
        (sys.platform != "linux", "this is not Linux"),
        (command not in ("build", "publish") or is_never, "this step builds nothing"),
        (environ.get("LAYER_BUILDER_NO_CACHE", "") not in ("", "builds"), "LAYER_BUILDER_NO_CACHE is set"),
        (event in PRIVILEGED, "a run by %s might keep for the default branch what a stranger proposed" % event),
        (not os.path.isabs(place(environ)), "there is no folder for it"),
    ]  # fmt: skip
    for_auto = [
        (environ.get("RUNNER_ENVIRONMENT") != "github-hosted", "this is no runner of GitHub's (cache: true keeps it all the same)"),
        (event not in ORDINARY or is_tag, "releases are built without one"),
        (bool(environ.get("LAYER_BUILDER_CACHE_DIR")), "LAYER_BUILDER_CACHE_DIR is set: whoever set it keeps it"),
    ]  # fmt: skip
    if asked == "auto":
        rules += for_auto
    return next((why for holds, why in rules if holds), "")


def distrust(environ, event):
    # type: (dict[str, str], dict[str, object]) -> str
    """Say why what is restored counts for nothing by itself; nothing where it does.

    What a run can restore was kept by runs of its own branch, of the base branch or of the default
    branch. A pull request has a scope of its own, in which earlier runs of the same pull request kept
    what they liked: from a fork those are a stranger's.
    https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache
    """
    name_of_event = environ.get("GITHUB_EVENT_NAME", "")
    if name_of_event != "pull_request":
        return "" if name_of_event in OWN else "what %r runs at is not known" % name_of_event
    here = environ.get("GITHUB_REPOSITORY", "").lower()
    found = event.get("pull_request")  # type: object
    for name in ("head", "repo", "full_name"):
        found = found.get(name) if isinstance(found, dict) else None
    if here and isinstance(found, str) and found.lower() == here:
        return ""
    return "this pull request is not from a branch of this repository"


def read_event(environ):
    # type: (dict[str, str]) -> dict[str, object]
    """Read what GitHub says of the event; nothing where that cannot be done."""
    try:
        with open(environ.get("GITHUB_EVENT_PATH", ""), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def place(environ):
    # type: (dict[str, str]) -> str
    """Choose the folder: below the home folder where that is as new as the job, else the runner's own.

    It is the same in each run: GitHub finds a cache by the path that it was kept with, too.
    """
    if environ.get("RUNNER_ENVIRONMENT") == "github-hosted":
        return os.path.join(environ.get("HOME", ""), ".cache", NAME)
    return os.path.join(environ.get("RUNNER_TEMP", ""), NAME)


def keys(environ):
    # type: (dict[str, str]) -> tuple[str, str]
    """Give how a key begins: for this manifest and selection, and for this manifest."""
    machine = (environ.get("RUNNER_OS") or platform.system(), environ.get("RUNNER_ARCH") or platform.machine())  # fmt: skip
    of_all = "layer-builder-%d-%s-%s-py%d.%d-" % ((FORMAT,) + machine + sys.version_info[:2])
    manifest = os.path.normpath(environ.get("INPUT_MANIFEST", "").strip() or "layers.yml")
    wide = "%s%s-" % (of_all, digest(manifest))
    selected = [" ".join(sorted(environ.get(name, "").replace(",", " ").split())) for name in SELECTING]  # fmt: skip
    return "%s%s-" % (wide, digest(json.dumps(selected))), wide


def digest(text):
    # type: (str) -> str
    """Shorten a text to what tells it from others; a key takes no comma, and 512 characters."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def write(environ, outputs):
    # type: (dict[str, str], dict[str, str]) -> None
    """Hand on the outputs; one with a line break, which could be read as two, is left out."""
    whole = {name: value for name, value in outputs.items() if value.splitlines() in ([], [value])}
    lines = ["%s=%s\n" % (name, value) for name, value in whole.items()]
    with open(environ["GITHUB_OUTPUT"], "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(lines))


def say(text):
    # type: (str) -> None
    """Print a line where the program's own progress goes."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    start(dict(os.environ))
