"""Why isolation does not hold here, and the ways on."""

from layer_builder.errors import Problem
from layer_builder.isolation.policy import Isolation

WAYS_ON = (
    "run it in a job without credentials: `permissions: {}`, no AWS keys, `build` apart from"
    " `publish`",
    "run it on another runner: a kernel with Landlock (5.13 or later, `landlock` among"
    " /sys/kernel/security/lsm), and seccomp",
    "or accept it in writing: the input require-isolation: false, or proof: {unisolated: allow}",
)


def refusal(isolation: Isolation, failure: str = "") -> Problem:
    """Tell what imported code could reach, why, and what to do about it."""
    details = [
        f"{right}: it could reach {', '.join(ways)}"
        for right, ways in isolation.reached.items()
        if ways
    ]
    if failure:
        details.append(f"it could not be tried: {failure}")
    if not isolation.landlock:
        details.append(
            "the kernel has no Landlock (https://docs.kernel.org/userspace-api/landlock.html),"
            " or this container's seccomp profile refuses it"
        )
    if not isolation.seccomp:
        details.append("no seccomp filter could be set on this architecture")
    if not isolation.namespaces:
        details.append(
            "no namespace could be entered: AppArmor (Ubuntu 24.04) or the container forbids it;"
            " alone, that would do no harm"
        )
    return Problem(
        message="code of others cannot be isolated here, so it was not run: nothing is proven,"
        " nothing is published",
        details=tuple(details),
        advice=WAYS_ON,
    )
