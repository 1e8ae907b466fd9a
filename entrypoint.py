"""Starts layer-builder: in its own environment, whatever the caller's looks like.

`python3 entrypoint.py <command> …` is the program; without arguments it is the action, which
reads its inputs from `INPUT_<NAME>`. The environment is made once, from a lock with hashes, and
found again by the lock's digest; before it is used again, every file in it is compared with what
was installed. This file runs on the system's Python, so it keeps to the standard library and to old
syntax.
"""

import base64
import configparser
import csv
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn  # noqa: F401 (in a comment that types)
from urllib.parse import unquote, urljoin, urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
READY = "layer-builder-ready"
OLDEST = (3, 11)
LEAST = (3, 8)  # this file itself, which has uv find a newer one
# What would lead pip or Python to another place than the one we say.
UNWANTED = re.compile(
    r"PYTHON(PATH|HOME|STARTUP|USERBASE|SAFEPATH|WARNINGS|OPTIMIZE)|VIRTUAL_ENV|CONDA_PREFIX|__PYVENV_LAUNCHER__"
    r"|PIP_(TARGET|PREFIX|USER|REQUIRE_VIRTUALENV|PYTHON|NO_BINARY|CONSTRAINT|REQUIREMENT|NO_DEPS)"
    r"|PIP_(FIND_LINKS|NO_INDEX|ONLY_BINARY|PRE|DRY_RUN|UPGRADE_STRATEGY|ROOT)"
    r"|UV_(?!(SYSTEM_CERTS|NATIVE_TLS|HTTP_TIMEOUT|HTTP_RETRIES)$).*"
)
# What pip and uv ask where nothing names another index.
PYPI = "https://pypi.org/simple"
INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
LOGINS = re.compile(r"UV_INDEX_\w+_(USERNAME|PASSWORD)")

# The same as in layer_builder/connections, which needs a newer Python; a test compares them.
NAMING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy", "PIP_PROXY")  # fmt: skip
DISTRUSTED = (
    r"UnknownIssuer|CaUsedAsEndEntity|CERTIFICATE_VERIFY_FAILED"
    r"|unable to get local issuer|self[- ]signed certificate"
)
LOGIN = r"\b407\b.{0,40}Proxy Auth|proxy authorization required"
PROXY = r"tunnel error|Tunnel connection failed|connect to proxy"
NAME = (
    r"failed to lookup address|Name or service not known|NameResolutionError"
    r"|Temporary failure in name resolution"
)
NO_PYTHON = r"No interpreter found|No download found|Failed to (download|install) .*[Pp]ython"
WRONG_INPUT, NOT_INSTALLED, INTERRUPTED = 2, 3, 130
WITHOUT_AWS = ("build", "init", "lock", "plan", "prove", "schema", "split", "try", "why")
# Never loaded, and 8 MB of what would be 68: schemas to validate SBOMs by, a parser in C beside the one that
# is used, pydantic's last major version, SBOMs of wheels, uv's second program, what is for other platforms.
LEFT_OUT = re.compile(
    r"(cyclonedx/schema/_res/(bom-|spdx\..*\.xsd)|yaml/_yaml\..*\.so$|pydantic/v1/|[^/]+\.dist-info/sboms/|tests/"
    r"|urllib3/contrib/emscripten/|pydantic/mypy\.py$|.*\.pyi$|(\.\./)+bin/(uvx|readelf\.py)$)"
)
TIMEOUT = 60  # seconds
SUMMARY = 20000  # characters of other programs' words in the job summary
SHORTEST = 6  # of a password that is hidden wherever it stands


def start():
    # type: () -> None
    """Replace this process by the program in its environment."""
    refuse_what_cannot_be(sys.platform, sys.version_info[:2])
    environment = {name: value for name, value in os.environ.items() if not UNWANTED.match(name)}
    try:
        python = prepare(choose_lock(sys.argv[1:], dict(os.environ)), environment)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        why = hide("%s: %s" % (type(error).__name__, error), environment)
        fail("layer-builder could not set itself up: " + why, [
            "it makes an environment below %s; its disk has room for 150 MB?" % cache_folder(environment),
        ], NOT_INSTALLED)  # fmt: skip
    # As layer_builder/__main__.py has it: imports make few cycles to look for, and have nothing to undo.
    program = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    program += "import gc, os, sys; gc.disable(); sys.path.insert(0, {!r}); ".format(HERE)
    program += "from layer_builder.main import main; gc.freeze(); gc.enable(); "
    program += "code = main(sys.argv[1:], os.environ); gc.freeze(); sys.exit(code)"
    sys.stdout.flush()
    # -I: no PYTHONPATH, no user site, and the caller's folder is not on sys.path.
    os.execv(python, [python, "-I", "-c", program] + sys.argv[1:])


def refuse_what_cannot_be(system, version):
    # type: (str, tuple[int, ...]) -> None
    """Say at once where the program does not run, and what to write instead; leave with 2."""
    shown = {"win32": "Windows", "cygwin": "Windows", "darwin": "macOS"}.get(system, system)
    if system != "linux":
        fail("layer-builder runs on Linux; this is " + shown, [
            "it imports what it packs, as Lambda would, kept from files and network by Linux's own means:",
            "%s has neither Lambda's libraries nor these" % shown,
            "write runs-on: ubuntu-24.04 (or ubuntu-24.04-arm); on a laptop use a container or a virtual machine",
        ], WRONG_INPUT)  # fmt: skip
    if version < LEAST:
        fail("layer-builder starts with Python %d.%d or later; python3 is %d.%d" % (LEAST + version), [
            "put actions/setup-python with python-version: '3.12' before it, or name a newer one as python3",
        ], WRONG_INPUT)  # fmt: skip


def choose_lock(words, environ):
    # type: (list[str], dict[str, str]) -> str
    """Say which of the locks a run needs, before its inputs are really read.

    `build` has neither the AWS SDK, which is half of the rest, nor what draws on terminals; `sandbox`
    has moto besides.
    """
    if "--sandbox" in words or environ.get("INPUT_SANDBOX", "").strip() == "true":
        return "sandbox"
    command = words[0] if words else environ.get("INPUT_COMMAND", "").strip()
    named = [word for word in words if word.startswith("--aws-region")]
    if sys.stderr.isatty():
        return "run"
    if command in WITHOUT_AWS and not named and not environ.get("INPUT_AWS-REGION", "").strip():
        return "build"
    return "run"


def prepare(lock_name, environment):
    # type: (str, dict[str, str]) -> str
    """Give the Python of a complete environment for a lock; make it if it is not there."""
    lock = os.path.join(HERE, "requirements", lock_name + ".txt")
    content = read_lock(lock_name) + read_lock("uv")
    version = "%d.%d" % sys.version_info[:2]
    digest = hashlib.sha256((content + version + HERE).encode()).hexdigest()[:16]
    home = os.path.join(cache_folder(environment), lock_name + "-" + digest)
    python = os.path.join(home, "bin", "python")
    if os.path.exists(os.path.join(home, READY)):
        flaw = find_flaw(home, content)
        if not flaw:
            return python
        say("the environment of layer-builder is not what was installed: " + flaw)
        discard(home)
    say("setting up layer-builder (once)")
    os.makedirs(os.path.dirname(home), exist_ok=True)
    partial = tempfile.mkdtemp(prefix=".part-", dir=os.path.dirname(home))
    try:
        install(partial, lock, trust(environment))
        flaw = seal(partial, content)
        if flaw:
            fail("what was installed is not what is locked: " + flaw, [
                "run it again; if it stays, something writes into " + os.path.dirname(home),
            ], NOT_INSTALLED)  # fmt: skip
        try:
            os.rename(partial, home)
        except OSError:
            if not os.path.exists(os.path.join(home, READY)):
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return python


def read_lock(name):
    # type: (str) -> str
    """Read one of the locks."""
    with open(os.path.join(HERE, "requirements", name + ".txt"), encoding="utf-8") as file:
        return file.read()


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
    """Say where environments live: the runner's folders, else the user's cache.

    What a self-hosted runner keeps between jobs is its tool cache; the temporary folder is emptied.
    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    kept = environment.get("RUNNER_ENVIRONMENT") == "self-hosted" and environment.get(
        "RUNNER_TOOL_CACHE"
    )
    cache = kept or environment.get("RUNNER_TEMP") or environment.get("XDG_CACHE_HOME")
    return os.path.join(cache or os.path.expanduser("~/.cache"), "layer-builder")


def install(home, lock, environment):
    # type: (str, str, dict[str, str]) -> None
    """Fill an environment: uv from its wheel, the rest by uv, all against the lock's hashes.

    Not from uv's cache, whose files uv takes as they are, whoever has changed them; and not into it:
    empty, it is one that nobody can have changed before the layers are installed.
    """
    tools = os.path.join(home, "uv")
    os.mkdir(tools)
    with zipfile.ZipFile(fetch_uv(tools, environment)) as wheel:
        wheel.extractall(tools)
        names = wheel.namelist()
    (uv,) = [os.path.join(tools, name) for name in names if name.endswith(".data/scripts/uv")]
    os.chmod(uv, 0o755)  # noqa: S103 (as uv installs programs)
    chosen = sys.executable if sys.version_info[:2] >= OLDEST else ">=%d.%d" % OLDEST
    words = [uv, "venv", "--quiet", "--no-config", "--no-cache", "--no-project", "--relocatable",
             "--allow-existing", "--python", chosen, home]  # fmt: skip
    run(words, [environment])
    words = [uv, "pip", "install", "--quiet", "--no-config", "--no-cache", "--no-deps", "--require-hashes",
             "--only-binary", ":all:", "--compile-bytecode", "--link-mode", "copy", "--python", os.path.join(home, "bin", "python"), "-r", lock]  # fmt: skip
    run(words, [dict(environment, **of_uv(dict(os.environ))), environment])
    settle_uv(home, tools, names)
    shutil.rmtree(tools)
    leave_out(home)


def leave_out(home):
    # type: (str) -> None
    """Remove what the program never loads, from the disk and from the RECORDs."""
    (packages,) = glob.glob(os.path.join(glob.escape(home), "lib", "python*", "site-packages"))
    for record in glob.glob(os.path.join(glob.escape(packages), "*.dist-info", "RECORD")):
        with open(record, encoding="utf-8", newline="") as opened:
            rows = list(csv.reader(opened))
        gone = [row[0] for row in rows if row and LEFT_OUT.match(row[0])]
        for path in gone:
            whole = os.path.join(packages, path)
            folder, name = os.path.split(whole)
            cached = os.path.join(glob.escape(folder), "__pycache__", name[:-2] + "*.pyc")
            for file in [whole] + (glob.glob(cached) if name.endswith(".py") else []):
                if os.path.exists(file):
                    os.remove(file)
        if gone:
            with open(record, "w", encoding="utf-8", newline="") as opened:
                writer = csv.writer(opened, lineterminator="\n")
                writer.writerows(row for row in rows if row and row[0] not in gone)


def settle_uv(home, tools, names):
    # type: (str, str, list[str]) -> None
    """Move uv into the environment, as its wheel says: unpacked once, it is most of the whole.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    (packages,) = glob.glob(os.path.join(glob.escape(home), "lib", "python*", "site-packages"))
    bin_folder = os.path.join(home, "bin")
    for name in names:
        _, _, script = name.partition(".data/scripts/")
        to = os.path.join(bin_folder, script) if script else os.path.join(packages, name)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        os.rename(os.path.join(tools, name), to)
        if script:
            os.chmod(to, 0o755)  # noqa: S103 (as above)
    (record,) = [
        os.path.join(packages, name) for name in names if name.endswith(".dist-info/RECORD")
    ]
    with open(record, encoding="utf-8", newline="") as file:
        text = file.read()
    scripts = os.path.relpath(bin_folder, packages)
    with open(record, "w", encoding="utf-8", newline="") as file:
        file.write(re.sub(r"(?m)^[^/\n]+\.data/scripts/", scripts + "/", text))
    run([os.path.join(bin_folder, "python"), "-I", "-m", "compileall", "-q", os.path.join(packages, "uv")], [{}])  # fmt: skip


def fetch_uv(folder, environment):
    # type: (str, dict[str, str]) -> str
    """Fetch uv's wheel: from its index, or by pip, which knows more ways to log in."""
    index = index_of_pip(dict(os.environ)) or PYPI
    try:
        return fetch_wheel(index, "uv", read_lock("uv"), folder, environment)
    except Exception as error:  # noqa: BLE001 (whatever it is, pip may do)
        why = "%s: %s" % (type(error).__name__, error)
    uv_lock = os.path.join(HERE, "requirements", "uv.txt")
    # Not --quiet: pip tells there why it did not reach an index, and it is shown only when it fails.
    words = [sys.executable, "-I", "-m", "pip", "download", "--disable-pip-version-check",
             "--no-deps", "--require-hashes", "--only-binary", ":all:", "--dest", folder, "-r", uv_lock]  # fmt: skip
    run(
        words,
        [dict(environment, **of_pip(dict(os.environ))), environment],
        said=hide(why, environment),
    )
    (wheel,) = glob.glob(os.path.join(glob.escape(folder), "*.whl"))
    return wheel


def fetch_wheel(index, name, lock, folder, environment):
    # type: (str, str, str, str, dict[str, str]) -> str
    """Fetch the wheel of a lock for this machine from an index, in JSON or HTML.

    https://packaging.python.org/en/latest/specifications/simple-repository-api/
    Raises OSError, ValueError and what urllib and json raise.
    """
    locked = re.findall(r"--hash=sha256:([0-9a-f]{64})", lock)
    page = index.rstrip("/") + "/" + name + "/"
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
    kind, text = get(page, environment, accept)
    if "json" in kind:
        files = [(o["filename"], o["url"], o["hashes"].get("sha256")) for o in json.loads(text.decode())["files"]]  # fmt: skip
    else:
        links = re.findall(r'href="([^"#]+)#sha256=([0-9a-f]{64})"', text.decode())
        files = [(unquote(urlsplit(url).path.rpartition("/")[2]), url, digest) for url, digest in links]  # fmt: skip
    for filename, url, digest in files:
        if digest in locked and fits_here(filename):
            _, content = get(urljoin(page, url), environment, "*/*")
            if hashlib.sha256(content).hexdigest() != digest:
                raise ValueError(filename + " has other bytes than are locked")
            place = os.path.join(folder, os.path.basename(filename))
            with open(place, "wb") as file:
                file.write(content)
            return place
    raise ValueError("the index has no wheel of the lock for this machine")


def fits_here(filename):
    # type: (str) -> bool
    """Tell whether a wheel that any Python 3 can use is for this machine.

    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    """
    match = re.match(r".+-py3-none-([^-]+)\.whl$", filename)
    if not match:
        return False
    library, version = platform.libc_ver()
    newest = int(version.split(".")[1]) if library == "glibc" else 0
    machine = platform.machine()
    for tag in match.group(1).replace("manylinux2014_", "manylinux_2_17_").split("."):
        many = re.match(r"manylinux_2_(\d+)_(\w+)$", tag)
        musl = re.match(r"musllinux_1_\d+_(\w+)$", tag)
        if tag == "any" or (many and int(many.group(1)) <= newest and many.group(2) == machine):
            return True
        if musl and not newest and musl.group(1) == machine and sys.platform == "linux":
            return True
    return False


def get(url, environment, accept):
    # type: (str, dict[str, str], str) -> tuple[str, bytes]
    """Get what is at an address, with the login that is part of it; gives its type and bytes."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http"):
        raise ValueError("not an address of http or https")
    user, _, host = parts.netloc.rpartition("@")
    headers = {"Accept": accept, "User-Agent": "layer-builder"}
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(unquote(user).encode()).decode()
    request = urllib.request.Request(parts._replace(netloc=host).geturl(), headers=headers)  # noqa: S310 (see above)
    named = [environment[name] for name in ("SSL_CERT_FILE", "PIP_CERT") if environment.get(name)]
    context = ssl.create_default_context(cafile=named[0] if named else None)
    with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:  # noqa: S310 (as above)
        return answer.headers.get("Content-Type", ""), answer.read()


def of_uv(environ):
    # type: (dict[str, str]) -> dict[str, str]
    """Give the indexes that the caller names, for uv: its own variables, else those of pip.

    Whichever they are, only what has a hash of the lock is taken from them.
    """
    found = {name: environ[name] for name in INDEXES if environ.get(name)}
    if found:
        found.update((name, environ[name]) for name in environ if LOGINS.match(name))
        return found
    pip = settings_of_pip(environ)
    of_pip = {"UV_DEFAULT_INDEX": "index-url", "UV_INDEX": "extra-index-url"}
    return {ours: pip[theirs] for ours, theirs in of_pip.items() if pip.get(theirs)}


def index_of_pip(environ):
    # type: (dict[str, str]) -> str
    """Give the index that is named: for pip, or else for uv; empty where none is."""
    return of_pip(environ).get("PIP_INDEX_URL") or settings_of_pip(environ).get("index-url", "")


def settings_of_pip(environ):
    # type: (dict[str, str]) -> dict[str, str]
    """Read the indexes that pip is set up with: by its variables, else by its files.

    `aws codeartifact login --tool pip` writes such a file.
    https://pip.pypa.io/en/stable/topics/configuration/
    """
    at_home = os.path.expanduser("~")
    own = environ.get("XDG_CONFIG_HOME") or os.path.join(at_home, ".config")
    shared = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    files = [os.path.join(folder, "pip", "pip.conf") for folder in shared] + ["/etc/pip.conf"]
    files += [os.path.join(at_home, ".pip", "pip.conf"), os.path.join(own, "pip", "pip.conf")]
    files += [os.path.join(sys.prefix, "pip.conf"), environ.get("PIP_CONFIG_FILE", "")]
    found = {}  # type: dict[str, str]
    for file in [] if environ.get("PIP_CONFIG_FILE") == os.devnull else files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update(parser.items(section))
    variables = {"index-url": "PIP_INDEX_URL", "extra-index-url": "PIP_EXTRA_INDEX_URL"}
    found.update((key, environ[name]) for key, name in variables.items() if environ.get(name))
    return {key: " ".join(found[key].split()) for key in variables if found.get(key)}


def of_pip(environ):
    # type: (dict[str, str]) -> dict[str, str]
    """Give the index for pip: its own variable, else the default index of uv."""
    named = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or ""
    if environ.get("PIP_INDEX_URL") or not named:
        return {}
    # An index of uv's may have a name, `name=https://…`.
    return {"PIP_INDEX_URL": re.sub(r"^[\w.-]+=(?=\w+:)", "", named)}


def trust(environment):
    # type: (dict[str, str]) -> dict[str, str]
    """Have pip and uv trust the authorities that any of the variables names, else the system's."""
    named = [name for name in NAMING if environment.get(name)]
    for name in named:
        if not os.path.exists(environment[name]):
            fail("the environment variable %s is %r, and nothing is there" % (name, environment[name]), [
                "it names a PEM file with the authorities to trust; or unset it",
            ], WRONG_INPUT)  # fmt: skip
    files = [environment[name] for name in named if not os.path.isdir(environment[name])]
    files += [path for path in SYSTEM_FILES if os.path.isfile(path)]
    trusting = dict(environment)
    if (
        files
        and not environment.get("SSL_CERT_FILE")
        and (named or not environment.get("SSL_CERT_DIR"))
    ):
        trusting["SSL_CERT_FILE"] = files[0]
    # These are what pip reads, in this order.
    if files and not any(environment.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")):  # fmt: skip
        trusting["PIP_CERT"] = files[0]
    return trusting


def run(words, environments, said=""):
    # type: (list[str], list[dict[str, str]], str) -> None
    """Run a command, in one environment after another until it works; leave with its words else.

    `said` are words to put before them.
    """
    told = []  # type: list[str]
    for number, environment in enumerate(environments):
        if environment in environments[:number]:
            continue
        if os.environ.get("RUNNER_DEBUG") == "1":
            say("debug: set-up runs " + " ".join(words))
        done = subprocess.run(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if not done.returncode:
            return
        text = done.stdout.decode("utf-8", "replace")
        told.append(hide(text.replace("::", ": :").replace("##[", "# #[").strip(), environment))
    told = ([said] if said else []) + told
    fail(
        "layer-builder could not set itself up; the command was: " + " ".join(words),
        advise("\n".join(told), environments[0]),
        NOT_INSTALLED,
        told="\n".join(told),
    )


def advise(said, environment):
    # type: (str, dict[str, str]) -> list[str]
    """Say what to set, by what pip or uv said."""
    lines = []
    names = [name for name in PROXIES[:4] if environment.get(name)]
    host = re.sub(r"^(\w+://)?.*@", r"\1", environment[names[0]]) if names else ""
    if re.search(DISTRUSTED, said):
        now = environment.get("SSL_CERT_FILE") or environment.get("SSL_CERT_DIR") or "none"
        lines.append("the certificate of the index is not trusted: set SSL_CERT_FILE to a PEM file with the authorities to trust;")  # fmt: skip
        lines.append("behind a proxy that looks into TLS its own is among them. Now it is " + now)
    elif re.search(LOGIN, said, re.IGNORECASE) and names:
        lines.append("%s names the proxy %s, which wants another login: http://USER:PASSWORD@…, special characters percent-encoded" % (names[0], host))  # fmt: skip
    # What pip cannot connect to, with a proxy, is the proxy: newer ones say only the address.
    elif names and re.search(PROXY + "|Failed to establish a new connection", said, re.IGNORECASE):
        lines.append("%s names the proxy %s, which did not connect; hosts that are reached without it stand in NO_PROXY" % (names[0], host))  # fmt: skip
    elif re.search(NAME, said) and not names:
        lines.append("behind a proxy: set HTTPS_PROXY")
    if "No module named pip" in said:
        lines.append("uv was not had from the index by what Python has itself, and this Python has no pip to try with:")  # fmt: skip
        lines.append("install it (python3 -m ensurepip, or apt-get install python3-pip), or put actions/setup-python before")  # fmt: skip
    if re.search(NO_PYTHON, said):
        lines.append("python3 is %d.%d, and uv could not get one of %d.%d or later: put actions/setup-python with" % (sys.version_info[:2] + OLDEST))  # fmt: skip
        lines.append("python-version: '3.12' before")
    lines.append("it needs Python 3.8 or later, and a package index (PIP_INDEX_URL or UV_DEFAULT_INDEX name another)")  # fmt: skip
    return lines


def hide(text, environment):
    # type: (str, dict[str, str]) -> str
    """Take the logins of proxies out of a text."""
    for name in PROXIES:
        login = re.sub(r"^\w+://", "", environment.get(name, "")).rpartition("@")[0]
        password = login.partition(":")[2]
        for secret in (login, unquote(login), password, unquote(password)):
            if len(secret) >= SHORTEST or (secret and secret in (login, unquote(login))):
                text = text.replace(secret, "***")
    return text


def fail(what, advice, code, told=""):
    # type: (str, list[str], int, str) -> NoReturn
    """Leave with a code: say what is wrong and what to do; in a workflow as an annotation and in the summary.

    `told` are other programs' words. The program's own annotations are those of layer_builder/github,
    which is not installed yet.
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    what = inert(what)
    advice = [inert(line) for line in advice]
    told = "\n".join(inert(line) for line in told.splitlines())
    if told:
        say(told)
    text = "\n".join([what] + ["  " + line for line in advice])
    if os.environ.get("GITHUB_ACTIONS") != "true":
        say("error: " + text)
        sys.exit(code)
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    sys.stdout.write("::error::" + escaped + "\n")
    sys.stdout.flush()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        body = text + ("\n\n" + told[-SUMMARY:] if told else "")
        # A fence is longer than any run of backticks in it: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
        fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", body)))
        try:
            with open(summary, "a", encoding="utf-8", errors="replace") as file:
                file.write("### Layers: not set up\n\n%s\n%s\n%s\n" % (fence, body, fence))
        except OSError as error:
            say("the job summary cannot be written: %s" % error)
    sys.exit(code)


def inert(line):
    # type: (str) -> str
    """Make a line safe for a log: no control characters, no workflow commands."""
    line = re.sub("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "?", line)
    return line.replace("::", ": :").replace("##[", "# #[")


def say(text):
    # type: (str) -> None
    """Print a line where the program's own progress goes."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    # As layer_builder/main.py has it: a shell's background job begins with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        start()
    except KeyboardInterrupt:
        fail(
            "layer-builder was stopped while it set itself up",
            ["nothing was built or published"],
            INTERRUPTED,
        )
