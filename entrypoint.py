"""Starts layer-builder: in its own environment, whatever the caller's looks like.

`python3 entrypoint.py <command> …` is the program; without arguments it is the action, which
reads its inputs from `INPUT_<NAME>`. The environment is made once, from a lock with hashes, and
found again by the lock's digest. This file runs on the system's Python, so it keeps to the
standard library and to old syntax.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

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
        return python
    say("setting up layer-builder (once)")
    os.makedirs(os.path.dirname(home), exist_ok=True)
    partial = tempfile.mkdtemp(prefix=".part-", dir=os.path.dirname(home))
    try:
        install(partial, lock, environment)
        open(os.path.join(partial, READY), "w").close()
        try:
            os.rename(partial, home)
        except OSError:
            if not os.path.exists(os.path.join(home, READY)):
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return python


def cache_folder(environment):
    # type: (dict[str, str]) -> str
    """Say where environments live: the runner's temporary folder, else the user's cache."""
    cache = environment.get("RUNNER_TEMP") or environment.get("XDG_CACHE_HOME")
    return os.path.join(cache or os.path.expanduser("~/.cache"), "layer-builder")


def install(home, lock, environment):
    # type: (str, str, dict[str, str]) -> None
    """Fill an environment: uv by pip, the rest by uv, all against the lock's hashes."""
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
            "--no-project",
            "--relocatable",
            "--allow-existing",
            "--python",
            chosen,
            home,
        ],
        environment,
    )
    words = [uv, "pip", "install", "--quiet", "--no-config", "--no-deps", "--require-hashes", "--only-binary", ":all:",
             "--python", os.path.join(home, "bin", "python"), "-r", lock]  # fmt: skip
    from_mirror = dict(
        environment, **{name: os.environ[name] for name in INDEXES if name in os.environ}
    )
    run(words, environment, fallback=from_mirror if from_mirror != environment else None)


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
