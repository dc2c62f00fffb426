"""The published preprocessing in OpenCV: decode, similarity by five landmarks, bilinear warp, JPEG; in a pool of processes.

Usage: opencv.py FOLDER OUT SIZE QUALITY PROCESSES jpg|raw
Reads a line from stdin for each round and answers with the milliseconds of a round; the pool stays, as a long run's would.
raw: no encoding, the crops of a task go into one file of bytes.
"""

import os
import sys
import time
from multiprocessing import Pool

import cv2
import numpy as np

cv2.setNumThreads(1)
folder, out, size, quality, processes, kind = sys.argv[1:]
size, quality, processes = int(size), int(quality), int(processes)
TASK = 16
# Mean face at 256 px; the golden file of the alignment has the crops that tell these numbers from others.
TARGET = np.array([float(word) for word in os.environ["ELEGANT_TARGET"].split(",")]).reshape(5, 2) * (size / 256)


def similarity(points):
    """Least squares for a rotation, one scale and a shift: [2, 3], photo to crop."""
    source = points - points.mean(0)
    target = TARGET - TARGET.mean(0)
    norm = (source**2).sum()
    a = (source * target).sum() / norm
    b = (source[:, 0] * target[:, 1] - source[:, 1] * target[:, 0]).sum() / norm
    linear = np.array([[a, -b], [b, a]])
    shift = TARGET.mean(0) - linear @ points.mean(0)
    return np.hstack([linear, shift[:, None]])


def crop(item):
    name, points = item
    photo = cv2.imread(os.path.join(folder, "images", name))
    return cv2.warpAffine(photo, similarity(points), (size, size), flags=cv2.INTER_LINEAR)


def work(task):
    index, items = task
    if kind == "raw":
        rows = np.stack([cv2.cvtColor(crop(item), cv2.COLOR_BGR2RGB) for item in items])
        rows.tofile(os.path.join(out, f"{index}.raw"))
        return
    for item in items:
        path = os.path.join(out, os.path.splitext(item[0])[0] + ".jpg")
        cv2.imwrite(path, crop(item), [cv2.IMWRITE_JPEG_QUALITY, quality])


with open(os.path.join(folder, "list_landmarks_celeba.txt"), encoding="utf8") as file:
    lines = file.read().split("\n")[2:]
rows = [line.split() for line in lines if line.strip()]
items = [(row[0], np.array([float(word) for word in row[1:]]).reshape(5, 2)) for row in rows]
tasks = [(first, items[first : first + TASK]) for first in range(0, len(items), TASK)]
with Pool(processes) as pool:
    pool.map(work, tasks[:processes])
    for _ in sys.stdin:
        began = time.perf_counter()
        pool.map(work, tasks, chunksize=1)
        print((time.perf_counter() - began) * 1000, flush=True)
