"""Reads what a run is asked for: the manifest, the files it names, the lock beside it."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from layer_builder.addresses import tell_local_projects
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError, ManifestError, Place, Problem, did_you_mean
from layer_builder.functions import absent_files, evidence_of, src_layout_problems
from layer_builder.inputs import Command, Inputs
from layer_builder.manifest import Manifest, list_requirements_files, read_manifest
from layer_builder.model import (
    Architecture,
    Bytecode,
    FileToInclude,
    Layer,
    Project,
    Python,
    Reference,
    Stack,
    Target,
)
from layer_builder.outcome import Outcome
from layer_builder.projects import ProjectFiles, ProjectLines, find_project, read_project
from layer_builder.resolve import Installer, Lockfile
from layer_builder.sources import (
    LayerRequest,
    ReadText,
    Requirements,
    RequirementsSource,
    Tell,
    Workspace,
    collect_files,
    collect_requirements,
    make_request,
)
from layer_builder.stack_services import CodeFinder

MOST_MANIFEST_BYTES = 1024 * 1024


ANY_TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
"""For a manifest whose own target cannot be read: what a file says wrong, it says for all."""


def read(inputs: Inputs, workspace: Workspace) -> Manifest:
    """Read the manifest and keep the layers that are asked for.

    Raises ManifestError with every mistake in it and in the files that it names.
    """
    path = Path(inputs.manifest)
    try:
        text = workspace.load(path, MOST_MANIFEST_BYTES)
    except FileNotFoundError:
        raise workspace.no_manifest(path) from None
    except (OSError, ValueError) as error:
        raise ManifestError.because(f"{inputs.manifest} cannot be read: {error}") from None
    try:
        whole = read_manifest(
            text, inputs.manifest, through_s3=bool(inputs.s3_bucket), locate=workspace.locate
        )
        _refuse_unknown_digests(inputs, whole)
        chosen = whole.select(inputs.layers, inputs.pythons, inputs.architectures)
    except ManifestError as error:
        named = list_requirements_files(text, inputs.manifest, workspace.locate)
        source = replace(_source(inputs, workspace), variables=None)
        _, mistakes = collect_requirements(named, (), source, ANY_TARGET)
        raise ManifestError(*error.problems, *dict.fromkeys(mistakes)) from None
    if inputs.command is Command.PUBLISH:
        chosen.refuse_parts_of_versions(whole)
    return chosen


def _refuse_unknown_digests(inputs: Inputs, manifest: Manifest) -> None:
    stems = {layer.stem for layer in manifest.layers}
    unknown = [stem for stem in inputs.digests or () if stem not in stems]
    if unknown:
        raise ManifestError(
            *(
                Problem(
                    message=f"input digests names {stem!r}, which is the zip of no layer",
                    place=Place(file=inputs.manifest),
                    advice=did_you_mean(stem, stems),
                )
                for stem in unknown
            )
        )


def _requirements(
    layer: Layer,
    inputs: Inputs,
    workspace: Workspace,
    installer: Installer | None,
    tell: Tell,
) -> tuple[Requirements, tuple[Problem, ...]]:
    """Collect what a layer's files, packages and project ask for.

    Without an installer, which reads a uv.lock, digests stand there: its own, and of what is local.
    """
    source = _source(inputs, workspace, (layer,), tell)
    if not layer.project:
        return collect_requirements(layer.requirements, layer.packages, source, layer.target)
    try:
        files, lines = _read_project(layer, layer.project, workspace)
        text = lines.text
        if installer and lines.for_uv:
            text = installer.export(workspace.find(files.folder), lines.for_uv)
    except LayerBuilderError as error:
        return Requirements(), error.about(layer.key, layer.project.place).problems
    is_unread = bool(lines.for_uv) and not installer
    named = layer.requirements
    if text or not is_unread:
        read = _with(source.read, files.path, text)
        source = replace(source, read=read, generated=frozenset({files.path}))
        named = (*named, Reference(text=files.path, place=layer.project.place))
    asked, mistakes = collect_requirements(named, layer.packages, source, layer.target)
    if is_unread:
        unread = (files.folder, files.path, sha256(files.content.encode()).hexdigest())
        asked = replace(asked, lines=(*asked.lines, " ".join((*unread, *lines.for_uv))))
    return asked, mistakes


def _read_project(
    layer: Layer, project: Project, workspace: Workspace
) -> tuple[ProjectFiles, ProjectLines]:
    """Read what a project asks for. Raises ManifestError."""

    def read(path: str) -> str | Problem | None:
        return workspace.read(path) if os.path.lexists(workspace.find(path)) else None

    if not os.path.lexists(workspace.find(project.path)):
        raise ManifestError.because(
            f"project: there is nothing at {project.path}",
            advice=workspace.seen_from_elsewhere(project.path),
        )
    files = find_project(project, read, workspace.base.relative_to(workspace.root).parts)
    return files, read_project(files, project, layer.target)


def test_requirements(stack: Stack, inputs: Inputs, workspace: Workspace) -> Requirements:
    """Read what a function's test-command requires. Raises ManifestError."""
    test = stack.settings.test
    requires = test.requires if test else ()
    source = _source(inputs, workspace, stack.layers)
    asked, mistakes = collect_requirements((), requires, source, stack.target)
    if mistakes := (*mistakes, *asked.refused_builds(())):
        raise ManifestError(*mistakes)
    return asked


def _source(
    inputs: Inputs,
    workspace: Workspace,
    layers: Iterable[Layer] = (),
    tell: Tell = lambda _: None,
) -> RequirementsSource:
    return RequirementsSource(
        read=lambda path: workspace.read_requirements(path, tell),
        folder=str(Path(inputs.manifest).parent),
        folder_of=workspace.folder_of,
        origins=workspace.index_origins,
        variables={name: workspace.environ.get(name)
                   for layer in layers for name in layer.variables},
        tell=tell,
        direct=workspace.direct,
    )  # fmt: skip


def _digest(path: Path, workspace: Workspace) -> str:
    """Give the SHA-256 of a lock; nothing for one that cannot be read, as whoever needs it says."""
    try:
        return sha256(workspace.load(path).encode()).hexdigest()
    except (OSError, ValueError, ManifestError):
        return ""


def _with(read: ReadText, path: str, text: str) -> ReadText:
    return lambda asked: text if asked == path else read(asked)


def choose_regions(outcome: Outcome, default: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Choose where to work: the input says it, else the manifest, else the environment.

    Writes them into the outcome's inputs, and gives them. Raises ManifestError when nobody says it.
    """
    named = outcome.manifest.regions if outcome.manifest else ()
    chosen = outcome.inputs.regions or named or default()
    if not chosen:
        raise ManifestError.because(
            "no AWS region is named",
            advice=("set the input aws-region, regions: in the manifest, or AWS_REGION",),
        )
    outcome.inputs = replace(outcome.inputs, regions=chosen)
    return chosen


def requests(
    outcome: Outcome, workspace: Workspace, installer: Installer | None, reporter: Reporter
) -> list[LayerRequest]:
    """Read every file that the layers name; raise all mistakes at once.

    Without an installer nothing is run: what the requests ask for is not to be installed, but their
    keys are the same.
    """
    problems: list[Problem] = []
    gathered, tell = [], reporter.notice
    lock = _digest(lock_path(outcome.inputs), workspace)
    for layer in (*outcome.layers, *outcome.relatives):
        written, mistakes = _requirements(layer, outcome.inputs, workspace, None, tell)
        asked = written
        if installer and layer.project and not mistakes:
            asked, mistakes = _requirements(layer, outcome.inputs, workspace, installer, tell)
        files = collect_files(workspace, layer.include, layer.exclude)
        problems += [
            replace(problem, layer=problem.layer or layer.key)
            for problem in (*mistakes, *asked.refused_builds(layer.build), *files.problems)
        ]
        if layer.include and not (files.files or files.problems or asked.lines):
            problems.append(replace(files.nothing, layer=layer.key, place=layer.include[0].place))
        if installer and layer in outcome.layers:
            files.tell_left_out(layer, reporter)
            tell_local_projects(layer, asked.direct, reporter)
            for warning in src_layout_problems(layer, files.files, workspace.base, outcome.ties):
                reporter.warn(warning)
        if not problems:
            gathered.append(make_request(layer, asked, files, written=written, lock=lock))
    for stack in outcome.functions if installer else ():
        problems += absent_files(stack, workspace)
    if problems:
        raise ManifestError(*dict.fromkeys(problems))
    return _with_functions(with_code(gathered, outcome, workspace), outcome, workspace)


def _with_functions(
    requests: list[LayerRequest], outcome: Outcome, workspace: Workspace
) -> list[LayerRequest]:
    """Add which functions decide the bytecode of `auto`: all that have the layer, if all are tried.

    Raises ManifestError for code and events that are not there.
    """
    found = []
    for request in requests:
        having = [stack for stack in outcome.ties if request.layer in stack.layers]
        loaded_by = tuple(
            sha256(json.dumps(evidence_of(stack, workspace, "")).encode()).hexdigest()
            for stack in having
            if request.layer.bytecode is Bytecode.AUTO
            and all(one.settings.handler and one in outcome.functions for one in having)
        )
        found.append(replace(request, loaded_by=loaded_by))
    return found


def with_code(
    requests: list[LayerRequest], outcome: Outcome, workspace: Workspace
) -> list[LayerRequest]:
    """Add what the workspace's code asks of the AWS SDK, where `sdk: auto` wants to know.

    Raises ManifestError for what a function's `code:` names and is not there.
    """
    folder = Path(outcome.inputs.manifest).parent

    def code_of(function: Stack) -> tuple[FileToInclude, ...]:
        files = collect_files(workspace, function.settings.code, ())
        if files.problems:
            raise ManifestError(*files.problems)
        return files.files

    finder = CodeFinder(
        code_of=code_of,
        shown=lambda path: os.path.normpath(folder / workspace.relative(path)),
    )
    return finder.complete(requests, outcome.ties)


def lock_path(inputs: Inputs) -> Path:
    """Say where the lock of a manifest lies: beside it, `layers.lock` for `layers.yml`.

    That is where the file lies, as for all paths in it, and not a link to it.
    """
    named = Path(inputs.manifest)
    place = Path(os.path.relpath(os.path.realpath(named))) if named.is_symlink() else named
    return place.with_suffix(".lock")


def lock_of(inputs: Inputs, workspace: Workspace) -> Lockfile | None:
    """Read the lock of the manifest, None when there is none. Raises ManifestError."""
    path = lock_path(inputs)
    if not os.path.lexists(path):
        return None
    try:
        text = workspace.load(path)
    except (OSError, ValueError) as error:
        raise ManifestError.because(f"{path} cannot be read: {error}") from None
    return Lockfile.parse(text, str(path))
