"""Every command's results in every format: what they say of themselves, by exiftool and exiv2; pixels as without it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.fill import FillSettings
from safelight.batch.reconstruct import ReconstructSettings
from safelight.batch.repair import RepairSettings
from safelight.batch.work import Found, Job, Order, Worker, order_of, worker_of
from safelight.errors import PhotoError
from safelight.masks.files import write_mask
from safelight.pixels.files import read_photo, write_photo
from safelight.provenance.packet import Said, read
from safelight.tasks.colorize.hints import Hint, HintSet
from tests.pixels.test_exiftool import exiftool, sources

KINDS = ("jpg", "png", "tif", "webp")
TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
HINTS = HintSet([Hint(0.5, 0.5, "#aa3322")])
ORDERS: dict[str, tuple[str, Any, str, str]] = {  # name: command, settings, source type, AI system
    "colorize": ("colorize", ColorizeSettings(hints=HINTS.to_json()), "composite", "safelight color"),
    "fill": ("fill", FillSettings(method="model"), "composite", "safelight fill"),
    "biharmonic": ("fill", FillSettings(method="biharmonic"), "enhanced", ""),
    "repair": ("repair", RepairSettings(method="telea"), "enhanced", ""),
    "repair and color": (
        "repair",
        RepairSettings(method="telea", color=True, hints=HINTS.to_json()),
        "composite",
        "safelight scratches, fill, color",
    ),
    "reconstruct": ("reconstruct", ReconstructSettings(), "trained", "safelight figures"),
}
TYPES = {
    "composite": TERMS + "compositeWithTrainedAlgorithmicMedia",
    "enhanced": TERMS + "algorithmicallyEnhanced",
    "trained": TERMS + "trainedAlgorithmicMedia",
}
OURS = (  # what the mark writes, as exiftool calls it
    *("XMP-iptcExt:DigitalSourceType", "XMP-iptcExt:AISystemUsed", "XMP-iptcExt:AISystemVersionUsed"),
    *("XMP-xmpMM:InstanceID", "XMP-xmpMM:DerivedFrom", "XMP-xmpMM:History", "XMP-xmpMM:DocumentID"),
    *("XMP-safelight:Steps", "XMP-safelight:Replaced"),
)
SAID = (  # what a source says of itself, in its XMP
    f"-XMP-iptcExt:DigitalSourceType={TERMS}negativeFilm",
    "-XMP-xmpMM:DocumentID=xmp.did:d1",
    "-XMP-xmpMM:InstanceID=xmp.iid:i1",
    "-XMP-xmpMM:HistoryAction=created",
    "-XMP-xmpMM:HistoryWhen=1999:01:02 03:04:05",
    "-XMP-xmpMM:DerivedFromInstanceID=xmp.iid:negative",
)


@dataclass(frozen=True)
class Made:
    """Results by (name of the order, kind of the source, kind of the result), marked and not; exiftool's reading."""

    folder: Path
    read: dict[str, dict[str, Any]]

    def path(self, order: str, source: str, kind: str, marked: bool = True) -> Path:
        return self.folder / f"{order.replace(' ', '-')}-of-{source}-{'marked' if marked else 'plain'}.{kind}"


def without_marks(order: Order) -> Order:
    return Order(order.command, {**order.settings, "no_mark": True}, order.manner)


def mask_of(photo: Path) -> Path:
    hole = np.zeros(read_photo(photo).size, bool)
    hole[8:14, 10:20] = True
    return write_mask(photo.with_name(f"{photo.stem}-mask.png"), hole, overwrite=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is a program of its own; tests/provenance need none")
    folder = tmp_path_factory.mktemp("marks")
    (folder / "sources").mkdir()
    photos = list(sources(folder / "sources"))
    exiftool("-overwrite_original", *SAID, *photos)
    results = Made(folder, {})
    for name, (command, settings, *_) in ORDERS.items():
        order = order_of(command, settings)
        workers: dict[bool, Worker] = {True: worker_of(order), False: worker_of(without_marks(order))}
        for photo in photos:
            job = Job(photo, photo, mask=Found(mask_of(photo)))
            for kind in results_of(photo.suffix[1:]):
                for marked, worker in workers.items():
                    result = results.path(name, photo.suffix[1:], kind, marked)
                    worker(Job(job.photo, result, mask=job.mask))
    read_back = json.loads(exiftool("-a", "-G1", "-j", "-struct", "-n", *folder.glob("*-of-*"), *photos))
    results.read.update({Path(each["SourceFile"]).name: each for each in read_back})
    return results


def results_of(source: str) -> tuple[str, str]:
    """The kinds that results of a source are tried in: its own, and the next."""
    return source, KINDS[(KINDS.index(source) + 1) % len(KINDS)]


CASES = [(name, source, kind) for name in ORDERS for source in KINDS for kind in results_of(source)]


@pytest.mark.parametrize(("name", "source", "kind"), CASES)
def test_results_say_what_they_are(made: Made, name: str, source: str, kind: str) -> None:
    result = made.path(name, source, kind)
    said = made.read[result.name]
    _, _, expected, system = ORDERS[name]
    assert said["XMP-iptcExt:DigitalSourceType"] == TYPES[expected]
    assert said.get("XMP-iptcExt:AISystemUsed", "") == system
    assert ("sha256:" in said.get("XMP-iptcExt:AISystemVersionUsed", "")) == bool(system)
    assert said["XMP-xmpMM:InstanceID"] != "xmp.iid:i1"
    origin = said["XMP-xmpMM:DerivedFrom"]
    assert origin["DocumentID"] == "xmp.did:d1"
    assert origin["InstanceID"] == "xmp.iid:i1"
    assert origin["DigitalSourceType"] == TERMS + "negativeFilm"
    assert origin["FilePath"] == f"{source}.{source}"
    event = said["XMP-xmpMM:History"][-1]
    assert event["Action"] in ("edited", "created")
    assert event["SoftwareAgent"].startswith("safelight ")
    assert event["Parameters"].startswith(ORDERS[name][0])
    if name != "reconstruct":  # which keeps nothing of its photo's metadata, with or without marks
        assert said["XMP-xmpMM:DocumentID"] == "xmp.did:d1"
        assert said["XMP-xmpMM:History"][0]["Action"] == "created"


@pytest.mark.parametrize(("name", "source", "kind"), CASES)
def test_all_else_is_as_without_marks(made: Made, name: str, source: str, kind: str) -> None:
    """Pixels bit by bit, and every field that exiftool knows."""
    marked, plain = made.path(name, source, kind), made.path(name, source, kind, marked=False)
    np.testing.assert_array_equal(read_photo(marked).pixels, read_photo(plain).pixels)
    after, before = (made.read[path.name] for path in (marked, plain))
    for said in (after, before):
        for field in [each for each in said if each.split(":")[0] in ("SourceFile", "System", "ExifTool")]:
            del said[field]
    layout = {f"IFD0:{each}" for each in ("StripOffsets", "StripByteCounts")} | {
        "RIFF:WebP_Flags",
        "File:FileType",
    }
    others = {field: value for field, value in after.items() if field not in OURS and field not in layout}
    assert others == {
        field: value for field, value in before.items() if field not in OURS and field not in layout
    }


@pytest.mark.skipif(shutil.which("exiv2") is None, reason="exiv2 is a program of its own")
def test_exiv2_reads_them_too(made: Made) -> None:
    paths = [made.path(*case) for case in CASES]
    keys = ("Xmp.iptcExt.DigitalSourceType", "Xmp.xmpMM.InstanceID", "Xmp.xmpMM.DerivedFrom/stRef:filePath")
    for key in keys:
        done = subprocess.run(
            ["exiv2", "-K", key, "-Pv", *paths], capture_output=True, encoding="utf-8", check=False
        )
        assert len([line for line in done.stdout.splitlines() if line]) == len(paths), done.stderr
        assert done.stderr == ""


def test_exiftool_has_no_complaint_that_the_plain_result_has_not(made: Made) -> None:
    paths = [made.path("fill", kind, kind, marked) for kind in KINDS for marked in (True, False)]
    found = json.loads(exiftool("-validate", "-warning", "-a", "-j", "-G1", *paths))
    for marked, plain in zip(found[::2], found[1::2], strict=True):
        for each in (marked, plain):
            del each["SourceFile"]
        assert marked == plain


# Without other programs.


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:60, 0:80]
    grey = np.repeat((60 + x + y).astype(np.uint8)[..., None], 3, axis=2)
    return write_photo(tmp_path / "a.png", grey)


def said_of(path: Path) -> Said:
    return read(read_photo(path).xmp)


def work(photo: Path, settings: Any, command: str = "colorize", **files: Found) -> Path:
    result = photo.with_name("result.png")
    result.unlink(missing_ok=True)
    worker_of(order_of(command, settings))(Job(photo, result, **files))
    return result


def test_nothing_is_written_with_no_mark(photo: Path) -> None:
    assert read_photo(work(photo, ColorizeSettings(no_mark=True))).xmp is None


def test_a_photo_of_which_nothing_is_changed_stays_what_it_was(photo: Path) -> None:
    result = work(photo, RepairSettings(sensitivity=0.0), "repair")
    said = said_of(result)
    assert said.source_type == ""
    assert [event.action for event in said.history] == ["saved"]
    assert said.steps[0].kind == "unchanged"


def test_a_mask_is_told_by_name_checksum_and_place(photo: Path) -> None:
    mask = mask_of(photo)
    step = said_of(work(photo, FillSettings(grow=1), "fill", mask=Found(mask))).steps[0]
    assert step.files["mask"].name == "a-mask.png"
    assert step.region is not None
    assert (step.region.left, step.region.top, step.region.width, step.region.height) == (9, 7, 12, 8)


def test_hints_beside_the_photo_are_told_and_those_of_options_are_settings(photo: Path) -> None:
    beside = photo.with_name("a.hints.json")
    HINTS.save(beside)
    step = said_of(work(photo, ColorizeSettings(), hints=Found(beside))).steps[0]
    assert step.files["hints"].name == "a.hints.json"
    step = said_of(work(photo, ColorizeSettings(hints=HINTS.to_json()), hints=Found(beside))).steps[0]
    assert not step.files
    assert step.settings["hints"] == HINTS.to_json()


def test_a_term_of_the_user(photo: Path) -> None:
    assert (
        said_of(work(photo, ColorizeSettings(source_type="humanEdits"))).source_type == TERMS + "humanEdits"
    )


def test_folders_of_models_are_not_published(photo: Path, tmp_path: Path) -> None:
    from safelight.runtime.modelfile import WEIGHTS

    for file in WEIGHTS.glob("color.*"):
        shutil.copy(file, tmp_path)
    result = work(photo, ColorizeSettings(model=str(tmp_path / "color.onnx")))
    assert said_of(result).steps[0].settings["model"] == "color.onnx"
    assert str(tmp_path).encode() not in (read_photo(result).xmp or b"")


def test_a_caption_is_told_and_drawn_below(photo: Path) -> None:
    plain = read_photo(work(photo, ColorizeSettings()))
    worker, result = worker_of(order_of("colorize", ColorizeSettings(caption=""))), photo.with_name("b.png")
    report = worker(Job(photo, result))
    drawn = read_photo(result)
    assert drawn.size[0] > plain.size[0]
    np.testing.assert_array_equal(drawn.pixels[: plain.size[0]], plain.pixels)
    assert f"is {drawn.size[0] - plain.size[0]} pixels higher now, for its caption" in report.remarks
    with pytest.raises(PhotoError, match="at most 500"):
        work(photo, ColorizeSettings(caption="a" * 501))
