"""The published tools' own distance of two .npz files of statistics, as JSON.

  published-fid.py A.npz B.npz OUT.npz    OUT becomes A's statistics as pytorch-fid keeps them
"""
import contextlib
import json
import sys

import numpy as np
from pytorch_fid import fid_score

a, b, out = sys.argv[1:]


class NoNetwork:
    """Files of statistics need no network; the real one would fetch its weights."""

    BLOCK_INDEX_BY_DIM = fid_score.InceptionV3.BLOCK_INDEX_BY_DIM

    def __init__(self, blocks):
        pass

    def to(self, device):
        return self


fid_score.InceptionV3 = NoNetwork
with contextlib.redirect_stdout(sys.stderr):  # pytorch-fid prints what it adds to diagonals
    (m1, s1), (m2, s2) = (fid_score.compute_statistics_of_path(path, None, 50, 2048, "cpu") for path in (a, b))
    scores = {"pytorch": float(fid_score.calculate_fid_given_paths([a, b], 50, "cpu", 2048))}
    np.savez_compressed(out, mu=m1, sigma=s1)
    try:
        from cleanfid.fid import frechet_distance

        scores["clean"] = float(frechet_distance(m1, s1, m2, s2))
    except ImportError:
        pass
print(json.dumps(scores))
