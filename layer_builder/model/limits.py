"""Lambda's numbers with names, and whether a weight fits them.

Sources: Lambda quotas, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html,
and the texts of the API's own errors.
"""

from typing import Literal

from layer_builder.lazy_dataclasses import dataclass

KIB = 1024


MIB = 1024 * KIB


INLINE_ZIP_BYTES = 50 * MIB
"""The largest zip that PublishLayerVersion takes in the request itself, inclusive."""


REQUEST_BODY_BYTES = 70_167_211
"""The API answers "Request must be smaller than 70167211 bytes": the whole JSON body, exclusive.

It is 50 MiB in base64 plus 256 KiB.
"""


UNZIPPED_BYTES = 250 * MIB
"""Function code and all its layers, unzipped, exclusive ("must be smaller than 262144000")."""


LAYERS_PER_FUNCTION = 5


DESCRIPTION_CHARACTERS = 256


LICENSE_CHARACTERS = 512


LAYER_NAME_PATTERN = r"[a-zA-Z0-9-_]{1,140}"
"""LayerName in the Lambda API model; botocore does not check it."""


LAYER_VERSION_ARN_PATTERN = (
    r"^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:(\d{12}|aws):layer:[a-zA-Z0-9-_]+:\d+$"
)


ACCOUNT_PATTERN = r"\d{12}"


REGION_PATTERN = r"[a-z]{2,}(-[a-z]+)+-\d"


DEFAULT_WARN_AT = 0.8


@dataclass(frozen=True, kw_only=True)
class Weight:
    """Bytes as AWS counts them: the zip file, and the sum of the sizes of the files in it."""

    zip_bytes: int
    unzipped_bytes: int


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit that applies to a layer, and why it exists."""

    kind: Literal["zip", "unzipped"]
    allowed: int
    """Bytes, inclusive: the largest weight that still fits."""
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a layer may weigh: the user's own limits where set, never looser than AWS's."""

    zip_bytes: int | None = None
    unzipped_bytes: int | None = None
    warn_at: float = DEFAULT_WARN_AT
    """Share of a limit, 0 to 1, from which a warning is due."""
    through_s3: bool = False
    """Whether a zip may go through S3, where AWS has no limit for it."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that apply: the tightest for the zip (if any) and for the unzipped size."""
        return _limits_for(self)


@dataclass(frozen=True, kw_only=True)
class LimitReading:
    """A weight held against one limit."""

    limit: Limit
    used: int

    @property
    def share(self) -> float:
        """Used over allowed; above 1 means over the limit."""
        return self.used / self.limit.allowed if self.limit.allowed else float("inf")

    @property
    def headroom(self) -> int:
        """Bytes still free; negative when over."""
        return self.limit.allowed - self.used

    @property
    def is_over(self) -> bool:
        """Whether the weight breaks the limit."""
        return self.headroom < 0


def _limits_for(budget: Budget) -> tuple[Limit, ...]:
    limits = []
    if budget.zip_bytes is not None and (budget.through_s3 or budget.zip_bytes < INLINE_ZIP_BYTES):
        limits.append(
            Limit(
                kind="zip",
                allowed=budget.zip_bytes,
                name="limits.zip of the manifest",
                reason="your own budget, tighter than AWS's",
            )
        )
    elif not budget.through_s3:
        limits.append(
            Limit(
                kind="zip",
                allowed=INLINE_ZIP_BYTES,
                name="AWS's limit for a zip sent in the request",
                reason="a zip is sent inside a JSON request as base64, and AWS takes 50 MiB of zip"
                f" (a body smaller than {REQUEST_BODY_BYTES:,} bytes); through S3 there is no such"
                " limit",
            )
        )
    if budget.unzipped_bytes is not None and budget.unzipped_bytes < UNZIPPED_BYTES:
        limits.append(
            Limit(
                kind="unzipped",
                allowed=budget.unzipped_bytes,
                name="limits.unzipped of the manifest",
                reason="your own budget, tighter than AWS's",
            )
        )
    else:
        limits.append(unzipped_limit())
    return tuple(limits)


def unzipped_limit() -> Limit:
    """Give AWS's limit on unpacked bytes, which a function and its layers share."""
    return Limit(
        kind="unzipped",
        allowed=UNZIPPED_BYTES - 1,
        name="AWS's limit for everything unzipped",
        reason="a function and all its layers share 250 MiB on disk: AWS wants the sum smaller"
        f" than {UNZIPPED_BYTES:,} bytes, and no setting or S3 upload raises it",
    )


def check_limits(weight: Weight, limits: tuple[Limit, ...]) -> tuple[LimitReading, ...]:
    """Hold a weight against each limit."""
    used = {"zip": weight.zip_bytes, "unzipped": weight.unzipped_bytes}
    return tuple(LimitReading(limit=limit, used=used[limit.kind]) for limit in limits)


def request_body_bytes(zip_bytes: int, envelope_bytes: int) -> int:
    """Size the PublishLayerVersion body: the JSON around the zip, and the zip in padded base64."""
    return envelope_bytes + 4 * -(-zip_bytes // 3)


def gib(size: int) -> str:
    """Show bytes for a reader in GiB with one decimal.

    >>> gib(80_530_636_800)
    '75.0 GiB'
    """
    return f"{size / (1024 * MIB):.1f} GiB"


def counted(number: int, noun: str) -> str:
    """Count things for a reader.

    >>> counted(1, "distribution"), counted(1200, "file")
    ('1 distribution', '1,200 files')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def mib(size: int) -> str:
    """Show bytes for a reader: in MiB with one decimal, in KiB or bytes when small."""
    if abs(size) < KIB:
        return f"{size} B"
    if abs(size) < MIB / 10:
        return f"{size / KIB:.1f} KiB"
    return f"{size / MIB:.1f} MiB"
