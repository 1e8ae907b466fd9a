"""GitHub's REST API, as far as a comment needs it.

https://docs.github.com/en/rest/using-the-rest-api
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from requests import Response

_LOG = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 20
_BAD_REQUEST = 400
_MOST_PAGES = 100


class GitHubApiError(Exception):
    """An answer that is none of success: its status, what GitHub says of it, and its headers."""

    def __init__(self, response: "Response") -> None:
        """Read the answer; its body may be anything."""
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        try:
            said = response.json()
        except ValueError:
            said = None
        message = said.get("message") if isinstance(said, dict) else None
        self.said = message if isinstance(message, str) else ""
        super().__init__(f"{self.status} {self.said}".rstrip())


class GitHubApi:
    """Calls with a token, at the address that the runner names: also of GitHub Enterprise Server."""

    def __init__(self, token: str) -> None:
        """Open a session; nothing is sent yet."""
        import requests  # noqa: PLC0415 (30 ms, and few runs write a comment)

        # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        self._url = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        self._graphql = os.environ.get("GITHUB_GRAPHQL_URL", f"{self._url}/graphql")
        self._session = requests.Session()
        # A login in ~/.netrc would take the token's place:
        # https://requests.readthedocs.io/en/latest/user/authentication/#netrc-authentication
        self._session.auth = _Bearer(token)
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "layer-builder",
            }
        )

    def get(self, path: str) -> Any:  # noqa: ANN401 (JSON)
        """Get a thing. Raises GitHubApiError, requests.RequestException, ValueError for no JSON."""
        return self._call("GET", f"{self._url}{path}").json()

    def pages(self, path: str) -> Iterator[Any]:
        """Get what a list has, page after page. Raises as `get`."""
        # https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        url = f"{self._url}{path}?per_page=100"
        for _ in range(_MOST_PAGES):
            response = self._call("GET", url)
            yield from response.json()
            following = response.links.get("next")
            if not following:
                return
            url = str(following["url"])

    def send(self, method: str, path: str, data: Mapping[str, object]) -> None:
        """Make or change a thing. Raises GitHubApiError, requests.RequestException."""
        self._call(method, f"{self._url}{path}", data)

    def query(self, text: str) -> Any:  # noqa: ANN401 (JSON)
        """Ask the other API, https://docs.github.com/en/graphql. Raises as `get`."""
        return self._call("POST", self._graphql, {"query": text}).json()

    def _call(self, method: str, url: str, data: Mapping[str, object] | None = None) -> "Response":
        body = json.dumps(data).encode() if data is not None else None
        response = self._session.request(method, url, data=body, timeout=_TIMEOUT_SECONDS)
        # GitHub asks for its own id of a request where one reports trouble; no token is in an address.
        _LOG.debug("%s %s: %d, request %s", method, url, response.status_code,
                   response.headers.get("X-GitHub-Request-Id", "without an id"))  # fmt: skip
        if response.status_code >= _BAD_REQUEST:
            raise GitHubApiError(response)
        return response


class _Bearer:
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:  # noqa: ANN401 (of requests, which is imported late)
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
