#!/bin/sh
# Pillow 13.0.0, Python 3.11. Where EXIF says nothing, Pillow takes the orientation from XMP (getexif, exif_transpose),
# by a pattern on the text, not as XML: tiff:Orientation="6" and <tiff:Orientation>6< are found,
# tiff:Orientation='6' and tiff:Orientation = "6" are not, which are the same to XML. ExifTool writes the third form
# with -api Compact=Shorthand. A TIFF is turned by Pillow while it is loaded, so that two TIFF files whose packets
# mean the same come out with different shapes.
# Seen: (24, 32) for the first two, (32, 24) for the others, stored 32 x 24. Expected: (24, 32) for all.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from xml.etree import ElementTree
from PIL import Image, TiffImagePlugin

path = Path(sys.argv[1]) / "a.tif"
space = "http://ns.adobe.com/tiff/1.0/"
seen = []
for form in (' tiff:Orientation="6"/>', "><tiff:Orientation>6</tiff:Orientation></rdf:Description>",
             " tiff:Orientation='6'/>", ' tiff:Orientation = "6"/>'):
    packet = (f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
              f'<rdf:Description xmlns:tiff="{space}"{form}</rdf:RDF></x:xmpmeta>')
    node = ElementTree.fromstring(packet)[0][0]
    assert "6" in (node.get(f"{{{space}}}Orientation"), node.findtext(f"{{{space}}}Orientation"))
    fields = TiffImagePlugin.ImageFileDirectory_v2()
    fields[700] = packet.encode()
    fields.tagtype[700] = 1
    Image.new("RGB", (32, 24)).save(path, tiffinfo=fields)
    with Image.open(path) as image:
        image.load()
        seen.append(image.size)
    print(form, seen[-1])
sys.exit(0 if seen == [(24, 32), (24, 32), (32, 24), (32, 24)] else 1)
PYTHON
