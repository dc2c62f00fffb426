"""Writes image files of many forms into a folder: JPEG samplings, BMP, GIF and TIFF modes."""
import os
import struct
import sys

import numpy as np
from PIL import Image

folder = sys.argv[1]
rng = np.random.default_rng(5)
H, W = 45, 59
y, x = np.mgrid[0:H, 0:W]
waves = np.stack([127 + 120 * np.sin(x / 7 + y / 11), 127 + 120 * np.cos(y / 5), x * 4 % 256], -1)
rgb = Image.fromarray(np.clip(waves + rng.normal(0, 6, waves.shape), 0, 255).astype(np.uint8))
grey = rgb.convert("L")
rgba = rgb.copy()
rgba.putalpha(grey)
sixteen = Image.fromarray(rng.integers(0, 65536, (H, W)).astype(np.uint16))


def save(image, name, **options):
    image.save(os.path.join(folder, name), **options)


def relabel(name, source, sampling, width, height):
    """The blocks of a JPEG file in another order: samplings that Pillow does not write."""
    with open(os.path.join(folder, source), "rb") as file:
        data = bytearray(file.read())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    data[frame + 11] = sampling
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


for sub, name in ((1, "422.jpg"), (2, "420.jpg")):
    save(rgb.resize((64, 48)), name, quality=90, subsampling=sub)
relabel("440.jpg", "422.jpg", 0x12, 32, 96)
relabel("411.jpg", "420.jpg", 0x41, 128, 24)
relabel("410.jpg", "420.jpg", 0x14, 32, 96)
for sub in (0, 1, 2):
    for progressive in (False, True):
        save(rgb, f"s{sub}{int(progressive)}.jpg", quality=90, subsampling=sub, progressive=progressive)
    save(rgb, f"restart{sub}.jpg", quality=90, subsampling=sub, restart_marker_blocks=3)
save(rgb.convert("CMYK"), "cmyk.jpg", quality=95)
save(grey, "grey.jpg", progressive=True)
modes = {
    "RGB": rgb,
    "L": grey,
    "1": grey.convert("1"),
    "P": rgb.quantize(99),
    "CMYK": rgb.convert("CMYK"),
    "RGBA": rgba,
    "LA": rgba.convert("LA"),
}
for mode, image in modes.items():
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"):
        save(image, f"{mode}-{compression}.tif", compression=compression)
    save(image.resize((333, 222)), f"{mode}-large.tif", compression="tiff_lzw")
    if mode in ("RGB", "L", "1", "P", "RGBA"):
        save(image, f"{mode}.bmp")
save(rgb, "predictor.tif", compression="tiff_lzw", tiffinfo={317: 2})
save(sixteen, "sixteen.tif")
save(sixteen, "sixteen.png")
for orientation in range(1, 9):
    save(rgb, f"turned{orientation}.tif", tiffinfo={274: orientation})
save(rgb.quantize(200), "a.gif")
save(rgb.quantize(7), "b.gif", interlace=1)
save(rgb.resize((300, 201)).quantize(255), "c.gif", interlace=0)
save(rgb.quantize(200), "moving.gif", save_all=True, append_images=[rgb.rotate(9).quantize(99)] * 3)

# BMP forms that Pillow reads but does not write: rows from the top, OS/2's header, 5-6-5 masks, run lengths.
pixels = np.asarray(rgb)


def bmp(name, header, body):
    offset = 14 + len(header)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + header + body)


def info(bits, height=H, compression=0):
    return struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, compression, 0, 2835, 2835, 0, 0)


bgr = np.zeros((H, (W * 3 + 3) // 4 * 4), np.uint8)
bgr[:, : W * 3] = pixels[:, :, ::-1].reshape(H, -1)
bmp("top.bmp", info(24, -H), bgr.tobytes())
bmp("os2.bmp", struct.pack("<IHHHH", 12, W, H, 1, 24), bgr[::-1].tobytes())
words = np.zeros((H, (W + 1) // 2 * 2), np.uint16)
r, g, b = (pixels[:, :, c].astype(np.uint16) for c in range(3))
words[:, :W] = (r >> 3) << 10 | (g >> 3) << 5 | b >> 3
bmp("555.bmp", info(16), words[::-1].tobytes())
words[:, :W] = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3
bmp("565.bmp", info(16, compression=3) + struct.pack("<III", 0xF800, 0x7E0, 0x1F), words[::-1].tobytes())
quads = np.zeros((H, W, 4), np.uint8)
quads[:, :, :3] = pixels[:, :, ::-1]
bmp("32.bmp", info(32), quads[::-1].tobytes())
