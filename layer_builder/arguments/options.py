"""The options of the action's commands: each means the same as the input of its name."""

import argparse
from typing import assert_never

from layer_builder.inputs import INPUT_DEFAULTS, Command

_REHEARSALS = {
    Command.PUBLISH: (
        "say what would be published, write nothing",
        "publish to an AWS inside this process: no account, nothing leaves the machine",
    ),
    Command.ATTACH: (
        "show each function's layers before and after, write nothing",
        "rehearse in an AWS inside this process, with functions made up there",
    ),
    Command.PROMOTE: (
        "say what would be published, write nothing",
        "promote to an AWS inside this process: no account, nothing leaves the machine",
    ),
}
"""What `--dry-run` and `--sandbox` do."""


def add_options(parser: argparse.ArgumentParser, command: Command) -> None:
    """Give the parser of a command its options."""
    if command is not Command.PROMOTE:
        parser.add_argument(
            "--manifest",
            metavar="PATH",
            help=f"the manifest (default: {INPUT_DEFAULTS['manifest']})",
        )
    parser.add_argument("--layers", metavar="KEYS", help="only these, separated by commas")
    if command in {Command.PLAN, Command.BUILD, Command.PUBLISH}:
        parser.add_argument(
            "--python", metavar="VERSIONS", help="only targets with these, such as 3.12,3.13"
        )
        parser.add_argument(
            "--architecture", metavar="NAMES", help="only targets with these: x86_64, arm64"
        )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="list each layer's distributions at the end, and measure advice for all layers",
    )
    parser.add_argument(
        "--output-dir",
        metavar="DIR",
        help=f"where zips and reports go (default: {INPUT_DEFAULTS['output-dir']})",
    )
    if command is not Command.ATTACH:
        parser.add_argument(
            "--s3-bucket", metavar="NAME", help="for zips over 50 MiB; {region} is filled in"
        )
    if command in {Command.BUILD, Command.PUBLISH}:
        parser.add_argument(
            "--require-isolation", choices=("true", "false"), default="true",
            help="false: prove where the system isolates nothing, too",
        )  # fmt: skip
    match command:
        case Command.PLAN | Command.BUILD:
            _add_for_plan(parser, command)
            return
        case Command.PUBLISH:
            _add_for_publish(parser)
        case Command.ATTACH:
            _add_for_attach(parser)
        case Command.PROMOTE:
            _add_for_promote(parser)
        case _:
            assert_never(command)
    rehearsal, sandbox = _REHEARSALS[command]
    if command is not Command.ATTACH:
        parser.add_argument("--s3-prefix", metavar="PREFIX", help="of the objects' keys")
    parser.add_argument(
        "--aws-region", metavar="REGIONS", help="one or several (default: AWS_REGION)"
    )
    parser.add_argument("--account", metavar="ID", help="refuse to work in any other AWS account")
    parser.add_argument("--dry-run", action="store_true", help=rehearsal)
    parser.add_argument(
        "--fail-on-changes", action="store_true",
        help="with --dry-run: leave with exit code 7 when something would change",
    )  # fmt: skip
    parser.add_argument("--sandbox", action="store_true", help=sandbox)


def _add_baseline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline", metavar="PATH", help="a report.json: say what changed since it was written"
    )


def _add_for_plan(parser: argparse.ArgumentParser, command: Command) -> None:
    _add_baseline(parser)
    if command is Command.PLAN:
        parser.add_argument(
            "--aws-region", metavar="REGION",
            help="say what changed since the newest versions there (default: AWS is not asked)",
        )  # fmt: skip


def _add_for_publish(parser: argparse.ArgumentParser) -> None:
    _add_baseline(parser)
    parser.add_argument(
        "--digests", metavar="JSON",
        help="{stem: sha256} as `build` gives it: take up these zips from --output-dir",
    )  # fmt: skip
    parser.add_argument(
        "--build", choices=("auto", "never"),
        help="never: a zip that is missing or is not the one of --digests is an error",
    )  # fmt: skip
    parser.add_argument(
        "--rebuild", action="store_true",
        help="build what AWS has already, by its stamps, and compare the digests",
    )  # fmt: skip


def _said(typed: str) -> str:
    """Give a word as it was typed; an empty one, of a variable that is not set, does not mean all."""
    if not typed.strip():
        raise argparse.ArgumentTypeError(
            f"{typed!r} names nothing: leave it out, or name something"
        )
    return typed


def _add_for_attach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rollback", nargs="*", type=_said, metavar="FUNCTION | LAYER@N | FUNCTION@N",
        help="only these functions; a layer goes back to its version N, a function to the"
        " layers of its own version N",
    )  # fmt: skip
    parser.add_argument(
        "--arns", metavar="PATH|JSON|ssm|newest",
        help="exact versions: layers.json or report.json of a publish, its outputs, the SSM"
        " parameters (default: what publish left in --output-dir, else the newest)",
    )  # fmt: skip
    parser.add_argument(
        "--digests",
        metavar="JSON",
        help="{stem: sha256}: the versions must hold these zips",
    )


def _add_for_promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "arns", nargs="*", type=_said, metavar="ARN|PATH",
        help="versions: ARNs, or layers.json or report.json of a publish (default: the zips"
        " in --output-dir that --digests names)",
    )  # fmt: skip
    parser.add_argument("--digests", metavar="JSON", help="{stem: sha256}: the zips must be these")
    parser.add_argument(
        "--source-profile", metavar="NAME",
        help="the AWS profile that reads the versions (default: the run's credentials)",
    )  # fmt: skip
