#!/bin/sh
# opencv-python-headless 5.0.0.93 with tifffile 2026.3.3 and imagecodecs 2026.3.6, Python 3.11. cv2.imdecode and
# cv2.imread with IMREAD_UNCHANGED on valid TIFF files that their libtiff was not built for, or has no layout for:
#   JPEG 2000 (34712) or PNG (34933) inside: a line on standard error, but no None: a picture of the right size, black;
#   grey with alpha at 16 bits: 8 bits of grey, the alpha gone, though the flag says unchanged.
# Seen: black, black, uint8 of one channel. Zstandard inside gives None, as documented. tifffile reads all of them.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check opencv-python-headless==5.0.0.93 tifffile==2026.3.3 \
    imagecodecs==2026.3.6 numpy
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys
from pathlib import Path
import cv2, numpy, tifffile

path = Path(sys.argv[1]) / "a.tif"
y, x = numpy.mgrid[0:48, 0:64]
pixels = numpy.stack([x * 3 + 40, y * 4 + 40, 250 - x], axis=-1).astype(numpy.uint8)
seen = []
for compression in ("jpeg2000", "png", "zstd"):
    tifffile.imwrite(path, pixels, photometric="rgb", compression=compression)
    assert tifffile.imread(path).mean() > 100
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    seen.append(None if read is None else (read.shape, int(read.max())))
    print(compression, seen[-1])
two = numpy.dstack([pixels[..., 0], pixels[..., 1]]).astype(numpy.uint16) * 257
tifffile.imwrite(path, two, photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig")
assert tifffile.imread(path).shape == (48, 64, 2)
read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
seen.append((read.shape, str(read.dtype)))
print("grey and alpha, 16 bits", seen[-1])
sys.exit(0 if seen == [((48, 64, 3), 0), ((48, 64, 3), 0), None, ((48, 64), "uint8")] else 1)
PYTHON
