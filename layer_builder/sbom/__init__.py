"""The bill of materials of a layer, in CycloneDX."""

from layer_builder.sbom.cyclonedx_json import render_sbom

__all__ = ["render_sbom"]
