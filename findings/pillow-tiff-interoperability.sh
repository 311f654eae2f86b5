#!/bin/sh
# Pillow 13.0.0 (also 12.0.0), Python 3.11. Saving a TIFF with the EXIF block of a camera's JPEG:
# the interoperability directory (tag 40965, which every DCF camera writes: "R98" = sRGB, "R03" = Adobe RGB) is not
# written; its pointer is copied as the number that it was in the JPEG's block, and points to whatever lies
# there in the new file. Reading the TIFF back gives other fields than were saved, or none. The same block saved as
# JPEG or WebP comes back whole.
# Seen: JPEG {1: 'R98', 2: b'0100'}, WebP the same; TIFF {} or rubbish (its pointer is the old number).
# Expected: the same directory in all three (CIPA DC-008, 4.6.3.3.1).
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import struct, sys
from pathlib import Path
from PIL import Image

folder = Path(sys.argv[1])
# A block as a camera writes it: Make and EXIF in the first directory, interoperability within EXIF.
row = lambda tag, kind, count, value: struct.pack("<HHL", tag, kind, count) + value.ljust(4, b"\0")
directory = lambda *rows: struct.pack("<H", len(rows)) + b"".join(rows) + bytes(4)
at = lambda place: struct.pack("<L", place)
first = directory(row(0x10F, 2, 4, b"abc\0"), row(0x8769, 4, 1, at(38)))
exif = directory(row(0x9000, 7, 4, b"0232"), row(0xA005, 4, 1, at(68)))
interoperability = directory(row(1, 2, 4, b"R98\0"), row(2, 7, 4, b"0100"))
block = b"Exif\0\0II*\0" + at(8) + first + exif + interoperability

found = {}
for kind in ("JPEG", "WEBP", "TIFF"):
    path = folder / f"a.{kind.lower()}"
    Image.new("RGB", (64, 48), "gray").save(path, kind, exif=block)
    with Image.open(path) as image:
        exif = image.getexif()
        found[kind] = dict(exif.get_ifd(0xA005))
        print(kind, found[kind], "pointer", exif.get_ifd(0x8769).get(0xA005))
whole = {1: "R98", 2: b"0100"}
same = found["JPEG"] == found["WEBP"] == whole and found["TIFF"] != whole
sys.exit(0 if same else 1)
PYTHON
