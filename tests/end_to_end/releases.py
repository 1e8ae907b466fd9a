"""Stands for what a release asks of GitHub's API: runs, releases with their files, tags."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

REPOSITORY = "layer-builder/layer-builder"


@dataclass(kw_only=True)
class Releases:
    """A repository's releases; `answer` is what a server answers with."""

    commit: str
    conclusion: str = "success"
    immutable: bool = True
    url: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    releases: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Answer as https://docs.github.com/en/rest says."""
        place, _, query = path.removeprefix(f"/repos/{REPOSITORY}").partition("?")
        words = [word for word in place.split("/") if word]
        if method != "GET":
            self.writes.append(f"{method} {place}")
        match words:
            case [] | ["actions", "workflows", "ci.yml", "runs"]:
                return 200, {"workflow_runs": self._runs()} if words else {"default_branch": "main"}
            case ["git", *rest]:
                return self._git(method, rest, json.loads(body or b"{}"))
            case ["upload", number]:
                return 201, self._upload(int(number), query.removeprefix("name="), body)
            case ["releases"]:
                releases = list(self.releases.values())
                return (200, releases) if method == "GET" else (201, self._draft(json.loads(body)))
            case ["releases", number]:
                return 200, self._one(method, int(number), body)
            case _:
                return 404, {"message": "Not Found"}

    def _upload(self, number: int, name: str, body: bytes) -> dict[str, Any]:
        self.files[name] = body
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.releases[number]["assets"].append({"name": name, "digest": digest})
        return {}

    def _one(self, method: str, number: int, body: bytes) -> dict[str, Any]:
        if method == "DELETE":
            return self.releases.pop(number)
        release = self.releases[number]
        return self._publish(release, json.loads(body)) if method == "PATCH" else release

    def _runs(self) -> list[dict[str, Any]]:
        run = {
            "id": 1, "run_number": 1, "head_sha": self.commit, "head_branch": "main", "event": "push",
            "path": ".github/workflows/ci.yml", "status": "completed", "conclusion": self.conclusion,
            "html_url": "https://github.com/",
        }  # fmt: skip
        return [run]

    def _draft(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = max(self.releases, default=0) + 1
        upload = f"{self.url}/repos/{REPOSITORY}/upload/{number}{{?name,label}}"
        self.releases[number] = asked | {"id": number, "assets": [], "upload_url": upload}
        return self.releases[number]

    def _publish(self, release: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        release.update(asked, immutable=self.immutable)
        self.tags.setdefault(release["tag_name"], release["target_commitish"])
        return release

    def _git(self, method: str, words: list[str], asked: dict[str, Any]) -> tuple[int, Any]:
        name = words[-1] if words[0] != "refs" or method == "PATCH" else ""
        match method, words[0]:
            case "GET", "matching-refs":
                return 200, [self._ref(tag) for tag in self.tags if tag.startswith(name)]
            case "GET", "ref":
                return (
                    (200, self._ref(name)) if name in self.tags else (404, {"message": "Not Found"})
                )
            case "POST", "refs":
                name = re.sub("^refs/tags/", "", asked["ref"])
                if name in self.tags:
                    return 422, {"message": "Reference already exists"}
            case "PATCH", "refs":
                if name not in self.tags:
                    return 422, {"message": "Reference does not exist"}
            case _:
                return 404, {"message": "Not Found"}
        self.tags[name] = asked["sha"]
        return 200, self._ref(name)

    def _ref(self, tag: str) -> dict[str, Any]:
        return {"ref": f"refs/tags/{tag}", "object": {"type": "commit", "sha": self.tags[tag]}}
