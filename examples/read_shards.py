"""Reads the faces of `elegant preprocess SRC FACES --format raw` with NumPy: python3 examples/read_shards.py FACES"""
import json
import pathlib
import sys

import numpy as np

for index in sorted(pathlib.Path(sys.argv[1], "shards").glob("*.json")):
    about = json.loads(index.read_text())
    faces = np.load(index.with_name(about["data"]), mmap_mode="r")  # uint8 [n, size, size, 3], RGB; nothing is read yet
    print(about["data"], faces.shape, faces.dtype, "mean", faces.mean(axis=(0, 1, 2)).round(1))
