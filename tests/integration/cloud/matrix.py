"""Every call of a scenario with every ill: the cases, how one is played, what came of it."""

import itertools
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import judge
from .faults import Fault, Trouble
from .ills import Ill
from .paging import Paging
from .program import Done, Program
from .proxy import Heard, Proxy, Rules
from .sampling import cover
from .scenarios import MATRIX, Scenario, write
from .strict import Strict
from .view import View

_KILLS = frozenset({Fault.KILL_BEFORE, Fault.KILL_AFTER})
_LOST = frozenset({"reset after", "kill -9 after"})
_WRITES = frozenset(
    {
        *("PublishLayerVersion", "DeleteLayerVersion", "UpdateFunctionConfiguration"),
        *("AddLayerVersionPermission", "PutParameter", "CompleteMultipartUpload"),
        *("PublishVersion", "UpdateAlias", "DeleteObject"),
    }
)
_UNSTRUCK = "the fault did not strike: this case shows nothing"
_PLAYS = 5
_NOBODY = frozenset({Fault.REFUSED, Fault.AWAY})


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of one case."""

    scenario: str
    emulator: str
    call: str
    ill: str
    outcome: str
    """`done`: all was published all the same; `told`: exit code 6; `killed`; or another exit code."""
    wrong: list[str]

    def __str__(self) -> str:
        """Name the case and what is wrong with it."""
        return f"{self.call}, {self.ill}: {'; '.join(self.wrong)}"


class Theatre:
    """Plays scenarios before an emulator; `reset` empties it."""

    def __init__(  # noqa: PLR0913 (what a play needs)
        self,
        *,
        program: Program,
        proxy: Proxy,
        view: View,
        reset: Callable[[], object],
        environment: Mapping[str, str],
        folder: Path,
    ) -> None:
        self._program = program
        self._proxy = proxy
        self.view = view
        self._reset = reset
        self._folder = folder
        self.environment = {
            **environment,
            "AWS_ENDPOINT_URL": proxy.url,
            "GITHUB_ACTIONS": "true",
            "LAYER_BUILDER_PATIENCE": "0.02",
        }
        self._numbers = itertools.count()
        self._strict = Strict(proxy.upstream)
        self._rules: Sequence[Rules] = ()
        self._at_first: Sequence[Rules] = ()

    def build(self, scenario: Scenario) -> Path:
        """Build a scenario's layers once; a case publishes what `build` left."""
        folder = self._folder / scenario.name.replace(" ", "-")
        folder.mkdir()
        write(scenario, folder)
        done = self._program.run(*scenario.build, folder=folder, environment=self.environment)
        assert done.code == 0, done.text
        for report in folder.glob("dist/layers/report.*"):
            report.unlink()
        return folder

    def calls(self, scenario: Scenario, built: Path) -> list[Heard]:
        """List the calls of a run in which nothing goes wrong."""
        folder = self.stage(scenario, built)
        done = self.run(scenario, folder)
        assert done.code == scenario.ends, done.text
        shutil.rmtree(folder)
        return list(self._proxy.heard)

    def play(
        self, scenario: Scenario, ill: Ill, calls: Sequence[Heard], built: Path, index: int
    ) -> Verdict:
        """Play a scenario, with the ill at one of its calls.

        Once more where the call did not come: a run that took long looks again before it writes, and
        the one that gave the calls may have taken longer.
        """
        before = calls[index - 1] if index else None
        for _ in range(_PLAYS - 1):
            verdict = self._case(scenario, ill, calls[index], before, built)
            if _UNSTRUCK not in verdict.wrong:
                return verdict
        return self._case(scenario, ill, calls[index], before, built)

    def _case(
        self, scenario: Scenario, ill: Ill, call: Heard, before: Heard | None, built: Path
    ) -> Verdict:
        folder = self.stage(scenario, built)
        older = judge.versions(scenario, self.view)
        self._trouble(ill, call, before)
        done = self.run(scenario, folder, ill.environment)
        there = judge.versions(scenario, self.view, older)
        trace = judge.Trace(done=done, folder=folder, there=there, older=older)
        wrong = judge.after_the_fault(scenario, ill, trace, self.view)
        if before and not any(heard.fault for heard in self._proxy.heard):
            wrong.append(_UNSTRUCK)
        if ill.fault in _KILLS and done.code != judge.KILLED:
            wrong.append(f"was not killed: exit code {done.code}")
        self._proxy.clear()
        self._at_first = ()
        again = self.run(scenario, folder)
        wrong += judge.after_the_rerun(scenario, again, folder, self.view, older)
        shutil.rmtree(folder)
        outcomes = {judge.GOOD: "done", judge.AWS_FAILED: "told", judge.KILLED: "killed"}
        return Verdict(
            scenario=scenario.name,
            emulator="",
            call=str(call),
            ill=ill.name,
            outcome=outcomes.get(done.code, str(done.code)),
            wrong=wrong,
        )

    def stage(self, scenario: Scenario, built: Path) -> Path:
        """Give an empty AWS and a workspace with what `build` left; zips are shared, not copied."""
        self._proxy.clear()
        self._reset()
        scenario.prepare(self.view)
        self._strict = Strict(self._proxy.upstream)
        self._rules = scenario.rules(self.view, self._proxy.url)
        self._at_first = scenario.at_first(self.view)
        folder = self._folder / f"case-{next(self._numbers)}"
        shutil.copytree(built, folder, copy_function=_link)
        if scenario.again:
            done = self.run(scenario, folder)
            assert done.code == 0, done.text
            self._proxy.clear()
        return folder

    def _trouble(self, ill: Ill, call: Heard, before: Heard | None) -> None:
        """Make the ill strike at the call; to refuse it, the one before is the last answered."""
        struck = before if ill.fault in _NOBODY else call
        if struck is None:
            (self._proxy.leave if ill.fault is Fault.AWAY else self._proxy.vanish)()
            return
        self._proxy.troubles = (
            Trouble(
                fault=ill.fault,
                operation=struck.operation,
                nth=struck.nth,
                times=ill.times,
                everywhere=ill.everywhere,
            ),
        )

    def run(
        self, scenario: Scenario, folder: Path, environment: Mapping[str, str] | None = None
    ) -> Done:
        """Run the program in a workspace that was staged."""
        self._proxy.victim = self._program.pid
        strict = (self._strict, Paging()) if scenario.strict else ()
        self._proxy.rules = (*strict, *self._rules, *self._at_first)
        outputs = folder / "outputs"
        outputs.write_text("")
        return self._program.run(
            *scenario.words,
            folder=folder,
            environment={
                **self.environment,
                **scenario.environment,
                **(environment or {}),
                "GITHUB_OUTPUT": str(outputs),
            },
        )


def tried(scenario: Scenario, ill: Ill, calls: Sequence[Heard]) -> list[int]:
    """List the calls that go wrong: of each operation the first and the last."""
    found: dict[str, list[int]] = {}
    for index, heard in enumerate(calls):
        wanted = (scenario.operations, ill.operations)
        if all(some is None or heard.operation in some for some in wanted):
            found.setdefault(heard.operation, []).append(index)
    lasts = {i[-1] for operation, i in found.items() if operation not in scenario.alike}
    return sorted({i[0] for i in found.values()} | (set() if ill.operations else lasts))


def sample(emulator: str, scenario: Scenario, calls: Sequence[Heard]) -> dict[str, set[str]]:
    """Give for each ill of a scenario some of its calls, by name: each call is met, and each ill.

    A write that AWS has done and the program knows nothing of is always among them: there a
    mistake publishes twice. The choice does not depend on the order in which calls came that are
    made at the same time: another worker has another one.
    """
    ills = [ill for on, of, ill in MATRIX if (on, of.name) == (emulator, scenario.name)]
    cells = [
        (ill.name, call)
        for ill in ills
        for call in sorted(str(calls[index]) for index in tried(scenario, ill, calls))
    ]
    given = [(ill, call) for ill, call in cells if ill in _LOST and call.split()[0] in _WRITES]
    found: dict[str, set[str]] = {ill.name: set() for ill in ills}
    for name, call in cover(cells, given):
        found[name].add(call)
    return found


def keep(verdict: Verdict, row: int, index: int) -> None:
    """Write a verdict down for the page, where RELIABILITY_RESULTS names a folder for them.

    The page has them in the order of the files' names; in that of another worker, other calls may
    have the same index.
    """
    if folder := os.environ.get("RELIABILITY_RESULTS"):
        text = json.dumps([asdict(verdict)], indent=1) + "\n"
        Path(folder, f"{row:04}-{index:04}-{verdict.call}.json").write_text(text, "utf-8")


def _link(source: str, target: str) -> None:
    if source.endswith((".zip", ".bin")):
        Path(target).hardlink_to(source)
    else:
        shutil.copy2(source, target)
