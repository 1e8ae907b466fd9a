from collections.abc import Callable

import pytest

from layer_builder.attach.sizes import Size
from layer_builder.model.layer import Layer
from layer_builder.model.layer_version import CodeStorage, LayerContent, LayerUser, VersionSummary
from layer_builder.model.limits import MIB, Budget
from layer_builder.model.stamp import Stamp
from layer_builder.versions import inventory, listing
from layer_builder.versions.inventory import (
    Growth,
    LayerHistory,
    RegionInventory,
    Usage,
    VersionRow,
    growth,
)

GIB = 1024 * MIB
STAMP = Stamp(key=f"{'k' * 22}.{'p' * 12}", owner="a/b:layers.yml", commit="0123456789ab")
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:core:"


def entry(number: int, zipped: int | None, unzipped: int | None, *usages: Usage) -> VersionRow:
    return VersionRow(
        version=VersionSummary(
            arn=f"{ARN}{number}",
            number=number,
            created=f"2026-11-{number:02}T10:00:00.000+0000",
            runtimes=("python3.12",),
            architectures=(),
            description=STAMP.write("Core") if number > 2 else "Core",
        ),
        content=None
        if zipped is None
        else LayerContent(sha256="00", size=zipped, location="secret"),
        unzipped=None if unzipped is None else Size(name=ARN, size=unzipped, source="its zip"),
        usages=usages,
    )


@pytest.fixture
def stock(layer: Callable[..., Layer]) -> Callable[..., RegionInventory]:
    def make(*rows: VersionRow, budget: Budget | None = None, used: int = 1) -> RegionInventory:
        core = layer("core", budget=budget or Budget())
        holding = LayerHistory(
            layers=(core,),
            rows=rows,
            deleted={f"{ARN}1": (Usage(function="old", qualifier="7", aliases=("live",)),)},
        )
        storage = CodeStorage(used=used * GIB, allowed=100 * GIB)
        return RegionInventory(
            region="eu-west-1", histories=(holding,), storage=storage, unknown=("x",)
        )

    return make


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (150, 100, Growth(size=50, share=0.5)),
        (50, 100, Growth(size=-50, share=-0.5)),
        (7, 0, Growth(size=7, share=None)),
        (None, 1, None),
        (1, None, None),
    ],
)
def test_growth_is_known_when_both_sizes_are(
    now: int | None, before: int | None, found: Growth | None
) -> None:
    assert growth(now, before) == found


def test_users_are_found_by_layer_version_with_the_aliases_that_lead_there() -> None:
    users = [
        LayerUser(function="b", qualifier="10", layers=(f"{ARN}1",)),
        LayerUser(function="b", qualifier="9", layers=(f"{ARN}1",)),
        LayerUser(function="a", qualifier="$LATEST", layers=(f"{ARN}2", f"{ARN}1")),
        LayerUser(function="c", qualifier="1", layers=(f"{ARN}1",)),
    ]
    found = inventory.usages_by_version(users, {"b": {"9": ["live", "blue"]}, "c": None})
    assert [str(usage) for usage in found[f"{ARN}1"]] == ["a", "b:9 (blue, live)", "b:10", "c:1"]
    assert [str(usage) for usage in found[f"{ARN}2"]] == ["a"]


def test_what_is_in_use_and_not_listed_was_deleted() -> None:
    one = (Usage(function="f", qualifier="$LATEST"),)
    used = {
        f"{ARN}10": one,
        f"{ARN}9": one,
        f"{ARN}3": one,
        ARN.replace("core", "other") + "1": one,
    }
    assert list(inventory.deleted_versions([entry(3, 1, 1).version], used)) == [
        f"{ARN}9",
        f"{ARN}10",
    ]


@pytest.mark.parametrize(
    ("zipped", "unzipped", "through_s3", "above", "kinds"),
    [
        (39 * MIB, 100 * MIB, False, None, []),
        (40 * MIB, 200 * MIB, False, None, ["zip", "unzipped"]),
        (40 * MIB, 10 * MIB, True, None, []),
        # What is over 50 MiB went through S3.
        (60 * MIB, 10 * MIB, False, None, []),
        (40 * MIB, None, False, None, ["zip"]),
        (None, None, False, None, []),
        (30 * MIB, 200 * MIB, False, 0.6, ["zip", "unzipped"]),
        (45 * MIB, 10 * MIB, False, 0.95, []),
    ],
)
def test_the_newest_version_is_held_against_the_limits(  # noqa: PLR0913 (the table's columns)
    stock: Callable[..., RegionInventory], zipped: int | None, unzipped: int | None, above: float | None,
    kinds: list[str], *, through_s3: bool,
) -> None:  # fmt: skip
    rows = entry(2, zipped, unzipped), entry(1, 50 * MIB, 249 * MIB)
    stocks = [stock(*rows, budget=Budget(through_s3=through_s3))]
    found = inventory.inventory_warnings(stocks, above=above)
    assert [problem.message.split(": ")[1].split()[0] for problem in found] == kinds
    assert {problem.layer for problem in found} <= {"core"}


def test_code_storage_and_the_layers_own_thresholds_are_warned_of(
    stock: Callable[..., RegionInventory],
) -> None:
    own = Budget(warn_at=0.1)
    (layer, storage) = inventory.inventory_warnings(
        [stock(entry(1, 6 * MIB, 1), budget=own, used=80)]
    )
    assert layer.message == (
        f"{ARN}1: zip 6.0 MiB is 12% of AWS's limit for a zip sent in the request (50.0 MiB);"
        " 44.0 MiB left"
    )
    assert storage.message == (
        "code storage in eu-west-1: 80.0 GiB used, 80% of 100.0 GiB; 20.0 GiB left for all"
        " functions and layers"
    )
    assert not inventory.inventory_warnings([stock(used=79)])


def test_the_table_aligns_and_the_markdown_says_the_same(
    stock: Callable[..., RegionInventory],
) -> None:
    user = Usage(function="a|b", qualifier="$LATEST")
    stocks = [stock(entry(12, 3 * MIB, 9 * MIB, user), entry(2, 3 * MIB, 10 * MIB))]
    assert listing.render_table(stocks) == (
        "core in eu-west-1\n"
        "  version        date      zip  growth  unzipped           growth  of limit  for         used by  from          content                 owner\n"
        "       12  2026-11-12  3.0 MiB    same   9.0 MiB  -1.0 MiB (-10%)        4%  python3.12  a|b      0123456789ab  kkkkkkkkkkkkkkkkkkkkkk  a/b:layers.yml\n"
        "        2  2026-11-02  3.0 MiB       –  10.0 MiB                –        4%  python3.12  –        –             –                       –\n"
        f"  {ARN}1 was deleted, and is still used by old:7 (live)\n"
        "\n"
        "  code storage in eu-west-1: 1.0 GiB, 1% of 100.0 GiB\n"
        "  not known: x\n"
    )
    page = listing.render_inventory(stocks)
    assert "| 12 | 2026-11-12 | 3.0 MiB | same | 9.0 MiB |" in page
    assert "a\\|b |" in page
    assert "| 0123456789ab | kkkkkkkkkkkkkkkkkkkkkk | a/b:layers.yml |\n" in page
    assert "- code storage in eu-west-1: 1.0 GiB, 1% of 100.0 GiB\n- not known: x\n" in page


def test_the_stamp_of_a_version_is_told(stock: Callable[..., RegionInventory]) -> None:
    data = listing.inventory_data([stock(entry(12, 1, 1), entry(2, 1, 1))], [], "layers.yml")
    stamped, other = data["regions"][0]["layers"][0]["versions"]
    assert stamped["stamp"] == {
        "key": STAMP.key, "owner": "a/b:layers.yml", "commit": "0123456789ab"
    }  # fmt: skip
    assert other["stamp"] is None


def test_no_address_of_a_zip_is_shown(stock: Callable[..., RegionInventory]) -> None:
    stocks = [stock(entry(1, 1, 1))]
    shown = (
        f"{stocks}{listing.inventory_data(stocks, [], 'layers.yml')}{listing.render_table(stocks)}"
    )
    assert "secret" not in shown
