"""Pillow's pixels of the files of a folder, upright, as RGB: writes OUT/name.rgb and prints JSON {name: {size, mode}}."""
import json
import os
import sys

import numpy as np
from PIL import Image, ImageOps

folder, out = sys.argv[1:3]
found = {}
for name in sorted(os.listdir(folder)):
    try:
        image = Image.open(os.path.join(folder, name))
        mode = image.mode
        if image.format != "TIFF":  # those are turned by load() itself
            image = ImageOps.exif_transpose(image)
        if mode.startswith("I"):  # 16-bit grey, which convert() would clip
            high = (np.asarray(image).astype(np.int64) >> 8).astype(np.uint8)
            pixels = np.stack([high] * 3, -1)
        else:
            pixels = np.asarray(image.convert("RGB"))
    except Exception as error:
        found[name] = {"error": str(error)}
        continue
    pixels.tofile(os.path.join(out, name + ".rgb"))
    found[name] = {"size": [pixels.shape[1], pixels.shape[0]], "mode": mode}
print(json.dumps(found))
