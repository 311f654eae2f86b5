"""Every field that exiftool knows, before and after, for every pair of JPEG, PNG, TIFF and WebP: equal, or said."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, PngImagePlugin

from safelight.pixels.files import read_photo, write_remarked

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is a program of its own; test_metadata.py needs none"
)
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
KINDS = ("jpg", "png", "tif", "webp")
EXIF = (
    *(
        "-EXIF:ImageDescription=Hochzeit in Köln",
        "-EXIF:Artist=José Åberg",
        "-EXIF:Copyright=© A",
        "-EXIF:Make=M",
    ),
    *(
        "-EXIF:Model=m",
        "-EXIF:DateTimeOriginal=1903:01:02 03:04:05",
        "-EXIF:UserComment=für Else",
        "-EXIF:FNumber=2.8",
    ),
    *("-EXIF:InteropIndex=R98", "-EXIF:GPSLatitude=50.9", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSAltitude=53.2"),
    *(
        "-EXIF:XPTitle=Titel ü",
        "-EXIF:ExifImageWidth=9999",
        "-EXIF:ExifImageHeight=777",
        "-EXIF:LensModel=lens",
    ),
    *("-EXIF:OffsetTime=+01:00", "-EXIF:DocumentName=Box 12", "-EXIF:PageName=recto", "-EXIF:HostComputer=h"),
    *("-EXIF:Rating=4", "-EXIF:XResolution=300", "-EXIF:YResolution=150", "-EXIF:ResolutionUnit=inches"),
)
XMP = (
    *(
        "-XMP-dc:Title=Titel",
        "-XMP-dc:Description=Hochzeit in Köln",
        "-XMP-dc:Subject=a",
        "-XMP-dc:Subject=b",
    ),
    *(
        "-XMP-tiff:ImageWidth=9999",
        "-XMP-exif:ExifImageWidth=9999",
        "-XMP-photoshop:City=Köln",
        "-XMP-xmp:Rating=4",
    ),
)
IPTC = (
    *(
        "-codedcharacterset=utf8",
        "-IPTC:Caption-Abstract=Hochzeit in Köln",
        "-IPTC:Keywords=a",
        "-IPTC:Keywords=b",
    ),
    *("-IPTC:By-line=Müller", "-IPTC:ObjectName=Neg. 417"),
)
PHOTOSHOP = ("-Photoshop:CopyrightFlag=1", "-Photoshop:URL=http://a.example/", "-Photoshop:XResolution=300")
SIZES = {"ExifImageWidth": 32, "ExifImageHeight": 24, "ImageWidth": 32}
GROUPS_LEFT_OUT = (  # of exiftool's
    *("SourceFile", "System", "ExifTool", "Composite"),  # of the file's name and time, computed
    *("File", "RIFF"),  # of the coding, but File:Comment
    *("ICC-header", "ICC_Profile", "ICC-chrm"),  # colors: the result says its own (test_profiles.py)
)
LAYOUT = (  # how pixels are stored, which each format says in its way
    *("IFD0:ImageWidth", "IFD0:ImageHeight", "IFD0:BitsPerSample", "IFD0:Compression", "IFD0:Orientation"),
    *("IFD0:PhotometricInterpretation", "IFD0:StripOffsets", "IFD0:StripByteCounts", "IFD0:RowsPerStrip"),
    *("IFD0:SamplesPerPixel", "IFD0:PlanarConfiguration", "IFD0:Predictor", "IFD0:YCbCrPositioning"),
    *("PNG:ImageWidth", "PNG:ImageHeight", "PNG:BitDepth", "PNG:ColorType", "PNG:Compression", "PNG:Filter"),
    *("PNG:Interlace", "PNG:SRGBRendering", "JFIF:JFIFVersion"),
)
SAID_BY = {  # a field that is not there any more: the words of the remark
    "IPTC": "its captions (IPTC)",
    "Photoshop": "what Photoshop says of it",
    "File:Comment": "its comment",
    "PNG:Comment": "its comment",
    "PNG:ModifyDate": "its time of change (tIME)",
    "PNG": "its texts (",
}


def exiftool(*arguments: str | Path) -> str:
    done = subprocess.run(["exiftool", "-q", "-m", *map(str, arguments)], capture_output=True, check=True)
    return done.stdout.decode()


def sources(folder: Path) -> Iterator[Path]:
    """A rich file of each kind."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Neg. 417")
    text.add_itxt("Description", "Hochzeit in Köln", "de", "Beschreibung")
    text.add_text("Author", "A. M.", zip=True)
    Image.fromarray(PIXELS).save(folder / "jpg.jpg", quality=95)
    Image.fromarray(PIXELS).save(folder / "png.png", pnginfo=text)
    Image.fromarray(PIXELS).save(folder / "webp.webp", lossless=True)
    tifffile.imwrite(folder / "tif.tif", PIXELS, photometric="rgb", metadata=None, software=False)
    density = (
        "-JFIF:XResolution=118",
        "-JFIF:YResolution=59",
        "-JFIF:ResolutionUnit=cm",
        "-Comment=für Else",
    )
    pixels = (
        "-PNG-pHYs:PixelsPerUnitX=11811",
        "-PNG-pHYs:PixelsPerUnitY=5906",
        "-PNG-pHYs:PixelUnits=meters",
    )
    png = ("-PNG:ModifyDate=1999:01:01 00:00:00", "-PNG:Comment=für Else", *pixels)
    tif = ("-IFD0:TargetPrinter=p", "-IFD0:PageNumber=1 2", "-IFD0:XPosition=1.5")
    owned = {
        "jpg": (*IPTC, *PHOTOSHOP, *density),
        "png": (*IPTC, *png),
        "tif": (*IPTC, *PHOTOSHOP, *tif),
        "webp": (),
    }
    paths = {kind: folder / f"{kind}.{kind}" for kind in owned}
    commands = [
        ("-overwrite_original", *EXIF, *XMP, *own, paths[kind], "-execute") for kind, own in owned.items()
    ]
    exiftool(*(argument for command in commands for argument in command))  # one process: it starts slowly
    yield from paths.values()


def fields(said: dict[str, Any]) -> dict[str, Any]:
    """Those that are compared, with the resolution as pixels an inch under one name."""
    found = {
        name: value
        for name, value in said.items()
        if name == "File:Comment" or (name.split(":")[0] not in GROUPS_LEFT_OUT and name not in LAYOUT)
    }
    steps = {
        "JFIF": ("JFIF:XResolution", "JFIF:YResolution", {1: 1, 2: 2.54}.get(found.pop("JFIF:ResolutionUnit", 0), 0)),
        "PNG": ("PNG-pHYs:PixelsPerUnitX", "PNG-pHYs:PixelsPerUnitY", 0.0254 * found.pop("PNG-pHYs:PixelUnits", 0)),
    }  # fmt: skip
    for x, y, step in steps.values():
        if x in found:
            found["resolution"] = round(found.pop(x) * step), round(found.pop(y) * step)
    if "resolution" not in found and "IFD0:XResolution" in found:
        found["resolution"] = found["IFD0:XResolution"], found["IFD0:YResolution"]
    if "PNG:Comment" in found:
        found["File:Comment"] = found.pop("PNG:Comment")
    return found


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What exiftool reads of sources and results, and the remarks on each result."""
    folder = tmp_path_factory.mktemp("exiftool")
    remarks = {}
    for source in sources(folder):
        photo = read_photo(source)
        assert photo.remarks == ()
        for kind in KINDS:
            result = folder / f"{source.stem}-to.{kind}"
            remarks[result.name] = " ".join(write_remarked(result, photo))
    read = json.loads(exiftool("-a", "-G1", "-j", "-struct", "-n", *sorted(folder.iterdir())))
    return {Path(each["SourceFile"]).name: fields(each) for each in read}, remarks


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_field_by_field(
    said: tuple[dict[str, dict[str, Any]], dict[str, str]], source: str, kind: str
) -> None:
    read, remarks = said
    before, after = read[f"{source}.{source}"], read[f"{source}-to.{kind}"]
    assert len(before) > 30
    for name, value in before.items():
        group, _, short = name.partition(":")
        words = SAID_BY.get(name) or SAID_BY.get(group)
        if name in after:
            assert after[name] == SIZES.get(short, value), name
        else:
            assert words is not None, name
            assert words in remarks[f"{source}-to.{kind}"], name
    more = {name for name in after if name not in before and not name.startswith("IPTC2:")}
    assert more <= {"resolution"}, "nothing is added"


def test_nothing_is_said_without_a_loss(said: tuple[dict[str, dict[str, Any]], dict[str, str]]) -> None:
    for kind in KINDS:
        assert said[1][f"{kind}-to.{kind}"] == ""
