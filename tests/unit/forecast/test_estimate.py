"""The sums of an estimate, what it leaves open, and when it says that a layer cannot fit."""

import zipfile
from dataclasses import replace
from typing import Literal

import pytest

from layer_builder.errors import Place
from layer_builder.forecast.estimate import LayerEstimate, estimate_layer
from layer_builder.forecast.letters import open_lines, problems_of_estimate
from layer_builder.forecast.reader import WheelsRead
from layer_builder.forecast.wheel_files import (
    WheelContents,
    WheelMember,
    is_hardly_packed,
    read_members,
    wheel_addresses,
)
from layer_builder.model import (
    Architecture,
    Budget,
    Bytecode,
    Layer,
    PruneProfile,
    Python,
    Sdk,
    SdkPolicy,
    ServiceUse,
    Target,
)
from layer_builder.sdk_services import ServiceNeeds

LAYER = Layer(
    key="deps",
    name="deps",
    target=Target(python=Python.PY312, architecture=Architecture.X86_64),
    place=Place(file="layers.yml", line=3),
)
MIB = 2**20


def wheel(name: str, **members: int) -> WheelContents:
    """Make one whose files are packed to a half."""
    files = ((path.replace("__", "/"), size) for path, size in members.items())
    return WheelContents(
        name=name,
        version="1.0",
        members=tuple(
            WheelMember(path=path, size=size, packed=size // 2) for path, size in sorted(files)
        ),
    )


def estimate(
    layer: Layer, *wheels: WheelContents, needs: ServiceNeeds | None = None
) -> LayerEstimate:
    return estimate_layer(
        layer, frozenset(), WheelsRead(contents=wheels), (), needs or ServiceNeeds()
    )


DEMO = wheel(
    "demo",
    **{
        "demo__a.py": 1000,
        "demo__a.pyi": 300,
        "demo__tests__test_a.py": 500,
        "demo-1.0.dist-info__METADATA": 50,
        "demo-1.0.dist-info__LICENSE.txt": 60,
        "demo-1.0.dist-info__top_level.txt": 10,
        "bin__demo": 20,
    },
)


@pytest.mark.parametrize(
    ("profile", "kept"),
    [(PruneProfile.OFF, 1940), (PruneProfile.SAFE, 1120), (PruneProfile.AGGRESSIVE, 1110)],
)
def test_rules_that_go_by_paths_are_applied(profile: PruneProfile, kept: int) -> None:
    found = estimate(replace(LAYER, prune=profile), DEMO)
    assert found.weight.unzipped_bytes == kept
    assert found.packages[0].bytes_installed == 1940
    assert found.packages[0].bytes_kept == kept
    assert sum(total.bytes for total in found.pruned) == 1940 - kept


def test_drop_and_keep_count() -> None:
    layer = replace(LAYER, drop=("demo/a.py",), keep=("*.pyi",))
    assert estimate(layer, DEMO).weight.unzipped_bytes == 1940 - 1000 - 500 - 20


def test_an_sdk_left_to_the_runtime_is_not_counted() -> None:
    sdk = wheel("botocore", botocore__a=5000)
    layer = replace(LAYER, sdk=Sdk(policy=SdkPolicy.RUNTIME))
    assert estimate(layer, sdk, DEMO).weight.unzipped_bytes == 1120


def test_services_that_the_code_asks_for_stay() -> None:
    sdk = wheel("botocore", **{f"botocore__data__{name}__s.json": 9000 for name in ("s3", "ec2")})
    layer = replace(LAYER, sdk=Sdk(policy=SdkPolicy.AUTO))
    needs = ServiceNeeds(uses=(ServiceUse(service="s3", place="app.py:1"),))
    found = estimate(layer, sdk, needs=needs)
    assert found.weight.unzipped_bytes == 9000
    assert any(line.startswith("sdk: auto") for line in found.unknown)


def test_what_it_leaves_open_is_said() -> None:
    layer = replace(LAYER, strip=True, bytecode=Bytecode.ALL)
    lines = open_lines(estimate(layer, DEMO))
    assert [line.split()[3].rstrip(":") for line in lines] == ["strip", "bytecode", "files"]
    assert open_lines(estimate(replace(LAYER, prune=PruneProfile.OFF), DEMO)) == []


@pytest.mark.parametrize(
    ("size", "strip", "errors", "warnings"),
    [
        (79, False, 0, 0),
        (81, False, 0, 1),  # past warn-at
        (105, False, 0, 1),  # over, by less than the error
        (120, False, 1, 0),
        (120, True, 0, 1),  # what stripping takes may be enough
        (400, True, 1, 0),
    ],
)
def test_it_cannot_fit_only_if_that_is_certain(
    size: int,
    strip: Literal[True, False],
    errors: int,
    warnings: int,
) -> None:
    layer = replace(LAYER, strip=strip, budget=Budget(unzipped_bytes=100 * MIB, through_s3=True))
    hopeless, doubtful = problems_of_estimate(estimate(layer, wheel("big", **{"a.so": size * MIB})))
    assert (len(hopeless), len(doubtful)) == (errors, warnings)


@pytest.mark.parametrize(("size", "helps"), [(60, True), (400, False)])
def test_what_fits_no_function_is_not_to_go_through_s3(
    size: int, helps: Literal[True, False]
) -> None:
    zipped = WheelMember(path="a.so", size=size * MIB, packed=size * MIB)
    big = WheelContents(name="big", version="1.0", members=(zipped,))
    errors, _ = problems_of_estimate(estimate(LAYER, big))
    advice = " ".join(line for error in errors for line in error.advice)
    assert ("s3-bucket" in advice) is helps
    assert ("split" in advice) is helps
    assert ("container image" in advice) is not helps


def test_members_are_where_an_installer_puts_them() -> None:
    names = [
        "a/__init__.py",
        "a/",
        "a-1.data/purelib/b.py",
        "a-1.data/scripts/run",
        "a-1.data/data/share/x",
    ]
    infos = [zipfile.ZipInfo(name) for name in names]
    assert [one.path for one in read_members(infos)] == [
        "a/__init__.py",
        "b.py",
        "bin/run",
        "share/x",
    ]


def test_a_wheel_that_is_hardly_packed_tells_nothing() -> None:
    info = zipfile.ZipInfo("a.py")
    info.file_size = info.compress_size = 200_000
    assert is_hardly_packed([info])
    info.compress_type = zipfile.ZIP_DEFLATED
    assert not is_hardly_packed([info])


@pytest.mark.parametrize(
    "text",
    ["", "no toml = [", 'lock-version = "1.0"', "a = " + "[" * 5000],
)
def test_a_lock_that_cannot_be_read_has_no_addresses(text: str) -> None:
    assert wheel_addresses(text, LAYER.target) == {}


@pytest.mark.parametrize(
    ("python", "architecture", "chosen"),
    [
        (Python.PY312, Architecture.X86_64, "a-1-cp312-cp312-manylinux2014_x86_64.whl"),
        (Python.PY312, Architecture.ARM64, "a-1-cp311-abi3-manylinux_2_28_aarch64.whl"),
        (Python.PY311, Architecture.ARM64, "a-1-py3-none-any.whl"),  # glibc 2.26
        (Python.PY313, Architecture.X86_64, "a-1-py3-none-any.whl"),
    ],
)
def test_the_wheel_is_the_one_that_an_installer_takes(
    python: Python, architecture: Architecture, chosen: str
) -> None:
    names = [
        "a-1-py3-none-any.whl",
        "a-1-cp312-cp312-manylinux2014_x86_64.whl",
        "a-1-cp312-cp312-musllinux_1_2_x86_64.whl",
        "a-1-cp311-abi3-manylinux_2_28_aarch64.whl",
        "a-1-cp312-cp312-win_amd64.whl",
    ]
    wheels = ", ".join(
        f'{{url = "https://x.example/{name}", hashes = {{sha256 = "00"}}}}' for name in names
    )
    text = (
        'lock-version = "1.0"\ncreated-by = "uv"\n'
        f'[[packages]]\nname = "a"\nversion = "1"\nwheels = [{wheels}]\n'
    )
    found = wheel_addresses(text, Target(python=python, architecture=architecture))
    assert found == {"a": f"https://x.example/{chosen}"}
