"""What code of others may read, write and reach, and what came of holding it to that."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass

MEMORY_BYTES = 10_240 * 1024 * 1024
"""The most that a function can have:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
FILE_BYTES = 64 * 1024 * 1024
"""The largest file that it may write."""

SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone",
    "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/hosts", "/etc/mime.types",
    "/etc/os-release", "/etc/ssl/openssl.cnf", "/etc/fonts",
    # Certificates of authorities, which are public (pygit2 reads them as it is imported). No keys.
    "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted", "/etc/ca-certificates/extracted",
    # What programs ask of the machine (psutil, torch, OpenBLAS), and nothing of other processes.
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/loadavg", "/proc/uptime",
    "/proc/filesystems", "/proc/vmstat", "/proc/sys", "/sys/devices/system", "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
)  # fmt: skip
"""Files of the system that programs read as they start. None belongs to a user."""

LOADERS = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1")
"""What the kernel starts when it starts a program: https://man7.org/linux/man-pages/man8/ld.so.8.html"""

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a program may do. What is not named is denied, to it and to all that it starts."""

    read: tuple[Path, ...] = ()
    """Files and folders with all below, besides the system's own."""
    write: tuple[Path, ...] = ()
    """Folders that it may change, with all below."""
    programs: tuple[Path, ...] | None = None
    """The programs of the system that it may start; None for all of them."""
    libraries: frozenset[str] | None = None
    """Of the system's shared libraries those that it may open, by file name; None for all of them."""
    ports: tuple[int, ...] = ()
    """TCP ports that it may connect to, on any host."""
    mounts: Mapping[str, Path] = field(default_factory=dict)
    """Folders that it sees at other paths, such as /opt, where mounts can be made; it may read them."""
    memory_bytes: int = MEMORY_BYTES
    file_bytes: int = FILE_BYTES
    pretend_modes: bool = False
    """Whether changing modes, owners and dates of files does nothing, instead of failing."""
    required: bool = True
    """Whether it must not start where isolation does not hold."""


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What held, as tries from inside showed before the program began."""

    reached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each right what could be reached all the same; nothing where it holds."""
    landlock: int = 0
    """Version of Landlock; 0 where the kernel has none."""
    seccomp: bool = False
    namespaces: tuple[str, ...] = ()
    """The caller's namespaces that were left."""

    @property
    def held(self) -> tuple[str, ...]:
        """The rights that hold: files, network, processes."""
        return tuple(right for right, ways in self.reached.items() if not ways)

    @property
    def holds(self) -> bool:
        """Whether all that was tried failed, and something was tried."""
        return bool(self.reached) and not any(self.reached.values())
