"""The options of the commands that answer: what a package would bring, why a distribution is there."""

from typing import Any


def add_answers(commands: Any) -> None:  # noqa: ANN401 (argparse hides the type)
    """Add `try` and `why`."""
    trial = commands.add_parser(
        "try",
        help="say what a package would bring: bytes, limits before and after, the best layer for it",
        description="Say what packages would change in a layer: what comes along, what it weighs"
        " (±10%), whether each function still fits. Writes and builds nothing.",
        allow_abbrev=False,
    )
    trial.add_argument(
        "packages", nargs="+", metavar="PACKAGE", help="a requirement, such as 'scipy>=1.15'"
    )
    trial.add_argument("--layer", metavar="KEY", help="in this layer alone (default: in each)")
    how = trial.add_mutually_exclusive_group()
    how.add_argument("--remove", action="store_true", help="take them out instead")
    how.add_argument("--upgrade", action="store_true", help="take their newest versions instead")
    why = commands.add_parser(
        "why",
        help="say who requires a distribution, layer by layer, and which code imports it",
        description="Say through whom a distribution came into each layer, and which files of the"
        " workspace import it.",
        allow_abbrev=False,
    )
    why.add_argument("distribution", metavar="DIST", help="its name")
    for parser in (trial, why):
        parser.add_argument("--manifest", metavar="PATH", help="the manifest")
        parser.add_argument("--json", action="store_true", help="for machines; see docs/plan.md")
    trial.add_argument("--s3-bucket", metavar="NAME", help="with one, a zip may be over 50 MiB")
