"""Pruning of files that are given by path and source."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest

from layer_builder.model.prune_plan import InstalledFile, PrunePlan
from layer_builder.prune.planner import PruneRules

Plan: TypeAlias = Callable[..., PrunePlan]


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Plan the pruning of files, given by path and source; `owners` by path."""

    def prune(
        files: Mapping[str, str],
        owners: Mapping[str, str] | None = None,
        **rules: Any,  # noqa: ANN401 (passed on)
    ) -> PrunePlan:
        contents = {path: source.encode() for path, source in files.items()}
        entries = [InstalledFile(path=path, size=len(source)) for path, source in contents.items()]
        return PruneRules(**rules)(entries, owners or {}, contents.__getitem__)

    return prune
