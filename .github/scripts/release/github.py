"""The door to GitHub's REST API: https://docs.github.com/en/rest/releases."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from release.errors import RefusedError

SECONDS = 60
PAGE = 100
MOST_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """One repository; `url` is what the runner names as GITHUB_API_URL."""

    url: str
    repository: str
    token: str = field(repr=False)

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 (JSON)
        """Send JSON, get JSON; raises RefusedError with GitHub's own words where it says no."""
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.url}/repos/{self.repository}/{path}".rstrip("/")
        return self._send(method, address, data)

    def find(self, path: str) -> Any:  # noqa: ANN401 (JSON)
        """Get JSON, or None where there is nothing."""
        try:
            return self.ask("GET", path)
        except RefusedError as error:
            if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code == 404:  # noqa: PLR2004 (not found)
                return None
            raise

    def pages(self, path: str, key: str = "") -> list[Any]:
        """Get a list with all its pages; raises RefusedError for a list that does not end."""
        found: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            joint = "&" if "?" in path else "?"
            answer = self.ask("GET", f"{path}{joint}per_page={PAGE}&page={page}")
            part = answer[key] if key else answer
            found += part
            if len(part) < PAGE:
                return found
        raise RefusedError(f"{path} has more than {MOST_PAGES * PAGE} entries")

    def upload(self, template: str, name: str, content: bytes) -> Any:  # noqa: ANN401 (JSON)
        """Give a release one of its files; the address is of the release, less its `{?name,label}`."""
        address = template.partition("{")[0] + "?" + urllib.parse.urlencode({"name": name})
        return self._send("POST", address, content, kind="application/octet-stream")

    def _send(
        self, method: str, address: str, data: bytes | None, *, kind: str = "application/json"
    ) -> Any:  # noqa: ANN401 (JSON)
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": kind,
            "User-Agent": "layer-builder-release",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        request = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 (the runner's own address)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 (the same)
                text = answer.read()
        except urllib.error.HTTPError as error:
            words = error.read(2000).decode(errors="replace")
            raise RefusedError(f"{method} {address}: {error.code} {words!a}") from error
        except OSError as error:
            raise RefusedError(f"{method} {address}: {error}") from error
        return json.loads(text) if text else None
