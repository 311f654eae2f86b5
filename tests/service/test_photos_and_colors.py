"""Photos as resources, their views, and colors that are those of the full-size result."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.encode import write_photo
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import resize
from safelight.pixels.photo import Photo
from safelight.pixels.recolor import replace_ab
from safelight.tasks.colorize.hints import Hint, HintSet
from safelight.tasks.colorize.restore import load_colorizer
from tests.service.conftest import Service, drawn, running

ROWS = [
    {"x": 0.3, "y": 0.5, "color": "#b04030", "radius": 0.02},
    {"x": 0.7, "y": 0.3, "color": "#3050a0"},
    {"x": 0.9, "y": 0.9, "color": [0.3, 0.5, 0.2], "radius": 0},
]


def hint_set(rows: list[dict[str, object]]) -> HintSet:
    return HintSet(tuple(Hint(**row) for row in rows))  # type: ignore[arg-type]


def test_a_photo_is_sent_listed_shown_and_deleted(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    assert photo["name"] == "grandmother.jpg"
    assert (photo["width"], photo["height"], photo["format"], photo["depth"]) == (420, 300, "JPEG", 8)
    assert photo["look"] == "grey"
    assert photo["opened"] is True
    assert photo["plane"] == {"width": 269, "height": 192}
    one = service.client.get(f"/v1/photos/{photo['id']}").json()
    assert one == photo
    assert photo["id"] in {each["id"] for each in service.client.get("/v1/photos").json()["photos"]}
    preview = service.client.get(f"/v1/photos/{photo['id']}/preview", params={"format": "png"})
    shown = cv2.imdecode(np.frombuffer(preview.content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.array_equal(shown, read_photo(grey_photo).pixels)
    assert service.client.delete(f"/v1/photos/{photo['id']}").status_code == 204
    gone = service.client.get(f"/v1/photos/{photo['id']}")
    assert gone.status_code == 404
    assert gone.headers["content-type"] == "application/problem+json"


def test_views_are_upright_of_any_kind_and_never_larger_than_asked(service: Service, tmp_path: Path) -> None:
    deep = np.repeat((drawn(90, 120).astype(np.uint16) * 257)[..., None], 3, axis=2)
    path = write_photo(tmp_path / "deep.tif", Photo(deep))
    photo = service.send(path)
    assert (photo["format"], photo["depth"]) == ("TIFF", 16)
    small = service.client.get(f"/v1/photos/{photo['id']}/preview", params={"pixels": 300})
    width, height = map(int, small.headers["Safelight-Size"].split("x"))
    assert width * height <= 310
    assert cv2.imdecode(np.frombuffer(small.content, np.uint8), 1).shape[:2] == (height, width)
    part = {"left": 10, "top": 20, "width": 50, "height": 30}
    L = service.client.get(f"/v1/photos/{photo['id']}/lightness", params=part)
    values = np.frombuffer(L.content, "<u2").reshape(30, 50) / 655.35
    assert np.abs(values - srgb_to_lightness(deep[20:50, 10:60])).max() < 0.01
    eight = service.client.get(f"/v1/photos/{photo['id']}/lightness", params=part | {"format": "u8"})
    assert len(eight.content) == 1500


def test_an_orientation_that_the_file_states_is_applied(service: Service, tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(drawn(40, 100)).save(tmp_path / "turned.webp", exif=exif, lossless=True)
    photo = service.send(tmp_path / "turned.webp")
    assert (photo["width"], photo["height"]) == (40, 100)


@pytest.mark.parametrize(("vivid", "reach"), [(0.5, 0.0), (1.0, 1.0), (0.0, 0.4)])
def test_the_network_s_colors_are_those_of_the_full_size_result(
    service: Service, grey_photo: Path, vivid: float, reach: float
) -> None:
    photo = service.send(grey_photo)
    question = {"hints": ROWS, "vivid": vivid, "reach": reach}
    planes = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json=question))
    assert planes.shape == (1, 2, 192, 269)
    pixels = read_photo(grey_photo).pixels
    joined = replace_ab(pixels, np.ascontiguousarray(np.moveaxis(planes[0], 0, 2)))
    whole = load_colorizer().recolor(grey_photo, hint_set(ROWS), vivid, reach).pixels
    assert np.abs(joined.astype(int) - whole).max() <= 1


def test_a_large_photo_s_preview_has_the_colors_of_its_result(service: Service, tmp_path: Path) -> None:
    large = np.repeat(cv2.resize(drawn(300, 420), (1680, 1200))[..., None], 3, axis=2)
    path = write_photo(tmp_path / "large.png", Photo(large))
    photo = service.send(path)
    planes = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json={"hints": ROWS}))
    L = service.client.get(f"/v1/photos/{photo['id']}/preview", params={"pixels": 100_000, "format": "png"})
    small = cv2.imdecode(np.frombuffer(L.content, np.uint8), 1)[..., ::-1]
    joined = replace_ab(np.ascontiguousarray(small), np.ascontiguousarray(np.moveaxis(planes[0], 0, 2)))
    whole = load_colorizer().recolor(path, hint_set(ROWS)).pixels
    wanted = resize(whole, small.shape[:2]).astype(int)
    assert np.abs(joined.astype(int) - wanted).mean() < 1


def test_each_lasso_has_a_layer_of_its_own(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    region = [[0.4, 0.1], [0.95, 0.1], [0.95, 0.6], [0.4, 0.6]]
    rows = [*ROWS[:1], {"x": 0.7, "y": 0.3, "color": "#3050a0", "region": region}]
    planes = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json={"hints": rows}))
    assert planes.shape == (2, 2, 192, 269)
    pixels = read_photo(grey_photo).pixels
    outside, inside = (
        replace_ab(pixels, np.ascontiguousarray(np.moveaxis(layer, 0, 2))).astype(int) for layer in planes
    )
    whole = load_colorizer().recolor(grey_photo, hint_set(rows)).pixels
    assert np.abs(outside - whole)[200:].max() <= 1
    assert np.abs(inside - whole)[40:170, 180:390].max() <= 1


def test_kriged_colors_come_first_and_have_the_hints_colors_at_their_places(
    service: Service, grey_photo: Path
) -> None:
    photo = service.send(grey_photo)
    question = {"hints": ROWS, "stage": "kriged"}
    first = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json=question))
    then = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json={"hints": ROWS}))
    automatic = service.planes(service.client.post(f"/v1/photos/{photo['id']}/colors", json={}))
    h, w = first.shape[2:]
    for row in ROWS[:2]:
        place = (0, slice(None), int(float(row["y"]) * h), int(float(row["x"]) * w))  # type: ignore[arg-type]
        assert np.abs(first[place] - then[place]).max() < 4
    assert np.abs(first - then).mean() < np.abs(automatic - then).mean()


def test_likely_colors_places_and_certainty(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    likely = service.client.post(f"/v1/photos/{photo['id']}/likely", json={"x": 0.3, "y": 0.5}).json()
    assert 0 < likely["L"] < 100
    shares = [each["share"] for each in likely["colors"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1.001
    places = service.client.post(f"/v1/photos/{photo['id']}/suggestions", json={"count": 2}).json()["places"]
    assert len(places) == 2
    assert places[0]["worth"] >= places[1]["worth"]
    before = service.planes(service.client.post(f"/v1/photos/{photo['id']}/certainty", json={}))
    assert before.shape == (24, 34)
    assert 0 <= before.min() <= before.max() <= 1
    after = service.planes(
        service.client.post(f"/v1/photos/{photo['id']}/certainty", json={"hints": ROWS[:1]})
    )
    assert after[12, 10] > before[12, 10], "a hint makes its place surer"


def test_photos_of_the_command_line_are_listed_before_they_are_opened(grey_photo: Path) -> None:
    with running(photos=(grey_photo,)) as service:
        (listed,) = service.client.get("/v1/photos").json()["photos"]
        assert listed["opened"] is False
        assert listed["width"] is None
        assert str(grey_photo.parent) not in service.client.get("/v1/photos").text
        assert service.client.get(f"/v1/photos/{listed['id']}").json()["width"] == 420
        assert service.client.delete(f"/v1/photos/{listed['id']}").status_code == 204
    assert grey_photo.exists()
