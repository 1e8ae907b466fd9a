"""Breaks the action, its entry point and the workflow, one place at a time, and sees which tests notice.

`make mutants` plays them all, `ONLY=word` those with the word in their name. Each is made in a copy of
the tree; only the tests that are named beside it are run there, and one that is left out catches nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACTION, ENTRY = "action.yml", "entrypoint.py"
WORKFLOW = ".github/workflows/publish-layers.yml"
PLAYED, INTEGRATION, UNIT = "tests/end_to_end", "tests/integration", "tests/unit"
END_TO_END, BESIDE = "end to end", "unit or integration"
FAILED = 1
"""What pytest ends with when a test failed; https://docs.pytest.org/en/stable/reference/exit-codes.html"""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One thing that somebody could break."""

    name: str
    file: str
    after: str = ""
    """Stands in the file once; what is replaced is the first of its kind behind it."""
    old: str
    new: str
    end_to_end: str = ""
    """The test that must notice; empty where act cannot tell."""
    beside: str
    """The unit or integration test that must notice."""


MUTATIONS = (
    Mutation(
        name="the action drops an input",
        file=ACTION,
        after="      id: run\n",
        old="        INPUT_LAYERS: ${{ inputs.layers }}\n",
        new="",
        end_to_end="test_action.py::test_the_keys_of_layers_may_stand_on_lines_of_their_own",
        beside=f"{UNIT}/test_agreement.py::test_the_step_hands_every_input_on",
    ),
    Mutation(
        name="an output of the action is another's",
        file=ACTION,
        old="value: ${{ steps.run.outputs.layer-arns }}",
        new="value: ${{ steps.run.outputs.layer-arns-by-region }}",
        end_to_end="test_action.py::test_publish_takes_up_what_an_earlier_step_built",
        beside=f"{UNIT}/test_agreement.py::test_the_action_has_the_outputs_that_are_set",
    ),
    Mutation(
        name="the action starts where the caller's modules are found",
        file=ACTION,
        old='run: python3 -I "$GITHUB_ACTION_PATH/entrypoint.py"',
        new='run: python3 "$GITHUB_ACTION_PATH/entrypoint.py"',
        end_to_end="test_action.py::test_a_hostile_workspace_and_environment_change_nothing",
        beside=f"{UNIT}/test_callable_workflow.py::test_no_python_of_ours_looks_at_the_callers_modules",
    ),
    Mutation(
        name="the program starts where the caller's modules are found",
        file=ENTRY,
        old='os.execv(python, [python, "-I", "-c", program] + sys.argv[1:])',
        new='os.execv(python, [python, "-c", program] + sys.argv[1:])',
        end_to_end="test_action.py::test_a_hostile_workspace_and_environment_change_nothing",
        beside=f"{INTEGRATION}/test_set_up.py::test_the_program_starts_alone_and_its_exit_code_is_the_steps",
    ),
    Mutation(
        name="the program's exit code is lost",
        file=ENTRY,
        old="gc.freeze(); sys.exit(code)",
        new="gc.freeze()",
        end_to_end="test_action.py::test_mistakes_in_the_manifest_are_shown_where_they_are",
        beside=f"{INTEGRATION}/test_set_up.py::test_the_program_starts_alone_and_its_exit_code_is_the_steps",
    ),
    Mutation(
        name="the sandbox is not installed",
        file=ENTRY,
        old='        return "sandbox"\n',
        new='        return "run"\n',
        end_to_end="test_action.py::test_the_keys_of_layers_may_stand_on_lines_of_their_own",
        beside=f"{INTEGRATION}/test_set_up.py::test_a_run_gets_the_lock_that_it_needs",
    ),
    Mutation(
        name="the job with credentials builds",
        file=WORKFLOW,
        after="\n  publish:\n",
        old="          build: never\n          digests: ${{ steps.zips.outputs.digests }}\n",
        new="",
        end_to_end="test_reusable.py::test_twelve_zips_are_taken_up_and_published",
        beside=f"{UNIT}/test_callable_workflow.py::test_who_takes_up_builds_nothing",
    ),
    Mutation(
        name="it publishes though a build failed",
        file=WORKFLOW,
        after="\n  publish:\n",
        old="!failure() && !cancelled()",
        new="always()",
        end_to_end="test_reusable.py::test_one_leg_that_fails_keeps_all_from_being_published",
        beside=f"{UNIT}/test_callable_workflow.py::test_publish_waits_for_every_build_and_runs_on_no_pull_request",
    ),
    Mutation(
        name="a pull request publishes",
        file=WORKFLOW,
        after="\n  publish:\n",
        old="!startsWith(github.event_name, 'pull_request') && ",
        new="",
        end_to_end="test_reusable.py::test_a_pull_request_gets_a_comment_and_reaches_no_aws",
        beside=f"{UNIT}/test_callable_workflow.py::test_publish_waits_for_every_build_and_runs_on_no_pull_request",
    ),
    Mutation(
        name="zips are not held to the digests",
        file=WORKFLOW,
        after="\n  publish:\n",
        old="              if path.is_file() and hashlib",
        new="              if path.is_dir() and hashlib",
        end_to_end="test_reusable.py::test_a_zip_that_was_changed_with_its_note_is_refused_before_aws",
        beside=f"{INTEGRATION}/github/test_held_zips.py",
    ),
    Mutation(
        name="zips are published apart from each other",
        file=WORKFLOW,
        after="\n  publish:\n",
        old="          merge-multiple: true\n",
        new="",
        end_to_end="test_reusable.py::test_a_zip_that_was_changed_with_its_note_is_refused_before_aws",
        beside=f"{UNIT}/test_callable_workflow.py::test_who_takes_up_builds_nothing",
    ),
    Mutation(
        name="a build job may sign in to AWS",
        file=WORKFLOW,
        after="\n  build-arm64:\n",
        old="      contents: read # checks out\n",
        new="      contents: read # checks out\n      id-token: write # signs in\n",
        beside=f"{UNIT}/test_callable_workflow.py::test_only_who_installs_nothing_may_sign_in",
    ),
    Mutation(
        name="take_up is switched off",
        file="layer_builder/builder/take_up.py",
        old="        taken: dict[str, BuildResult] = {}\n        problems = []\n",
        new="        taken: dict[str, BuildResult] = {}\n        problems = []\n        groups = []\n",
        end_to_end="test_action.py::test_publish_takes_up_what_an_earlier_step_built",
        beside=f"{INTEGRATION}/publish/test_take_up.py",
    ),
)


def mutate(text: str, mutation: Mutation) -> str:
    """Break a file. Raises ValueError where the place is not there, or is not the only one."""
    head, tail = "", text
    if mutation.after:
        head, mark, tail = text.partition(mutation.after)
        head += mark
    first = mutation.after or mutation.old
    if text.count(first) != 1 or mutation.old not in tail:
        message = (
            f"{mutation.name}: {first!r} and {mutation.old!r} stand otherwise in {mutation.file}"
        )
        raise ValueError(message)
    return head + tail.replace(mutation.old, mutation.new, 1)


def copy_tree(folder: Path) -> Path:
    """Copy the tree as git would have it, with the tools that were built in it."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".cache").mkdir()
    for name in ("bin", "ministack"):
        (folder / ".cache" / name).symlink_to(ROOT / ".cache" / name)
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def notices(tests: Sequence[str], folder: Path) -> str:
    """Give what pytest said where one of the tests fails in a copy; nothing where all pass.

    Raises ValueError where one cannot be run, is skipped, or takes too long.
    """
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    last = (done.stdout.splitlines() or [""])[-1]
    is_late = "TimeoutExpired" in done.stdout
    if is_late or done.returncode not in {0, FAILED} or "skipped" in last or " error" in last:
        message = f"{' '.join(tests)} was not run:\n{done.stdout}{done.stderr}"
        raise ValueError(message)
    return done.stdout if done.returncode else ""


def play(mutation: Mutation, kinds: Collection[str]) -> Mapping[str, str]:
    """Say by kind of test whether it noticed: caught, SURVIVED, or cannot tell."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = copy_tree(Path(name))
        path = folder / mutation.file
        path.write_text(mutate(path.read_text(), mutation))
        tests = named(mutation)
        return {
            kind: ("caught" if notices([test], folder) else "SURVIVED") if test else "cannot tell"
            for kind, test in tests.items()
            if kind in kinds
        }


def named(mutation: Mutation) -> Mapping[str, str]:
    """Give a mutation's tests as pytest names them, by kind."""
    played = f"{PLAYED}/{mutation.end_to_end}" if mutation.end_to_end else ""
    return {END_TO_END: played, BESIDE: mutation.beside}


def check_unbroken(mutations: Sequence[Mutation], kinds: Collection[str]) -> str:
    """Give what the tests say where nothing is broken: one that fails there catches nothing."""
    found = [named(mutation)[kind] for mutation in mutations for kind in kinds]
    tests = dict.fromkeys(test for test in found if test)
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        return notices([*tests], copy_tree(Path(name)))


def main() -> int:
    """Print a row for each mutation; give 1 where one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word in the names of mutations")
    parser.add_argument("--trust", action="store_true", help="do not run the tests unbroken first")
    parser.add_argument("--kind", choices=[END_TO_END, BESIDE], help="tests of this kind alone")
    asked = parser.parse_args()
    kinds = [asked.kind] if asked.kind else [END_TO_END, BESIDE]
    chosen = [one for one in MUTATIONS if asked.only in one.name]
    if not chosen:
        parser.error(f"no mutation has {asked.only!r} in its name")
    os.environ.pop("PYTEST_ADDOPTS", None)
    if said := "" if asked.trust else check_unbroken(chosen, kinds):
        print("with nothing broken:", said, sep="\n")
        return 1
    survived = 0
    print("| mutation | file |", " | ".join(kinds), "| seconds |")
    print("| --- | --- |", " | ".join("---" for _ in kinds), "| ---: |")
    for mutation in chosen:
        began = time.monotonic()
        found = play(mutation, kinds)
        survived += "SURVIVED" in found.values()
        by = {
            kind: test.rpartition("/")[2].replace("::", ": ")
            for kind, test in named(mutation).items()
        }
        cells = [f"{found[kind]} {by[kind]}".strip() for kind in kinds]
        cells = [mutation.name, mutation.file, *cells, f"{time.monotonic() - began:.0f}"]
        print("|", " | ".join(cells), "|", flush=True)
    print(f"{len(chosen)} mutations, {survived} survived")
    return min(survived, 1)


if __name__ == "__main__":
    sys.exit(main())
