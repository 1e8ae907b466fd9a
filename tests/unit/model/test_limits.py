import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.model.limits import (
    INLINE_ZIP_BYTES,
    MIB,
    REQUEST_BODY_BYTES,
    Budget,
    Limit,
    LimitReading,
    Weight,
    check_limits,
    mib,
    request_body_bytes,
    unzipped_limit,
)

AWS_ZIP, AWS_UNZIPPED = ("zip", 52_428_800), ("unzipped", 262_143_999)


@pytest.mark.parametrize(
    ("budget", "through_s3", "expected"),
    [
        (Budget(), False, [AWS_ZIP, AWS_UNZIPPED]),
        (Budget(), True, [AWS_UNZIPPED]),
        (Budget(zip_bytes=5 * MIB), False, [("zip", 5_242_880), AWS_UNZIPPED]),
        (Budget(zip_bytes=60 * MIB), False, [AWS_ZIP, AWS_UNZIPPED]),
        (Budget(zip_bytes=60 * MIB), True, [("zip", 62_914_560), AWS_UNZIPPED]),
        (Budget(unzipped_bytes=9 * MIB), True, [("unzipped", 9_437_184)]),
        (Budget(unzipped_bytes=250 * MIB), True, [AWS_UNZIPPED]),
    ],
)
def test_the_tighter_of_budget_and_aws_counts(
    budget: Budget,
    through_s3: bool,  # noqa: FBT001 (a column of the table)
    expected: list[tuple[str, int]],
) -> None:
    found = replace(budget, through_s3=through_s3).limits
    assert [(limit.kind, limit.allowed) for limit in found] == expected


def test_the_last_byte_that_aws_takes_still_fits() -> None:
    fits, over = (
        LimitReading(limit=unzipped_limit(), used=used).is_over
        for used in (262_143_999, 262_144_000)
    )
    assert (fits, over) == (False, True)


def test_the_largest_zip_fits_the_request_with_256_kib_to_spare() -> None:
    assert request_body_bytes(INLINE_ZIP_BYTES, 0) == 69_905_068
    assert REQUEST_BODY_BYTES - request_body_bytes(INLINE_ZIP_BYTES, 0) == 262_143


@given(st.binary(max_size=50), st.integers(0, 100))
def test_a_request_is_as_long_as_its_envelope_and_the_padded_base64(
    zipped: bytes, rest: int
) -> None:

    assert request_body_bytes(len(zipped), rest) == rest + len(base64.b64encode(zipped))


def test_each_limit_reads_its_own_number() -> None:
    weight = Weight(zip_bytes=MIB, unzipped_bytes=300 * MIB)
    zipped, unzipped = check_limits(weight, Budget(zip_bytes=4 * MIB).limits)
    assert (zipped.used, zipped.share, zipped.headroom, zipped.is_over) == (
        MIB,
        0.25,
        3 * MIB,
        False,
    )
    assert (unzipped.used, unzipped.headroom, unzipped.is_over) == (300 * MIB, -52_428_801, True)


def test_anything_is_infinitely_over_a_limit_of_nothing() -> None:
    limit = Limit(kind="zip", allowed=0, name="none", reason="a test")
    assert LimitReading(limit=limit, used=1).share == float("inf")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (-1, "-1 B"),
        (1024, "1.0 KiB"),
        (104_857, "102.4 KiB"),
        (104_858, "0.1 MiB"),
        (MIB, "1.0 MiB"),
        (-3 * MIB, "-3.0 MiB"),
        (70_167_211, "66.9 MiB"),
        (10 * 1024 * MIB, "10240.0 MiB"),
    ],
)
def test_bytes_are_shown_in_the_unit_that_suits_them(size: int, shown: str) -> None:
    assert mib(size) == shown
