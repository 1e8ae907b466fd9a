"""Targets of a layer that share a name on AWS: one release."""

from layer_builder.errors import ManifestError, Problem
from layer_builder.model import Built
from layer_builder.outcome import Outcome


def join_targets(outcome: Outcome) -> None:
    """Make one release of a layer whose targets share a name; they must share the content too."""
    problems = []
    names: dict[str, list[Built]] = {}
    for built in outcome.built.values():
        names.setdefault(built.layer.name, []).append(built)
    for name, members in names.items():
        for built in members:
            outcome.built[built.layer.id] = built.serving([one.layer for one in members])
        targets = sorted(built.layer.target for built in members)
        if len({built.archive.sha256 for built in members}) > 1:
            problems.append(
                Problem(
                    message=f"its targets {', '.join(t.label for t in targets)} have one name on"
                    f" AWS, {name!r}, and not the same content",
                    layer=members[0].layer.key,
                    place=members[0].layer.place,
                    details=tuple(
                        f"{built.layer.target.label}: sha256 {built.archive.sha256}"
                        for built in members
                    ),
                    advice=('tell them apart: name: "{layer}-{python}-{architecture}"',),
                )
            )
    if problems:
        raise ManifestError(*problems)
