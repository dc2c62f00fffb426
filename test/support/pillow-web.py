"""Writes WebP and AVIF files of many forms into a folder, and prints how many; 0 if this Pillow cannot write both."""
import os
import sys

import numpy as np
from PIL import Image, features

folder = sys.argv[1]
if not (features.check("webp") and features.check("avif")):
    print(0)
    sys.exit()
rng = np.random.default_rng(7)


def picture(width, height, seed=0):
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / 9 + seed + y / 13), 127 + 100 * np.cos(y / 7 + seed), 40 + (x * 3 + y) % 170]
    return Image.fromarray(np.clip(np.stack(waves, -1) + rng.normal(0, 4, (height, width, 3)), 20, 235).astype(np.uint8))


def save(image, name, **options):
    image.save(os.path.join(folder, name), **options)


rgb = picture(59, 45)
grey = rgb.convert("L")
rgba = rgb.copy()
rgba.putalpha(grey)
exif = Image.Exif()
for width, height in ((1, 1), (2, 3), (64, 64), (65, 33), (7, 301)):
    image = picture(width, height)
    save(image, f"lossy{width}x{height}.webp", quality=70)
    save(image, f"lossless{width}x{height}.webp", lossless=True)
    save(image, f"size{width}x{height}.avif")
for quality in (5, 50, 100):
    save(rgb, f"q{quality}.webp", quality=quality)
    save(rgb, f"q{quality}.avif", quality=quality)
for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:0:0"):
    for width in (58, 59):
        save(picture(width, 45), f"s{subsampling.replace(':', '')}-{width}.avif", subsampling=subsampling)
save(rgb, "limited.avif", range="limited")
save(grey, "grey.webp")
save(grey, "grey.avif")
save(rgba, "alpha.webp")
save(rgba, "alpha-lossless.webp", lossless=True)
save(rgba, "alpha.avif")
for orientation in range(1, 9):
    exif[0x112] = orientation
    save(rgb, f"turned{orientation}.webp", exif=exif.tobytes())
    save(rgb, f"turned{orientation}.avif", exif=exif.tobytes())
frames = [picture(59, 45, seed) for seed in (1, 2)]
save(rgb, "moving.webp", save_all=True, append_images=frames)
save(rgba, "moving-alpha.webp", save_all=True, append_images=frames, lossless=True)
save(rgb, "moving.avif", save_all=True, append_images=frames)
print(len(os.listdir(folder)))
