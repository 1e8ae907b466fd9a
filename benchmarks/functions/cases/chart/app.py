"""Draws charts with Matplotlib."""

import hashlib
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib import font_manager


def handler(event, context):
    figure, axes = plt.subplots(figsize=(4, 3), dpi=100)
    getattr(axes, event["kind"])(event["x"], event["y"], label=event["label"])
    axes.set_title(event["label"], fontfamily=event.get("font", "sans-serif"))
    axes.legend()
    answer = {}
    for kind in ("png", "svg", "pdf"):
        file = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "x", "pdf.compression": 6}):
            figure.savefig(file, format=kind, metadata={"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind])
        answer[kind] = hashlib.sha256(file.getvalue()).hexdigest()
    plt.close(figure)
    return {**answer, "font": font_manager.findfont("DejaVu Sans").rpartition("/")[2]}
