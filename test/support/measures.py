"""Scores of swaps as ../shared/tools/quality/train.py defines them, by NumPy and SciPy.

Reads input, swap and truth (uint8 [n, S, S, 3]) and masks (uint8 [n, S, S]) from one raw file, one after the other; prints JSON.
Usage: measures.py FILE n S
"""
import json, sys
import numpy as np
from scipy.ndimage import median_filter

path, n, S = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
raw = np.fromfile(path, np.uint8)
k = n * S * S * 3
x, y, t = (raw[i * k:(i + 1) * k].reshape(n, S, S, 3).astype(np.float64) for i in range(3))
m = raw[3 * k:].reshape(n, S, S).astype(np.float64)


def psnr(a, b, w):
    per = ((a - b) ** 2 * w[..., None]).sum((1, 2, 3)) / np.maximum(3 * w.sum((1, 2)), 1)
    return 10 * np.log10(255 ** 2 / np.maximum(per, 1e-2))


one = np.ones_like(m)
wrong = ((y - t) ** 2 * m[..., None]).sum((1, 2, 3))
needed = ((x - t) ** 2 * m[..., None]).sum((1, 2, 3))
change = y - x
med = median_filter(change, size=(1, 3, 3, 1), mode="nearest")
print(json.dumps(dict(
    regionGain=(psnr(y, t, m) - psnr(x, t, m)).tolist(),
    wholeGain=(psnr(y, t, one) - psnr(x, t, one)).tolist(),
    outside=psnr(y, x, 1 - m).tolist(),
    rightShare=(1 - wrong / needed).tolist(),
    reconstruction=psnr(y, x, one).tolist(),
    noise=((change - med) ** 2).mean((1, 2, 3)).tolist(),
)))
