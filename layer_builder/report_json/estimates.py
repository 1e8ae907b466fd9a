"""What layers will weigh as data, before anything is built; documented in docs/report.md."""

from typing import Any

from layer_builder.forecast import ERROR, LayerEstimate
from layer_builder.outcome import Outcome


def estimates_data(outcome: Outcome) -> list[dict[str, Any]]:
    """Render the estimates of `plan`, in the manifest's order. All sizes are bytes."""
    found = (outcome.estimates.get(layer.id) for layer in outcome.layers)
    return [_estimate(estimate) for estimate in found if estimate]


def _estimate(estimate: LayerEstimate) -> dict[str, Any]:
    layer, tightest = estimate.layer, estimate.tightest
    return {
        "key": layer.key,
        "name": layer.name,
        "python": str(layer.target.python),
        "architecture": str(layer.target.architecture),
        "zip_bytes": estimate.weight.zip_bytes,
        "unzipped_bytes": estimate.weight.unzipped_bytes,
        "error": ERROR,
        "least": {
            "zip_bytes": estimate.least.zip_bytes,
            "unzipped_bytes": estimate.least.unzipped_bytes,
        },
        "limit": {
            "kind": tightest.limit.kind,
            "bytes": tightest.limit.allowed,
            "name": tightest.limit.name,
        },
        "headroom": tightest.headroom,
        "share": round(tightest.share, 4),
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "bytes_installed": package.bytes_installed,
                "bytes_kept": package.bytes_kept,
                "bytes_zipped": package.bytes_zipped,
            }
            for package in estimate.packages
        ],
        "included_bytes": estimate.included_bytes,
        "pruned": [
            {"rule": total.rule, "files": total.files, "bytes": total.bytes}
            for total in estimate.pruned
        ],
        "unknown": list(estimate.unknown),
        "fetched_whole": dict(estimate.whole),
    }
