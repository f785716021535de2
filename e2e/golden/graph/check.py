"""python check.py FOLDER: the official ONNX checker, with full shape inference, over every model of a folder."""
import pathlib
import sys

import onnx

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
for file in files:
    try:
        onnx.checker.check_model(str(file), full_check=True)
    except Exception as error:
        sys.exit(f"{file.name}: {error}")
print(len(files))
