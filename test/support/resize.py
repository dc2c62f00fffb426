"""Resized pictures by PyTorch and Pillow: resize.py IN.raw WIDTH HEIGHT SIZE pytorch|clean OUT.f32 (RGB bytes in, floats 0..255 out)."""
import sys

import numpy as np

source, width, height, size, mode, out = sys.argv[1], *map(int, sys.argv[2:5]), *sys.argv[5:]
pixels = np.fromfile(source, np.uint8).reshape(height, width, 3)
if mode == "pytorch":
    import torch
    from torch.nn import functional as F

    x = torch.tensor(pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    result = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)[0].numpy().transpose(1, 2, 0) * 255
else:
    from PIL import Image

    planes = [Image.fromarray(pixels[:, :, c].astype(np.float32), "F").resize((size, size), Image.BICUBIC) for c in range(3)]
    result = np.clip(np.stack([np.asarray(p) for p in planes], -1), 0, 255)
result.astype(np.float32).tofile(out)
