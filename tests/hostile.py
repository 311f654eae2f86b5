"""Three hundred odd and hostile picture files, made from pixels drawn here.

    python -m tests.hostile FOLDER [SEED]

`make_hostile` returns a Case for each: where it is, whether it can be read, and if so the right picture.
"""

import io
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import tifffile
from PIL import Image

from tests.pixels import icc

NUMBER = 300
Odd = tuple[str, bytes]  # a file's name, what is in it
SIZE = (48, 64)


@dataclass(frozen=True, eq=False)
class Case:
    """One file. `truth` is the right picture (h, w, 3), sRGB 0..255; `tolerance` its mean error."""

    path: Path
    expected: Literal["reads", "refused"]
    size: tuple[int, int] | None = None
    truth: np.ndarray | None = None
    tolerance: float = 0


def make_hostile(folder: Path, seed: int) -> list[Case]:
    """Make the files; the same for the same seed, but for where a truncated one is cut off."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    cases = [
        *_readable(folder, rng),
        *_turned(folder, rng),
        *_named(folder, rng),
        *_not_pictures(folder, rng),
        *_damaged_inside(folder, rng),
        *_bombs(folder),
    ]
    cuts = _cut_off(folder, rng)
    cases += [next(cuts) for _ in range(NUMBER - len(cases))]
    return cases


def scene(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A soft picture (h, w, 3) uint8 that compresses well and has no two sides alike."""
    coarse = rng.integers(20, 236, (4, 5, 3)).astype(np.float32)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def saved(picture: np.ndarray | Image.Image, format: str, **options: Any) -> bytes:
    """A picture as Pillow writes it."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def deep_png(picture: np.ndarray) -> bytes:
    """A 16-bit PNG of grey, RGB or RGBA."""
    order = {2: np.s_[:, :], 3: np.s_[:, :, [2, 1, 0, 3][: picture.shape[-1]]]}[picture.ndim]
    return cv2.imencode(".png", np.ascontiguousarray(picture[order]))[1].tobytes()


def deep_tiff(picture: np.ndarray, **options: Any) -> bytes:
    """A TIFF as tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, picture, **options)
    return buffer.getvalue()


def png_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, with right checksums."""
    parts = [
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_header(width: int, height: int, depth: int = 8, kind: int = 2) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">LLBBBBB", width, height, depth, kind, 0, 0, 0)


def exif_block(orientation: int, order: str = "<", kind: int = 3, count: int = 1) -> bytes:
    """The smallest EXIF block with an orientation."""
    value = struct.pack(order + "HH", orientation, 0) if kind == 3 else struct.pack(order + "L", orientation)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "LH", 8, 1)
    return head + struct.pack(order + "HHL", 0x0112, kind, count) + value + bytes(4)


def stored_as(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores an upright picture that it then marks with this orientation (EXIF 2.32)."""
    rows_and_columns = {  # where row 0 and column 0 of what is stored lie in the picture
        1: upright,
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: upright.transpose(1, 0, 2),  # left, top
        6: upright.transpose(1, 0, 2)[::-1],  # right, top
        7: upright.transpose(1, 0, 2)[::-1, ::-1],  # right, bottom
        8: upright.transpose(1, 0, 2)[:, ::-1],  # left, bottom
    }
    return np.ascontiguousarray(rows_and_columns[orientation])


def _write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _reads(path: Path, truth: np.ndarray, tolerance: float = 0) -> Case:
    if truth.ndim == 2:
        truth = np.repeat(truth[..., None], 3, axis=2)
    return Case(path, "reads", (truth.shape[0], truth.shape[1]), truth, tolerance)


def _grey(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L"))


def _readable(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Every kind of pixels and profile, and animations: all to be read."""
    for number, (name, data, truth, tolerance) in enumerate(
        [*_kinds(rng), *_deep_kinds(rng), *_profiled(rng), *_animated(rng), *_thin(rng)]
    ):
        yield _reads(_write(folder, f"kind-{number:02}-{name}", data), truth, tolerance)


def _kinds(rng: np.random.Generator) -> Iterator[tuple[str, bytes, np.ndarray, float]]:
    """Modes of 8 bits and fewer."""
    picture = scene(rng)
    image, grey = Image.fromarray(picture), _grey(picture)
    alpha = Image.fromarray(rng.integers(0, 256, SIZE, dtype=np.uint8))
    two = np.where(grey > 128, 255, 0).astype(np.uint8)
    palette = image.quantize(200)
    flat = np.asarray(palette.convert("RGB"))
    cmyk = Image.merge("CMYK", [Image.fromarray(255 - channel) for channel in np.moveaxis(picture, 2, 0)] + [
        Image.new("L", SIZE[::-1])
    ])  # fmt: skip
    with_alpha, grey_alpha = image.copy(), Image.merge("LA", [Image.fromarray(grey), alpha])
    with_alpha.putalpha(alpha)
    for format, suffix in (("PNG", "png"), ("TIFF", "tif")):
        for kind, kept, truth in (
            ("rgb", image, picture),
            ("grey", Image.fromarray(grey), grey),
            ("bilevel", Image.fromarray(grey > 128), two),
            ("palette", palette, flat),
            ("rgba", with_alpha, picture),
            ("grey-alpha", grey_alpha, grey),
        ):
            yield f"{kind}.{suffix}", saved(kept, format), truth, 0
    yield "palette-transparent.png", saved(palette, "PNG", transparency=bytes(range(200))), flat, 0
    yield "grey-key.png", saved(grey, "PNG", transparency=77), grey, 0
    yield "rgb-key.png", saved(picture, "PNG", transparency=(1, 2, 3)), picture, 0
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        yield f"{compression}.tif", saved(picture, "TIFF", compression=compression), picture, 0
    yield "fax.tif", saved(Image.fromarray(grey > 128), "TIFF", compression="group4"), two, 0
    yield "jpeg-inside.tif", saved(picture, "TIFF", compression="jpeg"), picture, 4
    yield "cmyk.tif", saved(cmyk, "TIFF"), picture, 1
    yield "cmyk-adobe.jpg", saved(cmyk, "JPEG", quality=95), picture, 4
    yield "grey.jpg", saved(grey, "JPEG", quality=95), grey, 3
    yield "progressive.jpg", saved(picture, "JPEG", quality=95, progressive=True), picture, 3
    yield "half-color.jpg", saved(picture, "JPEG", quality=95, subsampling=2), picture, 4
    yield "lossy.webp", saved(picture, "WEBP", quality=95), picture, 5
    yield "lossless.webp", saved(picture, "WEBP", lossless=True), picture, 0
    yield "alpha.webp", saved(with_alpha, "WEBP", lossless=True, exact=True), picture, 0
    yield "palette.gif", saved(palette, "GIF"), flat, 0
    yield "rgb.bmp", saved(picture, "BMP"), picture, 0
    yield "grey.bmp", saved(grey, "BMP"), grey, 0
    yield "bilevel.bmp", saved(Image.fromarray(grey > 128), "BMP"), two, 0
    yield "white-is-nought.tif", deep_tiff(255 - grey, photometric="miniswhite"), grey, 0
    yield (
        "planes.tif",
        deep_tiff(np.moveaxis(picture, 2, 0), photometric="rgb", planarconfig="separate"),
        picture,
        0,
    )
    yield "big.tif", deep_tiff(picture, photometric="rgb", bigtiff=True), picture, 0
    yield "interlaced.png", _interlaced(picture), picture, 0


def _interlaced(picture: np.ndarray) -> bytes:
    """An Adam7 PNG: seven small pictures one after the other (PNG, section 8.1)."""
    passes = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    rows = b"".join(
        b"\0" + row.tobytes() for top, left, down, right in passes for row in picture[top::down, left::right]
    )
    header = struct.pack(">LLBBBBB", picture.shape[1], picture.shape[0], 8, 2, 0, 0, 1)
    return png_chunks((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def _deep_kinds(rng: np.random.Generator) -> Iterator[tuple[str, bytes, np.ndarray, float]]:
    """16 bits a channel."""
    deep = scene(rng).astype(np.uint16) * 256 + rng.integers(0, 256, (*SIZE, 3), dtype=np.uint16)
    truth, alpha = deep / 257, rng.integers(0, 65536, (*SIZE, 1), dtype=np.uint16)
    grey, rgba = deep[..., 1], np.dstack([deep, alpha])
    yield "deep-rgb.png", deep_png(deep), truth, 0.01
    yield "deep-grey.png", deep_png(grey), truth[..., 1], 0.01
    yield "deep-rgba.png", deep_png(rgba), truth, 0.01
    rows = np.dstack([grey, alpha]).astype(">u2")
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = [png_header(SIZE[1], SIZE[0], 16, 4), (b"IDAT", packed), (b"IEND", b"")]
    yield "deep-grey-alpha.png", png_chunks(*parts), truth[..., 1], 0.01
    key = (b"tRNS", deep[0, 0].astype(">u2").tobytes())
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in deep.astype(">u2")))
    parts = [png_header(SIZE[1], SIZE[0], 16), key, (b"IDAT", packed), (b"IEND", b"")]
    yield "deep-key.png", png_chunks(*parts), truth, 0.01
    for name, options in {
        "plain": {},
        "deflated": {"compression": "zlib", "predictor": True},
        "tiled": {"tile": (32, 32), "compression": "zlib"},
        "big-endian": {"byteorder": ">"},
    }.items():
        yield f"deep-{name}.tif", deep_tiff(deep, photometric="rgb", **options), truth, 0.01
        yield (
            f"deep-grey-{name}.tif",
            deep_tiff(grey, photometric="minisblack", **options),
            truth[..., 1],
            0.01,
        )
    planes = np.moveaxis(deep, 2, 0)
    yield "deep-planes.tif", deep_tiff(planes, photometric="rgb", planarconfig="separate"), truth, 0.01
    yield "deep-rgba.tif", deep_tiff(rgba, photometric="rgb", extrasamples=["unassalpha"]), truth, 0.01
    yield "deep-white-is-nought.tif", deep_tiff(~grey, photometric="miniswhite"), truth[..., 1], 0.01


def _profiled(rng: np.random.Generator) -> Iterator[tuple[str, bytes, np.ndarray, float]]:
    """Embedded profiles, right and broken; a broken one is as good as none."""
    picture = scene(rng)
    deep = picture.astype(np.uint16) * 257
    for space, primaries, gamma in (("p3", icc.DISPLAY_P3, 2.2), ("adobe", icc.ADOBE_RGB, 563 / 256)):
        profile = icc.rgb_profile(primaries, gamma)
        truth = icc.meant(picture / 255, primaries, gamma) * 255
        yield f"{space}.png", saved(picture, "PNG", icc_profile=profile), truth, 1
        yield f"{space}.tif", saved(picture, "TIFF", icc_profile=profile), truth, 1
        yield f"{space}.jpg", saved(picture, "JPEG", quality=98, subsampling=0, icc_profile=profile), truth, 3
        yield f"{space}.webp", saved(picture, "WEBP", lossless=True, icc_profile=profile), truth, 1
        yield f"{space}-deep.tif", deep_tiff(deep, photometric="rgb", iccprofile=profile), truth, 0.1
        chunk = (b"iCCP", b"made\0\0" + zlib.compress(profile))
        yield f"{space}-deep.png", _with_chunk(deep_png(deep), chunk), truth, 0.1
    grey = _grey(picture)
    truth = icc.meant(np.repeat(grey[..., None] / 255, 3, axis=2), icc.SRGB, 1.8) * 255
    yield "grey-gamma.png", saved(grey, "PNG", icc_profile=icc.grey_profile(1.8)), truth, 1
    blank = Image.new("CMYK", SIZE[::-1], (255, 0, 255, 0))
    truth = np.broadcast_to(icc.lab_meant(icc.cmyk_lab((1, 0, 1, 0))) * 255, (*SIZE, 3))
    yield "inks.tif", saved(blank, "TIFF", icc_profile=icc.cmyk_profile()), truth, 4
    yield "inks.jpg", saved(blank, "JPEG", icc_profile=icc.cmyk_profile()), truth, 5
    right = icc.rgb_profile(icc.DISPLAY_P3, 2.2)
    for name, profile in {
        "noise": rng.integers(0, 256, 900, dtype=np.uint8).tobytes(),
        "cut-off": right[:300],
        "for-grey": icc.grey_profile(2.2),
        "for-inks": icc.cmyk_profile(),
        "noughts": bytes(600),
    }.items():
        yield f"profile-{name}.png", saved(picture, "PNG", icc_profile=profile), picture, 0
        yield f"profile-{name}.jpg", saved(picture, "JPEG", quality=95, icc_profile=profile), picture, 4


def _with_chunk(png: bytes, chunk: tuple[bytes, bytes]) -> bytes:
    """A PNG with one more chunk after its header."""
    return png[:33] + png_chunks(chunk)[8:] + png[33:]


def _animated(rng: np.random.Generator) -> Iterator[tuple[str, bytes, np.ndarray, float]]:
    """More pictures than one in a file: the first is meant."""
    frames = [Image.fromarray(scene(rng)) for _ in range(3)]
    first, rest = frames[0], {"save_all": True, "append_images": frames[1:]}
    truth = np.asarray(first)
    flat = [frame.quantize(100) for frame in frames]
    yield "moving.gif", saved(flat[0], "GIF", save_all=True, append_images=flat[1:]), np.asarray(
        flat[0].convert("RGB")
    ), 0  # fmt: skip
    yield "moving.webp", saved(first, "WEBP", lossless=True, **rest), truth, 0
    yield "moving.png", saved(first, "PNG", **rest), truth, 0
    yield "pages.tif", saved(first, "TIFF", **rest), truth, 0
    yield "two-views.jpg", saved(first, "MPO", quality=95, subsampling=0, **rest), truth, 3


def _thin(rng: np.random.Generator) -> Iterator[tuple[str, bytes, np.ndarray, float]]:
    """A pixel, and lines of pixels."""
    for height, width in ((1, 1), (1, 3000), (3000, 1)):
        picture = scene(rng, (height, width))
        yield f"{height}x{width}.png", saved(picture, "PNG"), picture, 0
        yield f"{height}x{width}.tif", saved(picture, "TIFF"), picture, 0
        yield f"{height}x{width}.webp", saved(picture, "WEBP", lossless=True), picture, 0
        yield f"{height}x{width}.jpg", saved(picture, "JPEG", quality=95, subsampling=0), picture, 4
    longest = scene(rng, (1, 65500))
    yield "1x65500.jpg", saved(longest, "JPEG", quality=95, subsampling=0), longest, 4


def _turned(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Every orientation in every format, and EXIF blocks that make no sense."""
    for orientation in range(1, 9):
        upright = scene(rng)
        stored, order = stored_as(upright, orientation), "<>"[orientation % 2]
        block = exif_block(orientation, order)
        prefixed = b"Exif\0\0" + block
        tag = [(274, "H", 1, orientation, True)]
        deep = stored.astype(np.uint16) * 257
        for name, data, tolerance in (
            ("jpg", saved(stored, "JPEG", quality=95, subsampling=0, exif=prefixed), 3),
            ("png", saved(stored, "PNG", exif=block), 0),
            ("webp", saved(stored, "WEBP", lossless=True, exif=block), 0),
            ("tif", deep_tiff(stored, photometric="rgb", extratags=tag), 0),
            ("deflated.tif", deep_tiff(stored, photometric="rgb", compression="zlib", extratags=tag), 0),
            ("deep.tif", deep_tiff(deep, photometric="rgb", extratags=tag), 0.01),
            ("deep-grey.tif", deep_tiff(deep[..., 1], photometric="minisblack", extratags=tag), 0.01),
        ):
            truth = upright[..., 1] if "grey" in name else upright
            yield _reads(_write(folder, f"turned-{orientation}-{name}", data), truth, tolerance)
    picture = scene(rng)
    for name, block in _broken_exif(rng):
        data = saved(picture, "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + block)
        yield _reads(_write(folder, f"exif-{name}.jpg", data), picture, 3)
        yield _reads(
            _write(folder, f"exif-{name}.png", _with_chunk(saved(picture, "PNG"), (b"eXIf", block))), picture
        )


def _broken_exif(rng: np.random.Generator) -> Iterator[Odd]:
    """Blocks that say nothing of the orientation that could be believed."""
    yield "noise", rng.integers(0, 256, 300, dtype=np.uint8).tobytes()
    yield "cut-off", exif_block(6)[:15]
    yield "zero", exif_block(0)
    yield "nine", exif_block(9)
    yield "as-text", exif_block(6, kind=2)
    yield "many-values", exif_block(6, count=70000)
    yield "no-directory", b"II*\0" + struct.pack("<L", 5000)
    yield "directory-in-itself", b"MM\0*" + struct.pack(">LHHHLLL", 8, 1, 0x8769, 4, 1, 8, 8)
    yield "endless", b"II*\0" + struct.pack("<LH", 8, 65535) + bytes(40)


def _named(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Right pictures under wrong, long and strange names, and by way of links."""
    picture = scene(rng)
    files = {format: saved(picture, format) for format in ("PNG", "TIFF", "BMP")}
    for name, format in (
        ("png-inside.jpg", "PNG"),
        ("tiff-inside.png", "TIFF"),
        ("bmp-inside.webp", "BMP"),
        ("png-inside.txt", "PNG"),
        ("without-suffix", "PNG"),
        ("UPPER.PNG", "PNG"),
        ("two.dots.tar.png", "PNG"),
        ("  spaces  .png", "PNG"),
        ("-o --flag.png", "PNG"),
        ("quote'\"%s{}$HOME.png", "PNG"),
        ("new\nline\tand\x1b[31mred.png", "PNG"),
        ("Fotografía de mañana – €.png", "PNG"),
        ("cafe\u0301.png", "PNG"),
        ("写真📷.png", "PNG"),
        ("صورة.png", "PNG"),
        ("\u202egnp.exe.png", "PNG"),
        ("n" * 251 + ".png", "PNG"),
        (os.fsdecode(b"not-unicode-\xff\xfe.png"), "PNG"),
    ):
        yield _reads(_write(folder, name, files[format]), picture)
    link = folder / "link.png"
    link.symlink_to("UPPER.PNG")
    yield _reads(link, picture)
    yield Case(_write(folder, "broken\nover\r\ntwo lines.png", files["PNG"][:100]), "refused")


def _not_pictures(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Things under a picture's name that are none."""
    for name, data in {
        "empty.jpg": b"",
        "empty.png": b"",
        "empty.tif": b"",
        "empty.webp": b"",
        "text.png": b"a note\n" * 40,
        "page.jpg": b"<!DOCTYPE html><html><body>404</body></html>",
        "document.jpg": b"%PDF-1.7\n" + bytes(100),
        "archive.png": b"PK\x03\x04" + bytes(100),
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "layers.png": b"8BPS" + bytes(100),
        "phone.jpg": b"\0\0\0\x18ftypheic" + bytes(100),
        "next.jpg": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50),
        "noughts.png": bytes(5000),
        "signature.png": b"\x89PNG\r\n\x1a\n",
        "signature.jpg": b"\xff\xd8\xff",
        "signature.tif": b"II*\0",
        "signature.webp": b"RIFF\x10\0\0\0WEBP",
        "signature.gif": b"GIF89a",
        "signature.bmp": b"BM",
    }.items():
        yield Case(_write(folder, name, data), "refused")
    starts = (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"RIFF\xf0\x03\0\0WEBPVP8 ")
    for number, start in enumerate(starts):
        noise = start + rng.integers(0, 256, 1000, dtype=np.uint8).tobytes()
        yield Case(_write(folder, f"noise-{number}.png", noise), "refused")
    yield from _not_files(folder)


def _not_files(folder: Path) -> Iterator[Case]:
    """Names behind which there is no file that can be opened."""
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "loop-a.png").symlink_to("loop-b.png")
    (folder / "loop-b.png").symlink_to("loop-a.png")
    (folder / "nowhere.png").symlink_to("is-not-there.png")
    (folder / "device.png").symlink_to("/dev/zero")
    for name in ("folder.jpg", "pipe.png", "loop-a.png", "loop-b.png", "nowhere.png", "device.png"):
        yield Case(folder / name, "refused")
    yield Case(folder / "missing.jpg", "refused")
    yield Case(folder / ("m" * 300 + ".jpg"), "refused")
    yield Case(folder / "nought\0inside.jpg", "refused")
    yield Case(folder / "UPPER.PNG" / "below-a-file.jpg", "refused")
    picture = scene(np.random.default_rng(0))
    secret = _write(folder, "secret.png", saved(picture, "PNG"))
    secret.chmod(0)
    yield _reads(secret, picture) if os.access(secret, os.R_OK) else Case(secret, "refused")  # root may


def _damaged_inside(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Whole files with a lie or a hole in them."""
    picture = scene(rng)
    png, tiff, jpeg = (saved(picture, format) for format in ("PNG", "TIFF", "JPEG"))
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in picture))
    end, data, header = (b"IEND", b""), (b"IDAT", rows), png_header(SIZE[1], SIZE[0])
    middle = len(png) // 2
    frame = jpeg.index(b"\xff\xc0") + 5
    for name, content in {
        "checksum.png": png[:middle] + bytes([png[middle] ^ 1]) + png[middle + 1 :],
        "no-width.png": png_chunks(png_header(0, 10), data, end),
        "depth-3.png": png_chunks(png_header(SIZE[1], SIZE[0], 3), data, end),
        "kind-9.png": png_chunks(png_header(SIZE[1], SIZE[0], 8, 9), data, end),
        "filter-9.png": png_chunks(header, (b"IDAT", zlib.compress(b"\x09" * 193 * 48)), end),
        "not-deflated.png": png_chunks(header, (b"IDAT", b"rubbish" * 100), end),
        "no-data.png": png_chunks(header, end),
        "no-header.png": png_chunks(data, end),
        "half-end.png": png_chunks(header, (b"IDAT", rows[: len(rows) // 2])),
        "text-bomb.png": png_chunks(
            header, (b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000), 9)), data, end
        ),
        "no-height.jpg": jpeg[:frame] + b"\0\0" + jpeg[frame + 2 :],
        "no-tables.jpg": jpeg.replace(b"\xff\xdb", b"\xff\xfe").replace(b"\xff\xc4", b"\xff\xfe"),
        "directory-beyond.tif": tiff[:4] + b"\xff\xff\xff\x7f" + tiff[8:],
        "directory-empty.tif": b"II*\0" + struct.pack("<LH", 8, 0) + bytes(20),
        "directory-huge.tif": b"II*\0" + struct.pack("<LH", 8, 65535) + bytes(20),
        "strips-beyond.tif": _tiff_with(tiff, 273, 1 << 30),
        "compression-unknown.tif": _tiff_with(tiff, 259, 4242),
        "bits-13.tif": _tiff_with(saved(_grey(picture), "TIFF"), 258, 13),
        "floats.tif": deep_tiff(picture.astype(np.float32), photometric="rgb"),
        "one-float.tif": deep_tiff(_grey(picture).astype(np.float32)),
        "thirty-two-bits.tif": deep_tiff(_grey(picture).astype(np.uint32)),
    }.items():
        yield Case(_write(folder, f"damaged-{name}", content), "refused")


def _tiff_with(tiff: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with the value of one tag changed."""
    changed, start = bytearray(tiff), struct.unpack_from("<L", tiff, 4)[0]
    for place in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", tiff, start)[0], 12):
        if struct.unpack_from("<H", tiff, place)[0] == tag:
            struct.pack_into("<HLL", changed, place + 2, 4, 1, value)
    return bytes(changed)


def _bombs(folder: Path) -> Iterator[Case]:
    """Small files that say that they are huge, and one that is."""
    row = zlib.compressobj(9)
    many = b"".join(row.compress(bytes(1 << 20)) for _ in range(60)) + row.flush()
    end, some = (b"IEND", b""), (b"IDAT", zlib.compress(bytes(1000)))
    webp = bytearray(saved(np.zeros((8, 8, 3), np.uint8), "WEBP", lossless=True))
    struct.pack_into("<L", webp, 21, 16382 | 16382 << 14)
    jpeg = saved(np.zeros((8, 8, 3), np.uint8), "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    tiff = saved(np.zeros((8, 8, 3), np.uint8), "TIFF")
    bmp = saved(np.zeros((8, 8, 3), np.uint8), "BMP")
    for name, content in {
        "header.png": png_chunks(png_header(200_000, 200_000), some, end),
        "largest.png": png_chunks(png_header(2**31 - 1, 2**31 - 1), some, end),
        "wide.png": png_chunks(png_header(2**31 - 1, 1), some, end),
        "deep.png": png_chunks(png_header(30_000, 30_000, 16), some, end),
        "real.png": png_chunks(png_header(60_000, 8_000, 1, 0), (b"IDAT", many), end),
        "under-the-limit.png": png_chunks(png_header(12_000, 10_000), some, end),
        "header.jpg": jpeg[:frame] + struct.pack(">HH", 65500, 65500) + jpeg[frame + 4 :],
        "header.gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b",",
        "header.webp": bytes(webp),
        "header.bmp": bmp[:18] + struct.pack("<ll", 1 << 20, 1 << 20) + bmp[26:],
        "header.tif": _tiff_with(_tiff_with(tiff, 256, 1 << 20), 257, 1 << 20),
    }.items():
        yield Case(_write(folder, f"bomb-{name}", content), "refused")


def _cut_off(folder: Path, rng: np.random.Generator) -> Iterator[Case]:
    """Files of every format, cut off at the start, in the header, and anywhere up to nine tenths."""
    picture = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    deep = picture.astype(np.uint16) * 257
    whole: dict[str, Callable[[], bytes]] = {
        "jpg": lambda: saved(picture, "JPEG"),
        "progressive.jpg": lambda: saved(picture, "JPEG", progressive=True),
        "png": lambda: saved(picture, "PNG"),
        "palette.png": lambda: saved(Image.fromarray(picture).quantize(64), "PNG"),
        "deep.png": lambda: deep_png(deep),
        "tif": lambda: saved(picture, "TIFF"),
        "lzw.tif": lambda: saved(picture, "TIFF", compression="tiff_lzw"),
        "deep.tif": lambda: deep_tiff(deep, photometric="rgb"),
        "webp": lambda: saved(picture, "WEBP"),
        "lossless.webp": lambda: saved(picture, "WEBP", lossless=True),
        "gif": lambda: saved(picture, "GIF"),
        "bmp": lambda: saved(picture, "BMP"),
    }
    files = {name: make() for name, make in whole.items()}
    number = 0
    while True:
        for name, data in files.items():
            share = (0.002, 0.02, 0.9)[number] if number < 3 else rng.uniform(0.003, 0.95)
            cut = data[: max(1, int(share * len(data)))]
            yield Case(_write(folder, f"cut-{number:02}-at-{len(cut)}-of-{len(data)}.{name}", cut), "refused")
        number += 1


if __name__ == "__main__":
    made = make_hostile(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"{len(made)} files, {sum(case.expected == 'reads' for case in made)} of them to be read")
