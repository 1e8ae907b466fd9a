"""The words of the command line; they mean the same as the action's inputs."""

import argparse
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

import layer_builder
from layer_builder.arguments.answers import add_answers
from layer_builder.arguments.options import add_options
from layer_builder.inputs import INPUT_DEFAULTS, Command
from layer_builder.manifest import Share

_EPILOG = """\
exit codes: 0 good, 1 a bug of ours, 2 manifest or inputs, 3 resolve or install,
            4 proof failed or not isolated, 5 over a limit, 6 AWS, 7 changes found
            where --fail-on-changes asks for that, 130 stopped by Ctrl-C

try it without an AWS account:  layer-builder publish --sandbox
"""


_COMMANDS = {
    Command.PLAN: "resolve the layers, say what they and the functions will weigh; build nothing",
    Command.BUILD: "build and weigh the layers; needs no AWS account",
    Command.PUBLISH: "build the layers and publish those that changed",
    Command.ATTACH: "give the functions of the manifest the versions of their layers",
    Command.PROMOTE: "publish the very bytes of finished layer versions to another account or region",
}


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `--help` and mistakes leave by SystemExit, mistakes with code 2."""
    parser = argparse.ArgumentParser(
        prog="layer-builder",
        description="Lambda layers from one manifest: built for the right platform, pruned,"
        " weighed against AWS's limits, published when they changed.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=layer_builder.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for command, purpose in _COMMANDS.items():
        add_options(
            commands.add_parser(
                str(command), help=purpose, description=purpose, allow_abbrev=False
            ),
            command,
        )
    lock = commands.add_parser(
        "lock", help="choose versions for all layers and write them to layers.lock"
    )
    lock.add_argument("--manifest", metavar="PATH", help="the manifest; its lock lies beside it")
    lock.add_argument("--upgrade", action="store_true", help="look for newer versions of all")
    lock.add_argument(
        "--upgrade-package", action="append", default=[], metavar="NAME", help="… of this one"
    )
    split = commands.add_parser(
        "split",
        help="propose the fewest layers, one on top of the other, for one that is too large",
    )
    split.add_argument("layer", help="the key of the layer")
    split.add_argument("--manifest", metavar="PATH", help="the manifest")
    split.add_argument("--s3-bucket", metavar="NAME", help="with one, a zip may be over 50 MiB")
    split.add_argument("--write", action="store_true", help="write the proposal to the manifest")
    prove = commands.add_parser(
        "prove",
        help="build what functions need, and try their handlers, events and test-commands",
        description="Build the layers of functions, and prove them as a build does. Publishes nothing.",
        allow_abbrev=False,
    )
    prove.add_argument("functions", nargs="*", metavar="FUNCTION", help="only these (default: all)")
    prove.add_argument("--manifest", metavar="PATH", help="the manifest")
    prove.add_argument("--output-dir", metavar="DIR", help="where zips go")
    prove.add_argument(
        "--require-isolation", choices=("true", "false"), default="true",
        help="false: prove where the system isolates nothing, too",
    )  # fmt: skip
    add_answers(commands)
    _add_versions(commands)
    _add_init(commands)
    commands.add_parser("schema", help="print the JSON Schema of layers.yml, for editors")
    return parser.parse_args(arguments)


def input_values(namespace: argparse.Namespace) -> dict[str, str]:
    """Give what was typed by the names of the action's inputs."""
    typed = {name.replace("_", "-"): value for name, value in vars(namespace).items()}
    return {
        name: "true" if value is True else _text(value)
        for name, value in typed.items()
        if name in INPUT_DEFAULTS
        and value not in (None, False)
        and (name != "command" or value in set(Command))
    }


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _add_init(commands: Any) -> None:  # noqa: ANN401 (argparse hides the type)
    init = commands.add_parser(
        "init",
        help="look at the repository and write a layers.yml for it",
        description="Look at requirements, projects and their locks, SAM, Serverless Framework, CDK and"
        " Terraform in the manifest's folder and below, and write a manifest for them; say each guess,"
        " and why. Over a file that is there, print the difference and write nothing.",
        allow_abbrev=False,
    )
    init.add_argument(
        "manifest", nargs="?", metavar="PATH", default=INPUT_DEFAULTS["manifest"],
        help=f"the manifest, or its folder (default: {INPUT_DEFAULTS['manifest']})",
    )  # fmt: skip
    init.add_argument("--manifest", dest="named", metavar="PATH", help="the same")
    init.add_argument(
        "--workflow", action="store_true",
        help="write .github/workflows/publish-layers.yml as well",
    )  # fmt: skip


def _add_versions(commands: Any) -> None:  # noqa: ANN401 (argparse hides the type)
    parser = commands.add_parser(
        "versions",
        help="list the layers' versions on AWS: sizes, growth, users, shares of the limits",
        description="List the versions of the layers on AWS; only reads, but for --orphans."
        " Needs no build.",
        allow_abbrev=False,
    )
    parser.add_argument("--manifest", metavar="PATH", help="the manifest")
    parser.add_argument("--layers", metavar="KEYS", help="only these, separated by commas")
    parser.add_argument(
        "--aws-region", metavar="REGIONS", help="one or several (default: AWS_REGION)"
    )
    parser.add_argument("--account", metavar="ID", help="refuse to work in any other AWS account")
    parser.add_argument(
        "--output-dir", metavar="DIR", help="zips that lie there are not measured again"
    )
    parser.add_argument("--s3-bucket", metavar="NAME", help="with one, a zip may be over 50 MiB")
    parser.add_argument("--json", action="store_true", help="for machines; see docs/versions.md")
    parser.add_argument(
        "--orphans", action="store_true",
        help="delete versions of layers that the manifest has no more, where nobody uses them",
    )  # fmt: skip
    parser.add_argument(
        "--unzipped", type=_count, default=5, metavar="N",
        help="measure so many of the newest versions of each layer, or all (default: 5)",
    )  # fmt: skip
    parser.add_argument(
        "--warn-at", type=_share, metavar="SHARE",
        help="warn from this share of a limit on (default: the manifest's warn-at, else 80%%)",
    )  # fmt: skip
    parser.add_argument(
        "--fail-at", type=_share, metavar="SHARE",
        help="leave with exit code 5 from this share of a limit on",
    )  # fmt: skip


def _count(typed: str) -> int | None:
    """Read how many versions to measure; None for all."""
    if typed == "all":
        return None
    if not typed.isascii() or not typed.isdigit():
        raise argparse.ArgumentTypeError(f"{typed!r} is neither a number nor all")
    return int(typed)


def _share(typed: str) -> float:
    try:
        return TypeAdapter(Share).validate_python(typed)
    except ValidationError:
        message = f"{typed!r} is not a percentage above 0 and up to 100, such as 80%"
        raise argparse.ArgumentTypeError(message.replace("%", "%%")) from None
