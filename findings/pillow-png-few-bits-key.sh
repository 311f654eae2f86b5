#!/bin/sh
# Pillow 13.0.0, Python 3.11. A grey PNG of 2 or 4 bits whose tRNS chunk names one grey as transparent: the pixels are
# scaled to 0..255 (by 85 or 17), the key is not, so that it hits no pixel or another grey: of 4 bits and key 5, grey 5
# becomes 85 and nothing is transparent. With 1 and 8 bits it is right.
# Seen: 1 bit right, 2 bits wrong, 4 bits wrong, 8 bits right.
# Expected: alpha 0 where the number as it is stored is the key (PNG, third edition, 11.3.1.1).
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import io, struct, sys, zlib
import numpy as np
from PIL import Image

chunk = lambda kind, data: struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
right = []
for bits in (1, 2, 4, 8):
    stored = np.arange(64, dtype=np.uint8).reshape(8, 8) & ((1 << bits) - 1)
    digits = np.unpackbits(stored[..., None], axis=2)[..., 8 - bits :].reshape(8, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(digits, axis=1))
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2L5B", 8, 8, bits, 0, 0, 0, 0))
    png += chunk(b"tRNS", struct.pack(">H", 1)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    truth = np.where(stored == 1, 0, 255)
    by_pillow = np.asarray(Image.open(io.BytesIO(png)).convert("LA"))[..., 1]
    right.append(bool((by_pillow == truth).all()))
print(right)
sys.exit(0 if right == [True, False, False, True] else 1)
PYTHON
