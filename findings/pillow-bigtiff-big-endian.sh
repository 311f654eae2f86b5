#!/bin/sh
# Pillow 13.0.0 with tifffile 2026.3.3, Python 3.11. A BigTIFF in big-endian order (begins 4D 4D 00 2B) is among the
# signatures that Pillow accepts, but it asks only the third byte of the file whether it is a BigTIFF, which is 43
# in little-endian order alone: the file is taken for a classic TIFF, and no field is found.
# Seen: little-endian read; big-endian "cannot identify image file". tifffile reads both.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 tifffile==2026.3.3 numpy
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys
from pathlib import Path
import numpy, tifffile
from PIL import Image, UnidentifiedImageError

seen = []
for order in "<>":
    path = Path(sys.argv[1]) / "a.tif"
    pixels = numpy.arange(24 * 32 * 3, dtype=numpy.uint8).reshape(24, 32, 3)
    tifffile.imwrite(path, pixels, bigtiff=True, byteorder=order, photometric="rgb")
    assert numpy.array_equal(tifffile.imread(path), pixels)
    try:
        with Image.open(path) as image:
            seen.append(numpy.array_equal(numpy.asarray(image), pixels))
    except UnidentifiedImageError as error:
        seen.append(str(error).split("'")[0].strip())
    print(path.read_bytes()[:4], seen[-1])
sys.exit(0 if seen == [True, "cannot identify image file"] else 1)
PYTHON
