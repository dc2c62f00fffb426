"""Frechet distances by SciPy's sqrtm and numpy's own statistics, for tests.

  distances.py distance A.npz B.npz     with mu and sigma
  distances.py sqrtm X.npy              roots of X X^T, as rows one after the other
  distances.py read FILE                shapes, dtypes and sums of the arrays of a .npz or .npy
  distances.py write FOLDER             arrays in the forms that numpy writes
"""
import json
import sys

import numpy as np

command, *args = sys.argv[1:]
if command == "distance":
    from scipy import linalg

    (m1, s1), (m2, s2) = ((f["mu"], f["sigma"]) for f in map(np.load, args))
    root = linalg.sqrtm(s1 @ s2)
    root = root[0] if isinstance(root, tuple) else root
    print(float(((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * np.trace(root.real)))
elif command == "sqrtm":
    from scipy import linalg

    def root(a):
        result = linalg.sqrtm(a)
        return (result[0] if isinstance(result, tuple) else result).real

    x = np.load(args[0])
    # Of A = X X^T itself; and by the small product, which has full rank where A has not: X (X^T X)^(-1/2) X^T.
    roots = {"direct": root(x @ x.T)}
    if x.shape[1] < x.shape[0]:
        roots["thin"] = x @ linalg.solve(root(x.T @ x), x.T, assume_a="pos")
    print(json.dumps({name: value.ravel().tolist() for name, value in roots.items()}))
elif command == "read":
    loaded = np.load(args[0])
    named = {"": loaded} if isinstance(loaded, np.ndarray) else {k: loaded[k] for k in loaded.files}
    print(json.dumps({k: [list(v.shape), str(v.dtype), float(v.sum())] for k, v in named.items()}))
else:
    folder = args[0]
    base = np.arange(6, dtype=np.float64).reshape(2, 3) / 4
    for name in ("f4", "f8", "f2", "i8", "i4", "u1", "i2", "u8"):
        np.save(f"{folder}/{name}.npy", (base * 4).astype(name))
    np.save(f"{folder}/fortran.npy", np.asfortranarray(base))
    np.save(f"{folder}/scalar.npy", np.float64(2.5))
    np.save(f"{folder}/big.npy", base.astype(">f8"))
    np.save(f"{folder}/objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
    np.savez(f"{folder}/stored.npz", mu=base[0], sigma=np.eye(3))
    np.savez_compressed(f"{folder}/packed.npz", mu=base[0], sigma=np.eye(3))
