"""Thousands of damaged picture files: each is read or refused in one line, and what was read can be written again.

    python benchmarks/mutated.py [--files 6000] [--seed 0]

Small files of every kind that is read are changed by a few bytes, cut, or given bytes twice. Batches run in processes
of their own, so that a signal, a hang or a line that a decoder prints by itself is seen. On two cores, 6,000 files
take some 4 minutes. Prints a table and exits with 1 if anything went wrong.
"""

import argparse
import importlib.util
import io
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

BATCH = 250  # files of one process
SLOW = 10.0  # seconds for one file are a hang
RESULTS = ("png", "jpg", "tif", "webp")


def sources() -> dict[str, bytes]:
    """A file of each kind, by its name."""
    import tifffile
    from PIL import Image, features

    y, x = np.mgrid[0:40, 0:56].astype(np.float32)
    waves = [np.sin(x / 7 + channel) + np.cos(y / 5 - channel) for channel in range(3)]
    picture = (np.stack(waves, axis=-1) * 55 + 128).clip(0, 255).astype(np.uint8)
    image, deep = Image.fromarray(picture), picture.astype(np.uint16) * 257
    alpha = Image.fromarray(np.dstack([picture, picture[..., 0]]))
    exif = Image.Exif()
    exif.update({270: "caption", 271: "maker", 274: 6})
    exif.get_ifd(0x8769).update({36864: b"0232", 40961: 1})

    def pillow(kind: str, source: Image.Image = image, **options: object) -> bytes:
        buffer = io.BytesIO()
        source.save(buffer, kind, **options)
        return buffer.getvalue()

    def tiff(pixels: np.ndarray, **options: object) -> bytes:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, pixels, **options)
        return buffer.getvalue()

    found = {
        "plain.jpg": pillow("JPEG", quality=90, exif=exif.tobytes(), xmp=b"<x/>", comment=b"a"),
        "progressive.jpg": pillow("JPEG", progressive=True),
        "inks.jpg": pillow("JPEG", image.convert("CMYK")),
        "plain.png": pillow("PNG", exif=exif.tobytes()),
        "alpha.png": pillow("PNG", alpha),
        "palette.png": pillow("PNG", image.quantize(30)),
        "deep.png": pillow("PNG", Image.fromarray(deep[..., 0])),
        "plain.webp": pillow("WEBP", exif=exif.tobytes()),
        "lossless.webp": pillow("WEBP", alpha, lossless=True),
        "plain.gif": pillow("GIF"),
        "plain.bmp": pillow("BMP"),
        "lzw.tif": pillow("TIFF", compression="tiff_lzw", exif=exif),
        "jpeg.tif": pillow("TIFF", compression="jpeg"),
        "fax.tif": pillow("TIFF", image.convert("1"), compression="group4"),
        "palette.tif": pillow("TIFF", image.quantize(30)),
        "deep.tif": tiff(deep, photometric="rgb", compression="zlib", predictor=True),
        "planes.tif": tiff(
            np.moveaxis(deep, 2, 0), photometric="rgb", planarconfig="separate", tile=(16, 16)
        ),
        "inks.tif": tiff(np.dstack([deep, deep[..., 0]]), photometric="separated"),
        "big.tif": tiff(deep, photometric="rgb", bigtiff=True),
        "pages.tif": _pages(picture),
    }
    if features.check("avif"):
        found["plain.avif"] = pillow("AVIF", exif=exif.tobytes())
    if features.check("jpg_2000"):
        found |= {"plain.jp2": pillow("JPEG2000"), "plain.j2k": pillow("JPEG2000", no_jp2=True)}
    heic = Path(__file__).parent.parent / "tests" / "pixels" / "files" / "turned.heic"
    return found | {"plain.heic": heic.read_bytes()} if importlib.util.find_spec("pi_heif") else found


def _pages(picture: np.ndarray) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(picture[::4, ::4], photometric="rgb", subfiletype=1, subifds=1)
        file.write(picture, photometric="rgb", compression="zlib")
    return buffer.getvalue()


def mutated(whole: bytes, rng: np.random.Generator) -> bytes:
    """The file with a few bytes changed, a piece cut away or twice there, or its end missing."""
    data = bytearray(whole)
    for _ in range(rng.integers(1, 5)):
        near = min(len(data), 400) if rng.random() < 0.6 else len(data)
        data[int(rng.integers(near))] = int(rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))]))
    start, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
    what = rng.random()
    if what < 0.15:
        del data[start:]
    elif what < 0.25:
        del data[start : start + length]
    elif what < 0.35:
        data[start:start] = data[start : start + length]
    if data[:8] == b"\x89PNG\r\n\x1a\n" and rng.random() < 0.6:
        return _with_checksums(bytes(data))
    return bytes(data) or b"\0"


def _with_checksums(png: bytes) -> bytes:
    """A PNG whose chunks have the right checksums, so that what is in them is looked at."""
    whole, at = png[:8], 8
    while at + 12 <= len(png):
        (length,) = struct.unpack_from(">L", png, at)
        chunk = png[at + 4 : at + 8 + length]
        whole += png[at : at + 4] + chunk + struct.pack(">L", zlib.crc32(chunk))
        at += 12 + length
    return whole


def run(first: int, last: int, seed: int, folder: Path) -> Iterator[str]:
    """The outcome of files by their numbers, a line each: kind, tab, what became of it."""
    from safelight.errors import PhotoError
    from safelight.pixels.files import read_photo, write_photo

    kinds = sources()
    names = sorted(kinds)
    for number in range(first, last):
        rng = np.random.default_rng((seed, number))
        name = names[number % len(names)]
        path = folder / name
        path.write_bytes(mutated(kinds[name], rng))
        start, became = time.perf_counter(), "read"
        try:
            photo = read_photo(path, limit_megapixels=2, native=bool(number % 2))
            again = write_photo(folder / f"again.{RESULTS[number % 4]}", photo, overwrite=True)
            size, became = photo.size, "read, NOT OPENED AGAIN"
            became = "read" if read_photo(again).size == size else "read, OF ANOTHER SIZE AGAIN"
        except PhotoError as error:
            if became == "read":
                became = "refused" if len(str(error).splitlines()) == 1 else "REFUSED IN MANY LINES"
        except BaseException as error:
            became = f"RAISED {type(error).__name__} {error}"
        seconds = time.perf_counter() - start
        yield f"{name}\t{became}{f', SLOW {seconds:.0f} s' if seconds > SLOW else ''}\t{number}"


def main() -> int:
    """All batches; the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, nargs=2, metavar=("FIRST", "LAST"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.batch:
            for line in run(given.batch[0], given.batch[1], given.seed, Path(folder)):
                print(line, flush=True)
            return 0
    table: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    for first in range(0, given.files, BATCH):
        last = min(first + BATCH, given.files)
        command = [sys.executable, __file__, "--seed", str(given.seed), "--batch", str(first), str(last)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SLOW * BATCH, check=False)
        except subprocess.TimeoutExpired:
            wrong.append(f"{first} to {last}: a hang")
            continue
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        table.update((name, became) for name, became, _ in lines)
        wrong += [" ".join(line) for line in lines if line[1].lower() != line[1]]
        if done.returncode or done.stderr or len(lines) < last - first:
            wrong.append(
                f"{first} to {last}: status {done.returncode}, {len(lines)} done, printed {done.stderr[-300:]!r}"
            )
    for (name, became), count in sorted(table.items()):
        print(f"{name:16} {became:10} {count}")
    print(f"{sum(table.values())} files, {len(wrong)} wrong", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
