"""Hand-off files: the ARNs for whoever reads files, beside the report.

`layers.json` says the same as the outputs, `layers.env` is for shells and .env readers,
`layers.tfvars.json` for Terraform (`terraform apply -var-file=…`). All are sorted as the manifest
is, and the same run writes the same bytes.
"""

import json
import re
import shlex
from collections.abc import Iterator

from layer_builder.outcome import Outcome

Arns = dict[str, str | dict[str, str]]


def files(outcome: Outcome) -> dict[str, str]:
    """Give the files' texts by their names; none when no layer is released."""
    by_region = {region: outcome.arns(region) for region in outcome.regions}
    if not any(by_region.values()):
        return {}
    first = by_region[outcome.regions[0]]
    functions = dict(outcome.function_layers())
    return {
        "layers.json": _json(
            {
                "layer-arns": first,
                "layer-arns-by-region": by_region,
                "function-layers": functions,
            }
        ),
        "layers.env": "".join(f"{line}\n" for line in _assignments(first)),
        "layers.tfvars.json": _json(
            {
                "layer_arns": _flat(first),
                "layer_arns_by_region": {r: _flat(arns) for r, arns in by_region.items()},
                "function_layers": functions,
            }
        ),
    }


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _flat(arns: Arns) -> dict[str, str]:
    """Give a layer's targets keys of their own: Terraform's maps have values of one type."""
    found: dict[str, str] = {}
    for key, value in arns.items():
        if isinstance(value, str):
            found[key] = value
        else:
            found |= {f"{key}/{label}": arn for label, arn in value.items()}
    return found


def _assignments(arns: Arns) -> Iterator[str]:
    """Write `CORE_DEPS_ARN=…`; a name that another key has already is left out, and that is said."""
    taken: dict[str, str] = {}
    for key, arn in _flat(arns).items():
        name = variable(key)
        owner = taken.setdefault(name, key)
        if owner == key:
            yield f"{name}={shlex.quote(arn)}"
        else:
            yield f"# {key}: {name} is the name of {owner}"


def variable(key: str) -> str:
    """Name a layer's variable in `layers.env`.

    >>> variable("core-deps"), variable("core-deps/3.12-arm64"), variable("3d")
    ('CORE_DEPS_ARN', 'CORE_DEPS_3_12_ARM64_ARN', 'LAYER_3D_ARN')
    """
    name = re.sub(r"[^A-Za-z0-9]", "_", key).upper()
    return f"LAYER_{name}_ARN" if name[0].isdigit() else f"{name}_ARN"
