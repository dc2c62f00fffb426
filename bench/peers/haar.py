"""Faces by OpenCV's Haar cascade, whose weights come with the wheel opencv-contrib-python: boxes only, in a pool of processes.

Usage: haar.py FOLDER PROCESSES SIDE
Reads a line from stdin for each round and answers with the milliseconds of a round. Each photo is decoded and reduced to SIDE
pixels, as our detector does it. With the argument `count` in place of `PROCESSES`, prints how many photos have a face instead.
"""

import os
import sys
import time
from multiprocessing import Pool

import cv2

cv2.setNumThreads(1)
folder, processes, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
WEIGHTS = os.path.join(cv2.data.haarcascades, "haarcascade_frontalface_alt2.xml")
TASK = 8
cascade = cv2.CascadeClassifier(WEIGHTS)


def find(name):
    grey = cv2.imread(os.path.join(folder, name), cv2.IMREAD_GRAYSCALE)
    scale = side / max(grey.shape)
    reduced = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return len(cascade.detectMultiScale(reduced)) > 0


def work(names):
    return sum(find(name) for name in names)


names = sorted(os.listdir(folder))
if processes == "count":
    print(work(names))
    sys.exit()
tasks = [names[first : first + TASK] for first in range(0, len(names), TASK)]
with Pool(int(processes)) as pool:
    pool.map(work, tasks[: int(processes)])
    for _ in sys.stdin:
        began = time.perf_counter()
        pool.map(work, tasks, chunksize=1)
        print((time.perf_counter() - began) * 1000, flush=True)
