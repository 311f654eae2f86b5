"""Results made again from their marks: byte for byte, and a line for whatever is not as it was."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.fill import FillSettings
from safelight.batch.pictures import (
    InterpolateSettings,
    PairsSettings,
    PictureMarker,
    SampleSettings,
    columns_of,
    pictures_of,
    write_pictures,
)
from safelight.batch.plan import Shelves
from safelight.batch.reconstruct import ReconstructSettings
from safelight.batch.redo import Given, Redoer, Redone, called_as_then, record_of
from safelight.batch.repair import RepairSettings
from safelight.batch.work import Found, Job, Order, order_of, worker_of
from safelight.errors import ModelError, PhotoError, SafelightError
from safelight.masks.files import write_mask
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.provenance.mark import mark_photo
from safelight.runtime.modelfile import WEIGHTS
from safelight.tasks.autoencode.restore import load_vae
from safelight.tasks.colorize.hints import Hint, HintSet

HINTS = HintSet([Hint(0.5, 0.5, "#aa3322")])
PLAIN = ColorizeSettings()


def photo(path: Path, seed: int = 0) -> Path:
    y, x = np.mgrid[0:60, 0:80]
    noise = np.random.default_rng(seed).integers(0, 9, (60, 80))
    grey = np.repeat((60 + x + y + noise).astype(np.uint8)[..., None], 3, axis=2)
    return write_photo(path, grey, overwrite=True)


def mask(path: Path, left: int = 10) -> Path:
    hole = np.zeros((60, 80), bool)
    hole[8:30, left : left + 20] = True
    return write_mask(path, hole, overwrite=True)


def made(order: Order, source: Path, result: Path, **files: Found) -> Path:
    worker_of(order)(Job(source, result, **files))
    return result


def pictures(order: Order, out: Path, *photos: Path) -> None:
    vae = load_vae(threads=1)
    found = pictures_of(vae, order, photos)
    write_pictures(found, out, False, columns_of(order, len(found)), PictureMarker(order, vae, photos))


@pytest.fixture
def colored(tmp_path: Path) -> Path:
    return made(order_of("colorize", PLAIN), photo(tmp_path / "a.png"), tmp_path / "a-color.png")


ORDERS: dict[str, tuple[Order, dict[str, str]]] = {
    "a.jpg": (order_of("colorize", ColorizeSettings(hints=HINTS.to_json(), vivid=1)), {}),
    "b.png": (order_of("colorize", ColorizeSettings(caption="für Else", reach=1)), {}),
    "c.tif": (order_of("fill", FillSettings(method="model", grow=1, feather=2)), {"mask": "m.png"}),
    "d.webp": (order_of("fill", FillSettings(method="biharmonic")), {"mask": "m.png"}),
    "e.png": (order_of("repair", RepairSettings(method="telea", color=True)), {"hints": "a.hints.json"}),
    "f.png": (order_of("reconstruct", ReconstructSettings(full_size=True)), {}),
    "g.jpg": (order_of("colorize", ColorizeSettings(source_type="humanEdits")), {"hints": "a.hints.json"}),
}


@pytest.mark.parametrize("name", ORDERS)
def test_every_command_and_format(tmp_path: Path, name: str) -> None:
    """At another time, with SOURCE_DATE_EPOCH or without: the time is that of the mark."""
    source = photo(tmp_path / "a.png")
    mask(tmp_path / "m.png")
    HINTS.save(tmp_path / "a.hints.json")
    order, files = ORDERS[name]
    beside = {role: Found(tmp_path / file) for role, file in files.items()}
    worker_of(order)(Job(source, tmp_path / f"result-{name}", when="2001-02-03T04:05:06Z", **beside))
    redone = Redoer().check(tmp_path / f"result-{name}", Given())
    assert redone.equal
    assert redone.remarks == ()


@pytest.mark.parametrize("out", ["grid.png", "grid.webp", "folder"])
@pytest.mark.parametrize(
    "order",
    [
        order_of("sample", SampleSettings(count=3, seed=7)),
        order_of("interpolate", InterpolateSettings(steps=3, caption="")),
        order_of("pairs", PairsSettings()),
    ],
    ids=lambda order: order.command,
)
def test_pictures_of_an_autoencoder(tmp_path: Path, order: Order, out: str) -> None:
    photos = () if order.command == "sample" else (photo(tmp_path / "a.png"), photo(tmp_path / "b.png", 1))
    pictures(order, tmp_path / out, *photos)
    results = sorted((tmp_path / out).glob("*.png")) if out == "folder" else [tmp_path / out]
    assert len(results) == (1 if out != "folder" else 2 if order.command == "pairs" else 3)
    for result in results:
        assert Redoer().check(result, Given(photos)).equal


def test_a_chain_is_made_again_from_its_last_photo(tmp_path: Path) -> None:
    filled = made(
        order_of("fill", FillSettings(method="telea")),
        photo(tmp_path / "a.png"),
        tmp_path / "a-filled.png",
        mask=Found(mask(tmp_path / "a-mask.png")),
    )
    colored = made(order_of("colorize", PLAIN), filled, tmp_path / "a-filled-color.png")
    assert Redoer().check(colored, Given()).equal
    assert record_of(colored)[0].sources[0].name == "a-filled.png"


def test_a_photo_that_was_renamed_is_the_same(colored: Path, tmp_path: Path) -> None:
    """Its checksum is what counts; the result states the name that it had."""
    there = tmp_path / "sub"
    there.mkdir()
    (tmp_path / "a.png").rename(there / "b.png")
    assert Redoer().check(colored, Given((there / "b.png",))) == Redone(True)
    photo(there / "other.png", 5)
    assert Redoer().check(colored, Given((there,))) == Redone(True)  # its folder, whatever it is called there
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoError, match=r"a\.png is not in .*empty, under no name"):
        Redoer().check(colored, Given((tmp_path / "empty",)))
    (there / "b.png").rename(there / "B.PNG")
    assert Redoer().check(colored, Given((there / "B.PNG",))) == Redone(True)
    (there / "B.PNG").rename(there / "a.png")
    assert Redoer().check(colored, Given((there,))) == Redone(True)  # its folder says enough


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "a.svg", "", "."])
def test_no_copy_is_called_by_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    source = photo(tmp_path / "b.png")
    with called_as_then([source], [name]) as called:
        assert called == [source]
    with called_as_then([source], ["a.png"]) as called:
        assert [each.name for each in called] == ["a.png"]
        assert called[0].read_bytes() == source.read_bytes()
    assert not called[0].exists()


def test_every_page_of_a_tiff(tmp_path: Path) -> None:
    """The pages state one time, however long the work takes; a page without a mask stays without a mark."""
    page = read_photo(photo(tmp_path / "page.png")).pixels
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for number in range(3):
            out.write(page + np.uint8(number), photometric="rgb", metadata=None)
    mask(tmp_path / "a-mask.png")
    mask(tmp_path / "a-2-mask.png", 30)
    colored = made(order_of("colorize", PLAIN), tmp_path / "a.tif", tmp_path / "a-color.tif")
    found = Shelves().mask(tmp_path / "a.tif")
    assert found.further
    order = order_of("fill", FillSettings(method="telea"))
    filled = made(order, tmp_path / "a.tif", tmp_path / "a-filled.tif", mask=found)
    for result in (colored, filled):
        assert Redoer().check(result, Given()).equal
    with tifffile.TiffFile(filled) as tiff:
        assert [700 in page.tags for page in tiff.pages] == [True, True, False]
    (tmp_path / "a-2-mask.png").unlink()
    mask(tmp_path / "a-2-mask.png", 10)
    redone = Redoer().check(filled, Given())
    assert not redone.equal
    assert any("page 2: " in remark and "pixels differ" in remark for remark in redone.remarks), (
        redone.remarks
    )


def test_it_is_written_only_where_the_user_says(colored: Path) -> None:
    before, out = colored.read_bytes(), colored.with_name("again.png")
    assert Redoer().make(colored, Given(), out).equal
    assert out.read_bytes() == before
    with pytest.raises(PhotoError, match="is there already"):
        Redoer().make(colored, Given(), out)
    with pytest.raises(PhotoError, match="is the photo itself"):
        Redoer().make(colored, Given(), colored.with_name("a.png"), overwrite=True)
    assert colored.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda folder: photo(folder / "a.png", 3), r"a\.png is another file than the photo that was used"),
        (lambda folder: (folder / "a.png").unlink(), r"the photo a\.png is not at .*--photo FILE"),
        (lambda folder: mask(folder / "a-mask.png", 30), r"a-mask\.png is another file than the mask"),
        (lambda folder: (folder / "a-mask.png").unlink(), r"the mask a-mask\.png is not at .*--mask FILE"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, change: Callable[[Path], object], line: str) -> None:
    result = made(
        order_of("fill", FillSettings(method="telea")),
        photo(tmp_path / "a.png"),
        tmp_path / "result.png",
        mask=Found(mask(tmp_path / "a-mask.png")),
    )
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path, kept)
    change(tmp_path)
    with pytest.raises(PhotoError, match=line):
        Redoer().check(result, Given())
    given = Given((kept / "a.png",), kept / "a-mask.png")
    assert Redoer().check(result, given).equal, "where the user says it is"


def test_another_model_is_refused(tmp_path: Path) -> None:
    for file in WEIGHTS.glob("color.*"):
        shutil.copy(file, tmp_path)
    model = str(tmp_path / "color.onnx")
    result = made(
        order_of("colorize", replace(PLAIN, model=model)), photo(tmp_path / "a.png"), tmp_path / "r.png"
    )
    with pytest.raises(ModelError):
        Redoer().check(result, Given())
    assert Redoer().check(result, Given(model=model)).equal
    with pytest.raises(ModelError):
        Redoer().check(result, Given(model="fill"))


def with_record(result: Path, change: Callable[[dict[str, object]], object]) -> Path:
    """The result with a record that somebody changed."""
    photo, (step, _) = read_photo(result), record_of(result)
    row = json.loads(step.to_json())
    change(row)
    bare = replace(photo, xmp=None)
    return write_photo(result, mark_photo(bare, type(step).from_json(json.dumps(row))), overwrite=True)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda row: row.update(command="paint"), "no work 'paint'"),
        (lambda row: row["settings"].update(glow=1), "unknown 'glow'"),
        (lambda row: row["settings"].update(vivid="much"), "vivid"),
        (lambda row: row["settings"].update(model=5), "model"),
        (lambda row: row["settings"].update(hints=5), "hint"),
        (lambda row: row["models"][0].update(sha256="ab" * 32), "made with the model color abababab"),
        (lambda row: row.update(sources=[]), "0 photos"),
        (
            lambda row: row.update(command="sample", settings={"count": 2, "number": 9}),
            "picture 9 of 2|model",
        ),
    ],
)
def test_records_of_others_are_refused_in_a_line(
    colored: Path, change: Callable[[dict[str, object]], object], line: str
) -> None:
    with pytest.raises(SafelightError, match=line) as error:
        Redoer().check(with_record(colored, change), Given())
    assert "\n" not in str(error.value)


def test_an_edited_result_is_said(colored: Path) -> None:
    whole = read_photo(colored)
    pixels = whole.pixels.copy()
    pixels[:3] = 0
    write_photo(colored, replace(whole, pixels=pixels), overwrite=True)
    redone = Redoer().check(colored, Given())
    assert not redone.equal
    assert redone.remarks == ("5.00% of the pixels differ",)


def test_an_older_library_is_named(colored: Path) -> None:
    result = with_record(colored, lambda row: row["libraries"].update(pillow="1.0"))  # type: ignore[attr-defined]
    redone = Redoer().check(result, Given())
    assert redone.remarks[0] == "every pixel is the same; metadata or packing differ"
    assert "pillow 1.0, here" in redone.remarks[1]


def test_without_a_mark(tmp_path: Path) -> None:
    plain = made(
        order_of("colorize", replace(PLAIN, no_mark=True)), photo(tmp_path / "a.png"), tmp_path / "r.png"
    )
    with pytest.raises(PhotoError, match=r"has no mask|no mark of safelight's"):
        Redoer().check(plain, Given())
    write_photo(tmp_path / "broken.png", Photo(np.zeros((9, 9, 3), np.uint8), xmp=b"<a"))
    with pytest.raises(PhotoError, match="cannot be read"):
        Redoer().check(tmp_path / "broken.png", Given())


@pytest.mark.slow
def test_fifty_results(tmp_path: Path) -> None:
    """Examples and small photos through five commands, each made again with every byte."""
    examples = sorted((Path(__file__).parents[2] / "examples").glob("*.jpg"))
    sources = [shutil.copy(path, tmp_path / path.name) for path in examples]
    sources += [photo(tmp_path / f"{number}.png", number) for number in range(10 - len(sources) % 10)]
    orders = {
        "color": order_of("colorize", ColorizeSettings(recolor=True)),
        "hinted": order_of("colorize", ColorizeSettings(recolor=True, hints=HINTS.to_json(), caption="")),
        "filled": order_of("fill", FillSettings(method="auto")),
        "repaired": order_of("repair", RepairSettings(method="telea")),
        "back": order_of("reconstruct", ReconstructSettings()),
    }
    redoer, results = Redoer(), 0
    for kind, (name, order) in zip(("jpg", "webp", "tif", "png", "png"), orders.items(), strict=True):
        worker = worker_of(order)
        for source in map(Path, sources):
            hole = np.zeros(read_photo(source).size, bool)
            hole[5:12, 3:40] = True
            found = Found(write_mask(tmp_path / f"{source.stem}-mask.png", hole, overwrite=True))
            result = tmp_path / f"{source.stem}-{name}.{kind}"
            worker(Job(source, result, mask=found if name == "filled" else Found()))
            assert redoer.check(result, Given()).equal, result
            results += 1
    assert results >= 50
