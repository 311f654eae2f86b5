#!/bin/sh
# Pillow 13.0.0 with its LittleCMS 2.19, Python 3.11. An RGB (or CMYK) profile with a table (A2B0) of few points, at 8
# bits: the transform puts a grid of its own in the table's place. With the default flags, and with HIGHRESPRECALC, colors
# between the points are off by many levels of 255; NOOPTIMIZE evaluates the table itself, at several times the cost.
# The table here has 5 points on a side behind input curves of x^1.3, so that its cells lie where the grid has none.
# Seen, against the table evaluated in floats (tetrahedra): default up to 12.9 levels off, high resolution 9.0, no
# optimization 0.7, which is rounding.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check pillow==13.0.0 numpy
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import io, struct, sys
import numpy as np
from PIL import Image, ImageCms, features

D50 = np.array([0.9642, 1.0, 0.8249])


def profile():
    """A scanner: 5 x 5 x 5 points of Lab behind input curves of x^1.3."""
    axes = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij"), axis=-1)
    lab = np.stack([100 * axes.mean(-1) ** 1.1, 60 * (axes[..., 0] - axes[..., 1]), 60 * (axes[..., 1] - axes[..., 2])], -1)
    grid = np.stack([lab[..., 0] / 100, (lab[..., 1] + 128) / 255, (lab[..., 2] + 128) / 255], -1) * 65280 / 65535
    curve = (np.linspace(0, 1, 256) ** 1.3 * 65535).round().astype(">u2")
    straight = np.array([0, 65535], ">u2")
    one = struct.pack(">9l", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    nodes = (grid * 65535).round().astype(">u2")
    table = b"mft2" + bytes(4) + bytes([3, 3, 5, 0]) + one + struct.pack(">2H", 256, 2)
    table += curve.tobytes() * 3 + nodes.tobytes() + straight.tobytes() * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3l", *(round(v * 65536) for v in D50))
    text = b"desc" + bytes(4) + struct.pack(">L", 5) + b"made\0" + bytes(78)
    tags = {b"desc": text, b"cprt": b"text" + bytes(4) + b"none\0\0\0\0", b"wtpt": white, b"A2B0": table}
    start, body, index = 132 + 12 * len(tags), b"", struct.pack(">L", len(tags))
    for name, data in tags.items():
        index += struct.pack(">4sLL", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">L4sL", start + len(body), bytes(4), 0x02400000) + b"scnrRGB Lab "
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3l", *(round(v * 65536) for v in D50))
    return head.ljust(128, b"\0") + index + body, curve / 65535, nodes / 65535


data, curve, nodes = profile()
values = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)

# The table itself, to Lab, in tetrahedra.
place = curve[values.reshape(-1, 3)] * 4
low = np.minimum(place.astype(int), 3)
part = place - low
order = np.argsort(-part, axis=1)
parts = np.take_along_axis(part, order, 1)
flat, steps = nodes.reshape(-1, 3), np.array([25, 5, 1])
corner = low @ steps
lab = flat[corner] * (1 - parts[:, :1])
for k in range(3):
    corner = corner + steps[order[:, k]]
    lab += flat[corner] * (parts[:, k : k + 1] - (parts[:, k + 1 : k + 2] if k < 2 else 0))
lab = lab * 65535 / 65280 * [100, 255, 255] - [0, 128, 128]
f = (lab[:, :1] + 16) / 116 + np.stack([lab[:, 1] / 500, 0 * lab[:, 1], -lab[:, 2] / 200], 1)
xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50
to_d50 = np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
light = np.linalg.solve(to_d50, xyz.T).T.clip(0, 1)
truth = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).reshape(300, 300, 3) * 255

print("Pillow's LittleCMS", features.version("littlecms2"))
off = {}
flags = ImageCms.Flags
for name, flag in (("default", flags.NONE), ("high resolution", flags.HIGHRESPRECALC), ("no optimization", flags.NOOPTIMIZE)):
    way = ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB"), "RGB", "RGB",
                                  ImageCms.Intent.RELATIVE_COLORIMETRIC, flag)
    got = np.asarray(ImageCms.applyTransform(Image.fromarray(values), way), float)
    off[name] = np.abs(got - truth)
    print(f"{name}: mean {off[name].mean():.2f}, largest {off[name].max():.1f} levels of 255")
sys.exit(0 if off["default"].max() > 5 and off["high resolution"].max() > 3 and off["no optimization"].max() < 1 else 1)
PYTHON
