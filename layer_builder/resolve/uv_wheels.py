"""Wheels before they are installed: where uv would take them from, and uv's own way to fetch them.

Flags: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile.
"""

import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from layer_builder.errors import InstallError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin, Target
from layer_builder.resolve.uv import Uv
from layer_builder.resolve.uv_options import platform_options
from layer_builder.resolve.uv_words import uninstalled, unreached
from layer_builder.sources import Requirements


@dataclass(frozen=True, kw_only=True)
class UvWheels:
    """Asks uv about wheels: to look at, never to pack."""

    uv: Uv

    def locate(self, pins: Sequence[Pin], requirements: Requirements, target: Target) -> str:
        """Write a `pylock.toml` of pins: the wheel of each that suits the target, with its address.

        Empty where uv cannot tell, which then is for whoever installs them to say. Logins are not
        in the addresses, even where they are in those of the indexes.
        """
        own = self.uv.place(requirements).found
        lines = (
            *requirements.options,
            *(f"{p.name}=={p.version}" for p in pins if p.name not in own),
        )
        with tempfile.TemporaryDirectory() as folder:
            asked, found = Path(folder, "asked.txt"), Path(folder, "pylock.toml")
            asked.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            words = (
                "pip", "compile",
                "--python", sys.executable,
                "--only-binary", ":all:",
                *platform_options(target, target.uv_platform),
                "--no-deps",
                "--format", "pylock.toml",
                "--output-file", str(found),
                str(asked),
            )  # fmt: skip
            # The index has answered a moment ago, when the versions were chosen.
            if self.uv.run(*words, "--offline").returncode and self.uv.run(*words).returncode:
                return ""
            return found.read_text(encoding="utf-8")

    def unpack(
        self,
        pins: Sequence[Pin],
        requirements: Requirements,
        target: Target,
        into: Path,
        build: Collection[str] = (),
    ) -> None:
        """Have uv fetch wheels whole and unpack them, from its cache where they are there.

        Nothing is compared with what was known of them. Raises InstallError with uv's reason.
        """
        placed = self.uv.place(requirements)
        text = "".join(f"{option}\n" for option in requirements.options) + placed.to_install(pins)
        mine = {pin.name for pin in pins}
        made = tuple(name for name in placed.build(build) if name in mine)
        done = self.uv.fill(text, target, into, made, cache=None, offline=False)
        if done.returncode:
            raise InstallError(
                unreached(done.stderr, self.uv.environ) or uninstalled(done.stderr, target)
            )
