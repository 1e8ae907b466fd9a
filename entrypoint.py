"""Starts layer-builder: in its own environment, whatever the caller's looks like.

`python3 entrypoint.py <command> …` is the program; without arguments it is the action, which
reads its inputs from `INPUT_<NAME>`. The environment is made once, from a lock with hashes, and
found again by the lock's digest; before it is used again, every file in it is compared with what
was installed. This file runs on the system's Python, so it keeps to the standard library and to old
syntax.
"""

import base64
import csv
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
READY = "layer-builder-ready"
OLDEST = (3, 11)
# What would lead pip or Python to another place than the one we say.
UNWANTED = re.compile(
    r"PYTHON(PATH|HOME|STARTUP|USERBASE|SAFEPATH|WARNINGS|OPTIMIZE)|VIRTUAL_ENV|CONDA_PREFIX|__PYVENV_LAUNCHER__"
    r"|PIP_(TARGET|PREFIX|USER|REQUIRE_VIRTUALENV|PYTHON|NO_BINARY|CONSTRAINT|REQUIREMENT|NO_DEPS)"
    r"|PIP_(FIND_LINKS|NO_INDEX|ONLY_BINARY|PRE|DRY_RUN|UPGRADE_STRATEGY|ROOT)|UV_.*"
)
INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


def start():
    # type: () -> None
    """Replace this process by the program in its environment."""
    environment = {name: value for name, value in os.environ.items() if not UNWANTED.match(name)}
    python = prepare("sandbox" if wants_sandbox() else "run", environment)
    program = "import os, sys; sys.path.insert(0, {!r}); ".format(HERE)
    program += "from layer_builder.main import main; sys.exit(main(sys.argv[1:], os.environ))"
    sys.stdout.flush()
    # -I: no PYTHONPATH, no user site, and the caller's folder is not on sys.path.
    os.execv(python, [python, "-I", "-c", program] + sys.argv[1:])


def wants_sandbox():
    # type: () -> bool
    """Tell whether moto is needed too, before the inputs are really read."""
    return "--sandbox" in sys.argv[1:] or os.environ.get("INPUT_SANDBOX", "").strip() == "true"


def prepare(lock_name, environment):
    # type: (str, dict[str, str]) -> str
    """Give the Python of a complete environment for a lock; make it if it is not there."""
    lock = os.path.join(HERE, "requirements", lock_name + ".txt")
    with open(lock, "rb") as file:
        content = file.read()
    version = "%d.%d" % sys.version_info[:2]
    digest = hashlib.sha256(content + version.encode() + HERE.encode()).hexdigest()[:16]
    home = os.path.join(cache_folder(environment), lock_name + "-" + digest)
    python = os.path.join(home, "bin", "python")
    if os.path.exists(os.path.join(home, READY)):
        flaw = find_flaw(home, content.decode())
        if not flaw:
            return python
        say("the environment of layer-builder is not what was installed: " + flaw)
        discard(home)
    say("setting up layer-builder (once)")
    os.makedirs(os.path.dirname(home), exist_ok=True)
    partial = tempfile.mkdtemp(prefix=".part-", dir=os.path.dirname(home))
    try:
        install(partial, lock, environment)
        flaw = seal(partial, content.decode())
        if flaw:
            say("error: what was installed is not what is locked: " + flaw)
            sys.exit(1)
        try:
            os.rename(partial, home)
        except OSError:
            if not os.path.exists(os.path.join(home, READY)):
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return python


def seal(home, lock):
    # type: (str, str) -> str
    """Note what is in an environment, and say how it differs from what it ought to be."""
    with open(os.path.join(home, READY), "w") as file:
        file.write(digest_of_all(digest_files(home)))
    return find_flaw(home, lock)


def find_flaw(home, lock):
    # type: (str, str) -> str
    """Say how an environment differs from what was installed into it; nothing where it does not.

    Code that ran as this user may have changed it since. It is read as a whole: a fifth of a second.
    """
    locked = re.findall(r"^([a-z0-9-]+)==(\S+) *(;?)", lock, re.MULTILINE)
    installed = set()
    try:
        digests = digest_files(home)
        with open(os.path.join(home, READY)) as file:
            is_same = file.read() == digest_of_all(digests)
        for record in (path for path in digests if path.endswith(".dist-info/RECORD")):
            name, version = read_name(home, os.path.dirname(record))
            installed.add(name)
            if (name, version) not in {(known, at) for known, at, _ in locked}:
                return "%s %s is not in its lock" % (name, version)
            for path, digest in read_record(home, record):
                if digests.get(path) != digest:
                    return path + " is not what its RECORD says"
    except (OSError, ValueError, csv.Error) as error:
        return "it cannot be read: %s" % error
    lacking = [name for name, _, marker in locked if not marker and name not in installed]
    if lacking:
        return "it lacks " + ", ".join(lacking)
    return "" if is_same else "files that no RECORD has were added or changed"


def read_name(home, folder):
    # type: (str, str) -> tuple[str, str]
    """Read a distribution's name, normalized, and its version."""
    with open(os.path.join(home, folder, "METADATA"), encoding="utf-8") as file:
        fields = dict(re.findall(r"^(Name|Version): (\S+)", file.read(), re.MULTILINE))
    return re.sub(r"[-_.]+", "-", fields.get("Name", "")).lower(), fields.get("Version", "")


def read_record(home, record):
    # type: (str, str) -> list[tuple[str, str]]
    """Read a RECORD: paths below the environment, and digests; of itself it has none.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    packages = os.path.dirname(os.path.dirname(record))
    with open(os.path.join(home, record), encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row[1:] and row[1]]
    return [(os.path.normpath(os.path.join(packages, row[0])), row[1]) for row in rows]


def digest_files(home):
    # type: (str) -> dict[str, str]
    """Digest every file below a folder, as RECORDs write it, by path; of a link, where it leads."""
    paths = []
    for folder, folders, names in os.walk(home):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        paths += [os.path.relpath(os.path.join(folder, name), home) for name in names + links]
    paths = sorted(path for path in paths if path != READY)

    def digest(path):
        # type: (str) -> str
        whole = os.path.join(home, path)
        if os.path.islink(whole):
            return "-> " + os.readlink(whole)
        with open(whole, "rb") as file:
            content = hashlib.sha256(file.read()).digest()
        return "sha256=" + base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(paths, pool.map(digest, paths)))


def digest_of_all(digests):
    # type: (dict[str, str]) -> str
    """Digest the digests."""
    lines = "".join("%s %s\n" % (digests[path], path) for path in sorted(digests))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def discard(home):
    # type: (str) -> None
    """Take an environment away at once, and then remove it."""
    aside = tempfile.mkdtemp(prefix=".part-", dir=os.path.dirname(home))
    os.rename(home, os.path.join(aside, "discarded"))
    shutil.rmtree(aside, ignore_errors=True)


def cache_folder(environment):
    # type: (dict[str, str]) -> str
    """Say where environments live: the runner's temporary folder, else the user's cache."""
    cache = environment.get("RUNNER_TEMP") or environment.get("XDG_CACHE_HOME")
    return os.path.join(cache or os.path.expanduser("~/.cache"), "layer-builder")


def install(home, lock, environment):
    # type: (str, str, dict[str, str]) -> None
    """Fill an environment: uv by pip, the rest by uv, all against the lock's hashes.

    Not from uv's cache, whose files uv takes as they are, whoever has changed them; and not into it:
    empty, it is one that nobody can have changed before the layers are installed.
    """
    tools = os.path.join(home, "uv")
    uv_lock = os.path.join(HERE, "requirements", "uv.txt")
    pip = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(
        pip
        + [
            "--no-deps",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--target",
            tools,
            "-r",
            uv_lock,
        ],
        environment,
    )
    uv = os.path.join(tools, "bin", "uv")
    chosen = sys.executable if sys.version_info[:2] >= OLDEST else ">=%d.%d" % OLDEST
    run(
        [
            uv,
            "venv",
            "--quiet",
            "--no-config",
            "--no-cache",
            "--no-project",
            "--relocatable",
            "--allow-existing",
            "--python",
            chosen,
            home,
        ],
        environment,
    )
    words = [uv, "pip", "install", "--quiet", "--no-config", "--no-cache", "--no-deps", "--require-hashes",
             "--only-binary", ":all:", "--compile-bytecode", "--link-mode", "copy", "--python", os.path.join(home, "bin", "python"), "-r", lock]  # fmt: skip
    from_mirror = dict(
        environment, **{name: os.environ[name] for name in INDEXES if name in os.environ}
    )
    run(words, environment, fallback=from_mirror if from_mirror != environment else None)
    shutil.rmtree(tools)


def run(words, environment, fallback=None):
    # type: (list[str], dict[str, str], dict[str, str] | None) -> None
    """Run a command; leave with its words and a hint when it fails."""
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode and fallback:
        run(words, fallback)
    elif done.returncode:
        said = done.stdout.decode("utf-8", "replace").replace("::", ": :").replace("##[", "# #[")
        say(said.strip())
        say("error: layer-builder could not set itself up; the command was: " + " ".join(words))
        say(
            "  it needs Python 3.8 or later with pip, and a package index (PIP_INDEX_URL is honoured)"
        )
        sys.exit(1)


def say(text):
    # type: (str) -> None
    """Print a line where the program's own progress goes."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    start()
