#!/bin/sh
# Pillow 13.0.0, imagecodecs 2026.3.6 (openjpeg 2.5.4), Python 3.11. A JPEG 2000 of 9 to 16 bits a channel that Pillow
# opens with 8 (grey with alpha, RGB, RGBA): it adds half a step before it takes the upper byte, and the sum is not held
# at 255, so that the brightest half of a step becomes 0: white is black, opaque is transparent.
# Seen: 65535 -> 0, 65407 -> 255, for grey with alpha and for RGB; likewise 4095 of 12 bits -> 0.
# Expected: 255. Without white in them files look right, which is why it is easily missed.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 imagecodecs==2026.3.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import io, sys
import imagecodecs
import numpy as np
from PIL import Image

seen = {}
for bits, levels in ((16, (0, 32768, 65407, 65535)), (12, (0, 2048, 4087, 4095))):
    for channels in (2, 3):
        pixels = np.repeat(np.array(levels, np.uint16).reshape(1, 4, 1), channels, axis=2).repeat(4, axis=0)
        packed = imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="jp2", bitspersample=bits)
        assert (imagecodecs.jpeg2k_decode(packed) == pixels).all()
        with Image.open(io.BytesIO(packed)) as image:
            seen[bits, image.mode] = np.asarray(image)[0, :, 0].tolist()
print(seen)
sys.exit(0 if all(row[-1] == 0 and row[-2] == 255 for row in seen.values()) else 1)
PYTHON
