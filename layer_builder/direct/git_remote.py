"""What repositories of others say: the files of a commit, and where a branch or a tag points to now.

git is run with the caller's own settings and agent, since those open private repositories; what it
fetches is read out of its objects, so that no hook, filter or setting of the repository has a part.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath

from layer_builder.direct.packing import MOST_SOURCE_BYTES, PackedFile
from layer_builder.direct.reference import GitCommit
from layer_builder.errors import InstallError, shortened
from layer_builder.lazy_dataclasses import dataclass

FETCH_SECONDS, ASK_SECONDS = 600, 30
"""A large history over a slow line takes minutes; a question does not."""


_PASSED = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|SSH_\w+|GIT_SSH(_\w+)?|GIT_SSL_\w+|GIT_ASKPASS|GIT_PROXY_COMMAND"
    r"|GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|XDG_CONFIG_HOME|NETRC"
    r"|SSL_CERT_(FILE|DIR)|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy|KRB5\w+"
)


_SETTINGS = ("-c", "core.hooksPath=/dev/null", "-c", "fetch.recurseSubmodules=false")


_LOGIN = re.compile(r"//[^/@\s]*@")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILE, _EXECUTABLE, _LINK, _MODULE = "100644", "100755", "120000", "160000"


@dataclass(frozen=True, kw_only=True)
class GitRemote:
    """git, asked about repositories elsewhere."""

    environ: Mapping[str, str] = field(default_factory=dict)

    def commit_now(self, url: str, reference: str) -> str:
        """Give the commit that a branch or a tag points to, `HEAD` for none; empty if nobody says."""
        names = [f"refs/heads/{reference}", f"refs/tags/{reference}"] if reference else ["HEAD"]
        try:
            rows = self._run("ls-remote", "--", url, *names, *(f"{n}^{{}}" for n in names[1:]),
                             seconds=ASK_SECONDS)  # fmt: skip
        except InstallError:
            return ""
        found = dict(row.split("\t")[::-1] for row in rows.decode("utf-8", "replace").splitlines())
        # A tag with a message is an object of its own, `^{}` the commit that it is of.
        wanted = (f"refs/tags/{reference}^{{}}", *names)
        commit = next((found[name] for name in wanted if name in found), "")
        return commit if _COMMIT.fullmatch(commit) else ""

    def files(self, origin: GitCommit) -> list[PackedFile]:
        """Fetch the files of a commit. Raises InstallError with git's reason."""
        with tempfile.TemporaryDirectory(prefix="layer-builder-git-") as folder:
            self._run("init", "--quiet", "--bare", "--template=", folder)
            self._fetch(folder, origin)
            rows = self._run("-C", folder, "ls-tree", "-r", "-z", "--full-tree", _tree(origin))
            return list(self._read(folder, rows.decode("utf-8", "surrogateescape"), origin))

    def _fetch(self, folder: str, origin: GitCommit) -> None:
        here = ("-C", folder, *_SETTINGS, "fetch", "--quiet", "--no-tags")
        try:
            self._run(*here, "--depth=1", "--", origin.url, origin.commit)
        except InstallError:
            # A server may give no commit by its name alone, but those that a name leads to.
            all_of_it = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            self._run(*here, "--", origin.url, *all_of_it)
        self._run("-C", folder, "cat-file", "-e", f"{origin.commit}^{{commit}}")

    def _read(self, folder: str, rows: str, origin: GitCommit) -> Iterator[PackedFile]:
        entries = [row.partition("\t")[::2] for row in rows.split("\0") if row]
        kinds = {path: words.split() for words, path in entries}
        if modules := sorted(path for path, words in kinds.items() if words[0] == _MODULE):
            raise InstallError.because(
                f"{origin.address} has the submodule {shortened(modules[0])}, which is not fetched",
                advice=("build a wheel of it, and put that on an index",),
            )
        blobs = self._blobs(folder, {words[2] for words in kinds.values()}, origin)
        for path, entry in kinds.items():
            if entry[0] == _LINK:
                # A link to a file is that file; one that leads elsewhere has nothing to pack.
                to = os.path.normpath(PurePosixPath(path).parent / os.fsdecode(blobs[entry[2]]))
                mode, _, name = kinds.get(to, entry)
            else:
                mode, _, name = entry
            if mode in {_FILE, _EXECUTABLE}:
                yield PackedFile(path=path, content=blobs[name], is_executable=mode == _EXECUTABLE)

    def _blobs(self, folder: str, names: set[str], origin: GitCommit) -> dict[str, bytes]:
        """Read objects in one go: https://git-scm.com/docs/git-cat-file#_batch_output."""
        asked = "".join(f"{name}\n" for name in sorted(names)).encode()
        sizes = self._run("-C", folder, "cat-file", "--batch-check=%(objectsize)", given=asked)
        if sum(map(int, sizes.split())) > MOST_SOURCE_BYTES:
            raise InstallError.because(
                f"{origin.address} has more than {MOST_SOURCE_BYTES // 2**20} MiB of files"
            )
        told = self._run("-C", folder, "cat-file", "--batch", given=asked)
        found, at = {}, 0
        for _ in names:
            end = told.index(b"\n", at)
            name, _, size = told[at:end].decode("ascii").split(" ")
            found[name] = told[end + 1 : end + 1 + int(size)]
            at = end + 2 + int(size)
        return found

    def _run(self, *words: str, given: bytes = b"", seconds: int = FETCH_SECONDS) -> bytes:
        """Run git. Raises InstallError with what it says."""
        passed = {name: value for name, value in self.environ.items() if _PASSED.fullmatch(name)}
        git = shutil.which("git", path=passed.get("PATH", os.defpath))
        if git is None:
            raise InstallError.because("there is no git, which a git address needs")
        # Neither asks: nobody is there to answer. curl in git reads no SSL_CERT_FILE.
        asked = {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"} if "GIT_SSH" not in passed else {}
        asked |= {"GIT_SSL_CAINFO": passed["SSL_CERT_FILE"]} if "SSL_CERT_FILE" in passed else {}
        try:
            done = subprocess.run(  # noqa: S603 (no shell; addresses are behind `--`)
                [git, *words],
                # No other way than these: https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL
                env={**asked, **passed, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0",
                     "GIT_ALLOW_PROTOCOL": "https:http:ssh", "GIT_LFS_SKIP_SMUDGE": "1"},
                input=given,
                capture_output=True,
                timeout=seconds,
                check=False,
                cwd=Path(tempfile.gettempdir()),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise InstallError.because(f"git had no answer in {seconds} s") from None
        if done.returncode:
            # The caller's settings may put a login into an address (`url.….insteadOf`).
            said = _LOGIN.sub("//…@", done.stderr.decode("utf-8", "replace").strip())
            raise InstallError.because(
                "git could not fetch what was asked for",
                details=tuple(said.splitlines()[-4:]),
                advice=("for a private repository: an agent for ssh, or a credential helper",),
            )
        return done.stdout


def _tree(origin: GitCommit) -> str:
    return f"{origin.commit}:{origin.subdirectory}" if origin.subdirectory else origin.commit
