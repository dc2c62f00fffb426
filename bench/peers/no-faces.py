"""Makes pictures without faces: parts of scikit-image's own photos, and noise, stripes, discs and gradients.

Usage: no-faces.py FOLDER COUNT. The same pictures on every run.
"""

import os
import sys

import numpy as np
import skimage
from PIL import Image

out, count = sys.argv[1], int(sys.argv[2])
data = os.path.join(os.path.dirname(skimage.__file__), "data")
# Those of the wheel without a head. The camera man, the astronaut, and the coins, on which heads are minted, are left out.
NAMES = """brick.png cell.png chelsea.png chessboard_RGB.png clock_motion.png coffee.png color.png grass.png
gravel.png horse.png hubble_deep_field.jpg ihc.png microaneurysms.png moon.png motorcycle_left.png page.png retina.jpg
rocket.jpg text.png""".split()
photos = [Image.open(os.path.join(data, name)).convert("RGB") for name in NAMES]
random = np.random.default_rng(7)
os.makedirs(out, exist_ok=True)


def noise(height, width, octaves):
    total = np.zeros((height, width, 3))
    for octave in range(octaves):
        side = 2 ** (octave + 1)
        small = Image.fromarray((random.random((side, side, 3)) * 255).astype(np.uint8))
        total += np.asarray(small.resize((width, height), Image.BICUBIC)) / 255 / (octave + 1)
    return total / total.max()


def stripes(height, width, y, x):
    angle, frequency = random.uniform(0, np.pi), random.uniform(0.02, 0.4)
    wave = (np.sin((x * np.cos(angle) + y * np.sin(angle)) * frequency) + 1)[..., None] / 2
    return wave * random.random(3) + (1 - wave) * random.random(3)


def discs(height, width, y, x):
    picture = np.ones((height, width, 3)) * random.random(3)
    for _ in range(random.integers(3, 25)):
        cx, cy, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(5, min(width, height) / 3)
        picture[(x - cx) ** 2 + ((y - cy) * random.uniform(0.6, 1.6)) ** 2 < radius**2] = random.random(3)
    return picture


def gradient(height, width, y, x):
    corners, u, v = random.random((4, 3)), (x / width)[..., None], (y / height)[..., None]
    blend = (corners[0] * (1 - u) + corners[1] * u) * (1 - v) + (corners[2] * (1 - u) + corners[3] * u) * v
    blend = blend + noise(height, width, 6) * 0.3
    return blend / blend.max()


for number in range(count // 2):
    photo = photos[number % len(photos)]
    share = random.uniform(0.35, 1)
    width, height = (max(60, int(side * share)) for side in photo.size)
    left = random.integers(0, max(1, photo.size[0] - width + 1))
    top = random.integers(0, max(1, photo.size[1] - height + 1))
    factor = random.uniform(0.6, 1.6)
    part = photo.crop((left, top, left + width, top + height))
    part = part.resize((max(80, int(width * factor)), max(80, int(height * factor))), Image.BICUBIC)
    part.save(f"{out}/photo{number:03d}.jpg", quality=90)
for number in range(count // 2, count):
    width, height = int(random.integers(200, 700)), int(random.integers(200, 700))
    y, x = np.mgrid[0:height, 0:width]
    picture = [
        lambda: noise(height, width, int(random.integers(2, 8))),
        lambda: stripes(height, width, y, x),
        lambda: discs(height, width, y, x),
        lambda: random.random((height, width, 3)) * random.uniform(0.2, 1),
        lambda: gradient(height, width, y, x),
    ][number % 5]()
    Image.fromarray((picture * 255).astype(np.uint8)).save(f"{out}/made{number:03d}.jpg", quality=90)
print(count)
