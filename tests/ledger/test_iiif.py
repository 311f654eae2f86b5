"""IIIF manifests: the rules of Presentation 3, and ten that validators do not look at; each is broken in turn."""

import copy
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import tifffile

from safelight.cli.main import main
from safelight.errors import SafelightError
from safelight.ledger.iiif import ManifestWriter, Pair, checked_base
from safelight.pixels.files import read_photo, write_photo
from tests.hostile import scene

BASE = "https://example.org/album"
SCENE = scene(np.random.default_rng(1))
GREY = np.repeat(SCENE[..., 1:2], 3, axis=2)


def faults(manifest: Any) -> list[str]:
    """What is wrong with a manifest: first what the schema of Presentation 3 asks for, then what it does not see."""
    found: list[str] = []

    def expect(holds: object, words: str) -> bool:
        if not holds:
            found.append(words)
        return bool(holds)

    def is_words(value: object) -> bool:
        return (
            isinstance(value, dict)
            and bool(value)
            and all(
                isinstance(each, list) and each and all(isinstance(w, str) for w in each)
                for each in value.values()
            )
        )

    def check_id(value: object) -> None:
        if not expect(isinstance(value, str), "an id is missing"):
            return
        parts = urlsplit(str(value))
        expect(parts.scheme in ("http", "https") and parts.netloc, f"{value} is no address")
        expect(not any(letter.isspace() for letter in str(value)), f"{value} has a blank")
        expect(str(value).isascii(), f"{value} is no URI")

    expect(manifest.get("@context") == "http://iiif.io/api/presentation/3/context.json", "no context")
    expect(next(iter(manifest)) == "@context", "the context does not come first")
    expect(manifest.get("type") == "Manifest", "no Manifest")
    check_id(manifest.get("id"))
    expect(is_words(manifest.get("label")), "the label is no language map")
    statement = manifest.get("requiredStatement", {})
    expect(is_words(statement.get("label")) and is_words(statement.get("value")), "no statement")
    canvases = manifest.get("items", [])
    expect(canvases, "no items")
    ids = [canvas.get("id") for canvas in canvases]
    expect(len(set(ids)) == len(ids), "two canvases have one id")
    for canvas in canvases:
        check_id(canvas.get("id"))
        expect("#" not in str(canvas.get("id")), "# in a canvas id")
        expect(canvas.get("type") == "Canvas", "no Canvas")
        expect(is_words(canvas.get("label")), "a canvas without label")
        for side in ("height", "width"):
            expect(isinstance(canvas.get(side), int) and canvas.get(side, 0) > 0, f"a canvas without {side}")
        expect(canvas.get("items"), "a canvas without items")
        for page in canvas.get("items", []):
            check_id(page.get("id"))
            expect(page.get("type") == "AnnotationPage" and page.get("items"), "no AnnotationPage")
            for annotation in page.get("items", []):
                check_id(annotation.get("id"))
                expect(annotation.get("type") == "Annotation", "no Annotation")
                expect(annotation.get("motivation") == "painting", "no motivation")
                expect(annotation.get("target") == canvas.get("id"), "target of another canvas")
                body = annotation.get("body", {})
                expect(body.get("type") == "Choice", "no Choice")
                expect(len(body.get("items", [])) > 1, "a choice of nothing")
                for image in body.get("items", []):
                    check_id(image.get("id"))
                    expect(image.get("type") == "Image", "a body of no known type")
                    expect(is_words(image.get("label")), "an image to choose without label")
                    expect(image.get("format") in ("image/jpeg", "image/png", "image/webp"), "a format")
                    expect(image.get("height", 0) > 0 and image.get("width", 0) > 0, "an image without size")
    return found


def file_of(folder: Path, url: str) -> Path:
    """The file at an address, as a server of the folder finds it."""
    assert url.startswith(f"{BASE}/")
    return folder / unquote(url.removeprefix(f"{BASE}/"))


def images(manifest: Any) -> list[dict[str, Any]]:
    return [
        image for canvas in manifest["items"] for image in canvas["items"][0]["items"][0]["body"]["items"]
    ]


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def made(folder: Path) -> Any:
    """The manifest of a folder with pairs of several kinds and odd names."""
    pairs = []
    for name in ("a.jpg", "b c#1.png", "Großmutter 100%.webp"):
        photo = write_photo(folder / name, GREY)
        result = write_photo(photo.with_name(f"{photo.stem}-color{photo.suffix}"), SCENE)
        pairs.append(Pair(photo, result, name=result.name))
    with tifffile.TiffWriter(folder / "d.tif") as grey, tifffile.TiffWriter(folder / "d-color.tif") as color:
        for number in range(2):
            grey.write(GREY[: 30 + number].astype(np.uint16) * 257, photometric="rgb")
            color.write(SCENE[: 30 + number], photometric="rgb")
    pairs.append(Pair(folder / "d.tif", folder / "d-color.tif", name="d-color.tif"))
    outside = folder.parent / "e.jpg"
    write_photo(outside, GREY)
    write_photo(folder / "e-repaired.png", SCENE)
    pairs.append(Pair(outside, folder / "e-repaired.png", "repair", True, "e-repaired.png"))
    return ManifestWriter(folder, BASE).manifest(pairs)


def test_a_manifest_has_no_fault_and_its_pictures_are_there(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    manifest = made(folder)
    assert faults(manifest) == []
    assert json.loads(json.dumps(manifest)) == manifest
    assert len(manifest["items"]) == 6
    for image in images(manifest):
        photo = read_photo(file_of(folder, image["id"]))
        assert photo.size == (image["height"], image["width"])
        assert (
            photo.format == {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}[image["format"]]
        )
    labels = [image["label"]["en"][0] for image in images(manifest)]
    assert labels[:2] == ["as scanned", "as colored by safelight (machine)"]
    assert labels[-1] == "as repaired and colored by safelight (machine)"
    assert manifest["items"][4]["label"]["none"] == ["d.tif, page 2"]
    assert [canvas["height"] for canvas in manifest["items"][3:5]] == [30, 31]


BREAKS = {
    "@context missing": lambda m: m.pop("@context"),
    "target of another canvas": lambda m: _annotation(m).update(target=f"{BASE}/canvas/other"),
    "two canvases with one id": lambda m: m["items"].append(m["items"][0]),
    "# in a canvas id": lambda m: m["items"][0].update(id=f"{BASE}/canvas#1"),
    "motivation missing": lambda m: _annotation(m).pop("motivation"),
    "empty choice": lambda m: _annotation(m)["body"].update(items=[]),
    "an image without label": lambda m: _annotation(m)["body"]["items"][0].pop("label"),
    "a body of type Photo": lambda m: _annotation(m)["body"]["items"][0].update(type="Photo"),
    "a blank in an id": lambda m: _annotation(m)["body"]["items"][0].update(id=f"{BASE}/a b.jpg"),
    "no items": lambda m: m.update(items=[]),
    "a label that is a string": lambda m: m.update(label="album"),
    "no size": lambda m: m["items"][0].pop("height"),
    "a file address": lambda m: m.update(id="file:///album/manifest.json"),
}


def _annotation(manifest: Any) -> Any:
    return manifest["items"][0]["items"][0]["items"][0]


@pytest.mark.parametrize("name", BREAKS)
def test_each_rule_is_looked_at(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("iiif") / "album"
    folder.mkdir()
    write_photo(folder / "a.jpg", GREY)
    write_photo(folder / "a-color.jpg", SCENE)
    whole = ManifestWriter(folder, BASE).manifest([Pair(folder / "a.jpg", folder / "a-color.jpg")])
    broken = copy.deepcopy(whole)
    BREAKS[name](broken)
    assert faults(whole) == []
    assert faults(broken) != []


def test_a_photo_that_is_turned_is_shown_upright(tmp_path: Path) -> None:
    from PIL import Image

    picture = Image.fromarray(GREY)
    exif = picture.getexif()
    exif[274] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    write_photo(tmp_path / "a-color.jpg", np.rot90(SCENE, -1).copy())
    manifest = ManifestWriter(tmp_path, BASE).manifest([Pair(tmp_path / "a.jpg", tmp_path / "a-color.jpg")])
    sizes = {(image["height"], image["width"]) for image in images(manifest)}
    assert sizes == {(GREY.shape[1], GREY.shape[0])}
    assert "/iiif/" in images(manifest)[0]["id"]


@pytest.mark.parametrize(
    "url", ["", "album", "/album", "file:///a", "https://", "https://a b", "https://a/#x", "ftp://a"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SafelightError, match="expected the address of the folder"):
        checked_base(url)


def test_the_command_by_a_ledger_and_by_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    write_photo(_made(photos / "sub") / "a.jpg", GREY)
    write_photo(photos / "b.tif", GREY)
    assert run("colorize", photos, "-o", out) == 0
    assert run("iiif", out, "--base-url", f"{BASE}/", "--label", "Grandmother's album") == 0
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert faults(manifest) == []
    assert manifest["label"] == {"none": ["Grandmother's album"]}
    assert len(manifest["items"]) == 2
    assert all(file_of(out, image["id"]).is_file() for image in images(manifest))
    assert run("iiif", out, "--base-url", BASE) == 1  # it is there
    assert "--overwrite" in capsys.readouterr().err
    beside = _made(tmp_path / "beside")
    write_photo(beside / "a.jpg", GREY)
    write_photo(beside / "a-color.jpg", SCENE)
    write_photo(beside / "c.jpg", GREY)
    assert run("iiif", beside, "--base-url", BASE) == 0
    assert len(json.loads((beside / "manifest.json").read_text("utf-8"))["items"]) == 1
    assert run("iiif", _made(tmp_path / "empty"), "--base-url", BASE) == 1
    assert run("iiif", beside, "--base-url", "album", "--overwrite") == 1


def test_a_pair_that_cannot_be_shown_is_said_and_the_rest_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        write_photo(tmp_path / f"{name}.jpg", GREY)
        write_photo(tmp_path / f"{name}-color.jpg", SCENE)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    assert run("iiif", tmp_path, "--base-url", BASE) == 1
    assert "b.jpg" in capsys.readouterr().err
    assert len(json.loads((tmp_path / "manifest.json").read_text("utf-8"))["items"]) == 1


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
