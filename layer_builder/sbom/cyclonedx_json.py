"""A layer's bill of materials in CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/.

The same for the same zip: no date, and a serial number made from its content.
"""

import json
import uuid
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

import layer_builder
from layer_builder.model import Built, Licensed
from layer_builder.sbom.dependencies import required_by

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/")


def render_sbom(built: Built) -> str:
    """Render what a layer's zip is made of, as JSON."""
    layer = built.layer
    root = Component(
        name=layer.name,
        type=ComponentType.LIBRARY,
        bom_ref="layer",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=built.archive.sha256)],
        properties=[
            Property(name="layer-builder:key", value=layer.key),
            *(Property(name="aws:lambda:runtime", value=runtime) for runtime in built.runtimes),
            Property(name="aws:lambda:architecture", value=str(layer.target.architecture)),
        ],
    )
    wheels = {(one.name, one.version): one.wheel_sha256 for one in built.details.packages}
    bom = Bom(
        components=[
            _component(one, wheels.get((one.name, one.version), "")) for one in built.licences
        ]
    )
    bom.metadata.component = root
    bom.metadata.tools.components.add(
        Component(
            name="layer-builder", version=layer_builder.__version__, type=ComponentType.APPLICATION
        )
    )
    bom.register_dependency(root, bom.components)
    parts = {part.name: part for part in bom.components}
    for name, others in required_by(built.licences, layer.target, built.details.extras).items():
        bom.register_dependency(parts[name], [parts[other] for other in others])
    data: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    del data["metadata"]["timestamp"], data["serialNumber"]
    text = json.dumps(data, sort_keys=True)
    data["serialNumber"] = uuid.uuid5(_NAMESPACE, text).urn
    return json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _component(one: Licensed, wheel_sha256: str) -> Component:
    licence = (
        LicenseExpression(one.expression, bom_ref=BomRef(f"licence-of-{one.name}"))
        if one.expression
        else DisjunctiveLicense(
            name=one.said or "unknown", bom_ref=BomRef(f"licence-of-{one.name}")
        )
    )
    purl = PackageURL(type="pypi", name=one.name, version=one.version)
    return Component(
        name=one.name,
        version=one.version,
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[licence],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel_sha256)] if wheel_sha256 else (),
    )
