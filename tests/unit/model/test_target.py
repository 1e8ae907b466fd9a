import pytest

from layer_builder.model.target import Architecture, Python, Target


@pytest.mark.parametrize(
    ("python", "architecture", "label", "uv_platform"),
    [
        ("3.10", "x86_64", "3.10-x86_64", "x86_64-manylinux_2_17"),
        ("3.11", "arm64", "3.11-arm64", "aarch64-manylinux_2_17"),
        ("3.12", "x86_64", "3.12-x86_64", "x86_64-manylinux_2_34"),
        ("3.13", "arm64", "3.13-arm64", "aarch64-manylinux_2_34"),
        ("3.14", "x86_64", "3.14-x86_64", "x86_64-manylinux_2_34"),
        ("3.15", "arm64", "3.15-arm64", "aarch64-manylinux_2_34"),
    ],
)
def test_a_target_fixes_the_platform_of_wheels(
    python: str, architecture: str, label: str, uv_platform: str
) -> None:
    target = Target(python=Python(python), architecture=Architecture(architecture))
    assert (target.runtime, target.label) == (f"python{python}", label)
    assert target.uv_platform == uv_platform
    assert target.newest_uv_platform == f"{target.machine}-manylinux_2_34"


@pytest.mark.parametrize(
    ("python", "words"),
    [("3.10", "deprecated on 2026-10-31"), ("3.12", ""), ("3.15", "public preview")],
)
def test_only_runtimes_at_the_ends_of_their_lives_have_a_notice(python: str, words: str) -> None:
    notice = Target(python=Python(python), architecture=Architecture.ARM64).notice or ""
    assert words in notice
    assert bool(words) == bool(notice)


def test_targets_sort_by_python_then_architecture() -> None:
    targets = [Target(python=p, architecture=a) for a in Architecture for p in Python]
    labels = [target.label for target in sorted(targets)]
    assert labels[:4] == ["3.10-arm64", "3.10-x86_64", "3.11-arm64", "3.11-x86_64"]
