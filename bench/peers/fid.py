"""The peers of bench/fid.ts: SciPy and NumPy on the same numbers; prints one JSON line with median milliseconds.

  fid.py FOLDER THREADS ROUNDS     FOLDER holds a-D.npy, b-D.npy covariances, features.npy, x.npy, y.npy
"""
import json
import os
import sys
import time

folder, threads, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np


def median(body, rounds=rounds):
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        body()
        times.append(1000 * (time.perf_counter() - began))
    return sorted(times)[len(times) // 2]


result = {}
features = np.load(f"{folder}/features.npy")
result["cov"] = median(lambda: np.cov(features.astype(np.float64), rowvar=False))
left, right = (np.random.default_rng(i).random((2048, 2048)) for i in (1, 2))
result["product"] = median(lambda: left @ right)
x, y = (np.load(f"{folder}/{n}.npy").astype(np.float64) for n in "xy")


def svd():
    a, b = x - x.mean(0), y - y.mean(0)
    np.linalg.svd(a @ b.T, compute_uv=False)


result["svd"] = median(svd)
try:
    from scipy import linalg

    for d in (512, 1024, 2048, 4096):
        try:
            a, b = (np.load(f"{folder}/{n}-{d}.npy") for n in "ab")
        except FileNotFoundError:
            continue
        result[f"lapack-{d}"] = median(lambda: (linalg.cholesky(a, lower=True), linalg.eigvalsh(b)))
        if d <= 2048:
            result[f"sqrtm-{d}"] = median(lambda: linalg.sqrtm(a @ b), 3 if d == 2048 else rounds)
except ImportError:
    pass
print(json.dumps(result))
