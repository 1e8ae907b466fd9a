"""Measures parcels of land with Shapely."""

import shapely
from shapely import affinity, ops, wkt
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape


def handler(event, context):
    try:
        parcels = [wkt.loads(text) for text in event["parcels"]]
    except ShapelyError as error:
        return {"error": str(error).split("\n")[0]}
    union = ops.unary_union(parcels)
    tree = shapely.STRtree(parcels)
    return {"area": round(union.area, 6), "hull": union.convex_hull.wkt, "buffer": round(union.buffer(1).area, 6),
            "touching": [sorted(int(n) for n in tree.query(parcel)) for parcel in parcels],
            "json": mapping(shape(shapely.geometry.mapping(affinity.rotate(parcels[0], 90, origin=(0, 0))))),
            "valid": [shapely.is_valid_reason(parcel) for parcel in parcels], "geos": len(shapely.geos_version)}
