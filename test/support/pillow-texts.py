"""Prints the texts of a PNG file as one JSON object, as Pillow reads them. Fails if one is not an international text."""
import json
import sys

from PIL import Image
from PIL.PngImagePlugin import iTXt

with Image.open(sys.argv[1]) as image:
    image.load()
    texts = image.text
for keyword, text in texts.items():
    if not isinstance(text, iTXt) or text.lang or text.tkey:
        sys.exit(f"{keyword}: {type(text)}")
print(json.dumps(texts))
