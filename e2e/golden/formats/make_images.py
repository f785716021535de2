"""Writes small pictures of every kind the import reads, and their pixels as Pillow sees them (images/expected.json).

Run: python make_images.py   (needs Pillow and numpy)
"""
import json
import pathlib

import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent / "images"
here.mkdir(exist_ok=True)
rng = np.random.default_rng(7)
rgb = rng.integers(0, 256, (5, 7, 3), np.uint8)
grey = rng.integers(0, 256, (5, 7), np.uint8)
rgba = np.dstack([rgb, rng.integers(0, 256, (5, 7), np.uint8)])
expected = {}


def keep(name, image, pixels, **options):
    image.save(here / name, **options)
    pixels = np.asarray(pixels)
    expected[name] = {"shape": [*pixels.shape[:2], 1 if pixels.ndim == 2 else pixels.shape[2]], "pixels": pixels.ravel().tolist()}


keep("rgb.png", Image.fromarray(rgb), rgb)
keep("grey.png", Image.fromarray(grey), grey)
keep("rgba.png", Image.fromarray(rgba), rgba)
keep("opaque.png", Image.fromarray(np.dstack([rgb, np.full((5, 7), 255, np.uint8)])), rgb)
keep("rgb.webp", Image.fromarray(rgb), rgb, lossless=True)
keep("rgb.tiff", Image.fromarray(rgb), rgb)
keep("grey.tiff", Image.fromarray(grey), grey, compression="tiff_deflate")
palette = Image.fromarray(rgb).quantize(8)
keep("palette.gif", palette, np.asarray(palette.convert("RGB")))
keep("rgb.bmp", Image.fromarray(rgb), rgb)
keep("palette.bmp", palette, np.asarray(palette.convert("RGB")))
bits = Image.fromarray(grey > 127)
keep("bits.bmp", bits, np.asarray(bits.convert("RGB")))
keep("rgba.bmp", Image.fromarray(rgba), rgb)  # Pillow writes 32 bits without an alpha mask
keep("grey.bmp", Image.fromarray(grey), np.dstack([grey] * 3))

# JPEG decoders may differ by a level: a picture that is flat within its blocks.
flat = np.repeat(np.repeat(rng.integers(40, 216, (2, 2), np.uint8), 8, 0), 8, 1)
image = Image.fromarray(flat)
image.save(here / "flat.jpg", quality=100)
expected["flat.jpg"] = {"shape": [16, 16, 1], "pixels": flat.ravel().tolist(), "tolerance": 2}
# EXIF orientation 6: to be turned clockwise by 90 degrees.
exif = Image.Exif()
exif[0x0112] = 6
keep("turned.png", Image.fromarray(grey), np.rot90(grey, -1), exif=exif)

(here / "expected.json").write_text(json.dumps(expected))
