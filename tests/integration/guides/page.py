"""Read a guide, play its commands in a shell, compare what it says with what comes.

What a guide may hold is told in CONTRIBUTING.md, under "A guide".
"""

import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ANY = "…"
"""Stands for any text within a line and, alone on a line, for any lines."""
_FENCE = re.compile(r"^```(?P<info>\S*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([^`\s]+)`(?:, [^`]+)?:")
_EXCERPT = re.compile(r"From \[`([^`]+)`\]\(([^)]+)\):$")
_PROMPT = "$ "
_STATUS = "echo $?"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file to be written, by its path below the workspace."""

    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command line and what it says, line by line."""

    line: str
    output: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Lines of a file of this repository, which the test of that file tries."""

    path: str
    text: str


Step: TypeAlias = File | Command | Excerpt


@dataclass(frozen=True, kw_only=True)
class Played:
    """What a command did: its exit code, and the lines of both its streams."""

    code: int
    output: Sequence[str]


def read(text: str) -> list[Step]:
    """Give the steps of a page, in order.

    Raises ValueError for a block that nothing would try.
    """
    found: list[Step] = []
    end = 0
    for fence in _FENCE.finditer(text):
        heading = text[end : fence.start()].strip().rpartition("\n")[2]
        end, body = fence.end(), fence["body"]
        if fence["info"] == "console":
            found += _commands(body)
        elif excerpt := _EXCERPT.search(heading):
            found.append(Excerpt(path=excerpt[1], text=body))
        elif file := _FILE.fullmatch(heading):
            found.append(File(path=file[1], text=body))
        else:
            msg = f"nothing tries the block below {heading!r}"
            raise ValueError(msg)
    return found


def _commands(body: str) -> Iterable[Command]:
    if not body.startswith(_PROMPT):
        msg = f"a console begins with a command, not with {body!r}"
        raise ValueError(msg)
    for part in re.split(rf"^{re.escape(_PROMPT)}", body, flags=re.MULTILINE)[1:]:
        whole = re.match(r"(?:.*\\\n)*.*", part)
        assert whole
        output = [line.rstrip() for line in part[whole.end() :].strip("\n").splitlines()]
        yield Command(line=whole[0], output=output)


def play(
    steps: Iterable[Step], workspace: Path, notes: Path, environment: Mapping[str, str]
) -> list[tuple[Command, Played]]:
    """Write the files and run the commands of a page in one shell, whose folder and variables stay.

    What the commands say is kept in `notes`.
    """
    commands: list[Command] = []
    script = ["exec </dev/null"]
    for number, step in enumerate(steps):
        where = notes / str(number)
        match step:
            case File(path=path, text=text):
                where.write_text(text, encoding="utf-8")
                target = workspace / path
                script += [
                    f"mkdir -p {shlex.quote(str(target.parent))}",
                    f"cp {shlex.quote(str(where))} {shlex.quote(str(target))}",
                ]
            case Command(line=line):
                commands.append(step)
                script += [
                    "(exit ${code:-0})",
                    f"{{ {line}\n}} >{notes}/{len(commands)}.said 2>&1",
                    f"code=$?; echo $code >{notes}/{len(commands)}.code",
                ]
            case Excerpt():
                pass
    subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=workspace, env=dict(environment), check=True
    )
    return [(command, _played(notes / str(n))) for n, command in enumerate(commands, start=1)]


def _played(note: Path) -> Played:
    said = note.with_suffix(".said").read_text(encoding="utf-8")
    return Played(
        code=int(note.with_suffix(".code").read_text(encoding="utf-8")),
        output=[line.rstrip() for line in said.strip("\n").splitlines()],
    )


def flaws(played: Sequence[tuple[Command, Played]]) -> list[str]:
    """Tell where a page is wrong: another output, or an exit code that no next command shows."""
    following = [command.line for command, _ in played[1:]] + [""]
    found = []
    for (command, came), after in zip(played, following, strict=True):
        whole = "\n".join(came.output)
        if came.code and after != _STATUS:
            found.append(f"$ {command.line}\nended with {came.code}:\n{whole}")
        elif flaw := difference(command.output, came.output):
            found.append(f"$ {command.line}\n{flaw} in:\n{whole}")
    return found


def difference(told: Sequence[str], came: Sequence[str]) -> str:
    """Name the first line of what is told that did not come, or came after all that is told."""
    reached = {0}
    for line in told:
        if line.strip() == ANY:
            reached = set(range(min(reached), len(came) + 1))
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split(ANY))))
        reached = {n + 1 for n in reached if n < len(came) and pattern.fullmatch(came[n])}
        if not reached:
            return f"there is no line {line!r}"
    return "" if len(came) in reached else f"there is more than told: {came[max(reached)]!r}"
