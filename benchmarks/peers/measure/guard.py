"""What the static guard costs: reading the kept sources for what they import."""

import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.peers.results import Guard as Cost
from benchmarks.peers.sets import CORE
from layer_builder.model.settings import PruneProfile
from layer_builder.model.target import Target
from layer_builder.prune import rules
from layer_builder.prune.guard import Guard
from layer_builder.prune.planner import PruneRules
from layer_builder.resolve import index_settings
from layer_builder.resolve.uv import Uv
from layer_builder.sources.requirements import Requirements
from layer_builder.tree.distributions import Installation
from layer_builder.tree.tree import Tree
from layer_builder.wheels import Wheels


def measure(rounds: int, target: Target, build: float) -> Cost:
    """Time the guard on core-deps, pruned aggressively; `build` is what a whole build takes."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree.below(Path(folder))
        of_uv = index_settings.index_environment(os.environ, {})
        uv = Uv(environ=of_uv, wheels=Wheels.around(of_uv, os.environ))
        [lines] = CORE.layers.values()
        asked = Requirements(lines=lines, names=frozenset(lines))
        uv.install(uv.resolve(asked, target), asked, target, tree.root)
        entries = tree.scan()
        owners = Installation(files=entries, distributions=tree.distributions(entries)).owners
        plan = PruneRules(profile=PruneProfile.AGGRESSIVE)(entries, owners, tree.read)
        by_name = {rule.name: rule for rule in (*rules.AGGRESSIVE, rules.INSTALLERS_RULE)}
        gone = [(r.entry.path, r.rule) for r in plan.removals]
        gone += [(r.path, r.rule) for r in plan.restored]
        guard = Guard(
            paths={entry.path for entry in entries},
            candidates={path: by_name[rule] for path, rule in gone},
            owners=owners,
            read=tree.read,
        )
        return Cost(guard=statistics.median(_timed(guard) for _ in range(rounds)), build=build)


def _timed(work: Guard) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
