"""An OSV database's answer on distributions at versions, https://google.github.io/osv.dev/post-v1-querybatch/.

`uv audit` asks the same, of a project with a uv.lock and its markers; what is in a layer is neither.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from layer_builder import parallel
from layer_builder.audit.answer import Answer, Distribution
from layer_builder.audit.records import names_of

_TIMEOUT_SECONDS = 20
_AT_ONCE = 1000
"""Queries that the database takes in one request."""
_MOST_PAGES = 20
_MOST_RECORDS = 500
"""Vulnerabilities whose other names are asked for; the rest stand alone."""
_RECORDS_AT_ONCE = 8


def ask_database(address: str, distributions: Sequence[Distribution]) -> Answer:
    """Say which vulnerabilities are known of distributions, by their ids and other names.

    Raises OSError where the database does not answer, ValueError where its answer is none of OSV's.
    """
    known = _known(address, distributions)
    return Answer(
        known=known, aliases=_aliases(address, {id_ for ids in known.values() for id_ in ids})
    )


def _aliases(address: str, ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Ask for the other names of vulnerabilities, https://google.github.io/osv.dev/get-v1-vulns/.

    A record that does not come leaves its id alone: then one hole is told twice, and none is lost.
    """
    import requests  # noqa: PLC0415 (30 ms, and few runs ask)

    def ask(id_: str) -> frozenset[str]:
        try:
            response = requests.get(
                f"{address.rstrip('/')}/v1/vulns/{quote(id_, safe='')}", timeout=_TIMEOUT_SECONDS
            )
            response.raise_for_status()
            record = json.loads(response.content)
            return names_of(record)[1] if isinstance(record, dict) else frozenset()
        except (OSError, ValueError, RecursionError):
            return frozenset()

    asked = sorted(ids)[:_MOST_RECORDS]
    return dict(zip(asked, parallel.each(ask, asked, _RECORDS_AT_ONCE), strict=True))


def _known(
    address: str, distributions: Sequence[Distribution]
) -> dict[Distribution, tuple[str, ...]]:
    found: dict[Distribution, set[str]] = {}
    open_: list[tuple[Distribution, str]] = [(one, "") for one in distributions]
    for _ in range(_MOST_PAGES):
        following = []
        for start in range(0, len(open_), _AT_ONCE):
            part = open_[start : start + _AT_ONCE]
            results = _post(
                f"{address.rstrip('/')}/v1/querybatch", {"queries": [*map(_query, part)]}
            )
            if len(results) != len(part):
                message = f"{len(results)} results for {len(part)} queries"
                raise ValueError(message)
            for (one, _), result in zip(part, results, strict=True):
                found.setdefault(one, set()).update(_ids(result))
                if token := result.get("next_page_token"):
                    following.append((one, str(token)))
        if not following:
            return {one: tuple(sorted(ids)) for one, ids in found.items() if ids}
        open_ = following
    message = f"it has more than {_MOST_PAGES} pages"
    raise ValueError(message)


def _query(asked: tuple[Distribution, str]) -> dict[str, Any]:
    (name, version), token = asked
    query: dict[str, Any] = {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
    return {**query, "page_token": token} if token else query


def _ids(result: dict[str, Any]) -> list[str]:
    vulnerabilities = result.get("vulns") or []
    if not isinstance(vulnerabilities, list):
        message = "vulns is no list"
        raise ValueError(message)  # noqa: TRY004 (an answer, not a call of ours)
    ids = [one.get("id") for one in vulnerabilities if isinstance(one, dict)]
    if len(ids) != len(vulnerabilities) or not all(isinstance(one, str) and one for one in ids):
        message = "a vulnerability has no id"
        raise ValueError(message)
    return [str(one) for one in ids]


def _post(url: str, data: object) -> list[dict[str, Any]]:
    import requests  # noqa: PLC0415 (30 ms, and few runs ask)

    # RequestException is an OSError, and so are the errors of status.
    response = requests.post(url, data=json.dumps(data).encode(), timeout=_TIMEOUT_SECONDS,
                             headers={"Content-Type": "application/json"})  # fmt: skip
    response.raise_for_status()
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        message = "its answer is no JSON"
        raise ValueError(message) from None
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        message = "its answer has no results"
        raise ValueError(message)
    return results
