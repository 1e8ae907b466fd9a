"""Filters a signal and solves a system with NumPy."""

import hashlib

import numpy as np


def handler(event, context):
    random = np.random.default_rng(event["seed"])
    samples = np.sin(np.linspace(0, 20 * np.pi, event["length"])) + random.normal(0, 0.1, event["length"])
    spectrum = np.abs(np.fft.rfft(samples))
    matrix = random.integers(0, 9, (event["size"], event["size"])) + 10 * np.eye(event["size"])
    right = np.arange(event["size"])
    solved = np.linalg.solve(matrix, right)
    values = np.linalg.eigvals(matrix @ matrix.T)
    fit = np.polynomial.Polynomial.fit(np.arange(10), np.arange(10) ** 2, 2).convert().coef
    text = np.array2string(solved, precision=6, threshold=10)
    return {"peak": int(spectrum.argmax()), "solved": text, "error": bool(np.allclose(matrix @ solved, right)),
            "largest": round(float(values.real.max()), 6), "fit": fit.round(6).tolist(),
            "sha256": hashlib.sha256(samples.round(9).tobytes()).hexdigest(),
            "strings": np.strings.upper(np.array(["ä", "b"])).tolist(), "blas": "blas" in str(np.show_config(mode="dicts")).lower()}
