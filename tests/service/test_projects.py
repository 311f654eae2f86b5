"""What the service makes of a project is what the command line makes of its file, byte for byte."""

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from safelight.batch.project import Project
from safelight.errors import ProjectError
from safelight.pixels.files import read_photo
from tests.cli.shell import safelight as run
from tests.service.conftest import Service, mask_file

HINTS = [
    {"x": 0.3, "y": 0.5, "color": "#b04030", "radius": 0.02},
    {"x": 0.7, "y": 0.3, "color": "#3050a0", "region": [[0.4, 0.2], [0.95, 0.2], [0.95, 0.6], [0.4, 0.6]]},
]
COLOR = {"hints": HINTS, "vivid": 0.8, "reach": 0.25}


def projects() -> list[tuple[str, list[str], dict[str, Any]]]:
    return [
        ("colorize", ["color"], {}),
        ("fill", ["mend"], {"grow": 1}),
        ("fill", ["mend"], {"grain": 0.5, "method": "telea"}),
        ("repair", ["mend", "color"], {"feather": 2, "grain": 1}),
    ]


@pytest.mark.parametrize(("command", "steps", "mend"), projects())
def test_the_download_is_what_the_command_line_makes_of_the_project_file(
    service: Service, grey_photo: Path, tmp_path: Path, command: str, steps: list[str], mend: dict[str, Any]
) -> None:
    photo = service.send(grey_photo)
    mask = service.client.put(
        f"/v1/photos/{photo['id']}/mask", content=mask_file(tmp_path / "m.png").read_bytes()
    ).json()
    project: dict[str, Any] = {"steps": steps, "color": COLOR}
    if "mend" in steps:
        project["mend"] = {"mask": {"sha256": mask["sha256"]}, "method": "auto", **mend}
    kept = service.client.post(f"/v1/photos/{photo['id']}/project", json=project)
    file = tmp_path / "grandmother.safelight.json"
    file.write_bytes(kept.content)
    assert kept.headers["Content-Disposition"].startswith('attachment; filename="grandmother.safelight.json"')
    job = service.client.post(f"/v1/photos/{photo['id']}/result", json=json.loads(kept.content)).json()
    ended = service.ended(job)
    assert ended["state"] == "done", ended
    result = service.client.get(ended["result"])
    name = result.headers["Content-Disposition"].partition('filename="')[2].partition('"')[0]
    said = run(command, grey_photo, "--project", file)
    assert said.returncode == 0, said.stderr
    assert (grey_photo.parent / name).read_bytes() == result.content


@pytest.mark.parametrize("share", [0.05, 0.7])
@pytest.mark.parametrize("missing", ["black", "white", "erased"])
@pytest.mark.parametrize("steps", [["mend"], ["mend", "color"]])
def test_a_mask_is_of_the_project_as_it_was_read(
    service: Service, grey_photo: Path, tmp_path: Path, missing: str, share: float, steps: list[str]
) -> None:
    """Whatever marks in it what is missing, and however much that is: here and on the command line."""
    hole = np.zeros((300, 420), bool)
    hole[:, : int(420 * share)] = True
    levels = np.where(hole == (missing == "white"), 255, 0).astype(np.uint8)
    layers = [levels] * 3 + ([levels] if missing == "erased" else [])
    sent = cv2.imencode(".png", np.dstack(layers))[1].tobytes()
    photo = service.send(grey_photo)
    at = f"/v1/photos/{photo['id']}"
    mask = service.client.put(f"{at}/mask", params={"missing": missing}, content=sent).json()
    assert mask["marked"] == pytest.approx(hole.mean(), abs=0.01), mask
    mend = {"mask": {"sha256": mask["sha256"]}, "method": "telea"}
    project = {"steps": steps, "mend": mend, "color": {"vivid": 0}}
    kept = service.client.post(f"{at}/project", json=project)
    job = service.client.post(f"{at}/result", json=json.loads(kept.content)).json()
    ended = service.ended(job)
    assert ended["state"] == "done", ended
    result = service.client.get(ended["result"]).content
    pixels, before = cv2.imdecode(np.frombuffer(result, np.uint8), 0), cv2.imread(str(grey_photo), 0)
    if steps == ["mend"]:
        differ = pixels != before
        assert not differ[~hole].any()
        assert differ[hole].mean() > 0.3
    file = tmp_path / "grandmother.safelight.json"
    file.write_bytes(kept.content)
    out = tmp_path / "by command.png"
    said = run("fill" if steps == ["mend"] else "repair", grey_photo, "--project", file, "-o", out)
    assert said.returncode == 0, said.stderr
    np.testing.assert_array_equal(
        read_photo(out).pixels, cv2.imdecode(np.frombuffer(result, np.uint8), 1)[..., ::-1]
    )


def test_what_json_cannot_write_is_refused(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    answer = service.client.post(
        f"/v1/photos/{photo['id']}/project",
        content='{"page": {"a": 1e999}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422, answer.text
    assert "page has a number" in answer.json()["detail"]


def test_a_problem_names_no_folder_of_the_service(service: Service, grey_photo: Path, tmp_path: Path) -> None:
    photo = service.send(grey_photo)
    document = {"steps": ["mend"], "mend": {"mask": {"png": base64.b64encode(b"no picture").decode()}}}
    ended = service.ended(service.client.post(f"/v1/photos/{photo['id']}/result", json=document).json())
    assert ended["state"] == "failed"
    assert ended["problem"]["detail"].startswith("mask-"), ended["problem"]


@pytest.mark.parametrize("command", ["colorize", "fill", "repair"])
def test_what_a_project_does_not_decide_can_be_given_beside_it(tmp_path: Path, command: str) -> None:
    """A replay of one page is of this page, and packed as asked."""
    album, mask = tmp_path / "album.tif", mask_file(tmp_path / "m.png")
    with tifffile.TiffWriter(album) as file:
        for page in range(2):
            file.write(
                np.random.default_rng(page).integers(40, 200, (300, 420), np.uint8), photometric="minisblack"
            )
    project = tmp_path / "album.safelight.json"
    document = {"format": "safelight-project", "version": 1, "steps": ["mend", "color"]}
    project.write_text(json.dumps(document | {"mend": {"mask": {"file": mask.name}}}))
    out = tmp_path / "out.tif"
    said = run(command, album, "--project", project, "--pages", "2", "--tiff", "none", "-o", out)
    assert said.returncode == 0, said.stderr
    with tifffile.TiffFile(out) as file:
        assert [int(page.compression) for page in file.pages] == [tifffile.COMPRESSION.NONE]


def test_a_project_survives_its_file(tmp_path: Path) -> None:
    project = Project.from_json(
        {
            "format": "safelight-project",
            "version": 1,
            "photo": {"name": "a.jpg", "sha256": "0" * 64},
            "steps": ["mend", "color"],
            "color": {"hints": HINTS, "vivid": 0.1, "recolor": True},
            "mend": {"mask": {"png": "iVBORw0K"}, "method": "telea", "grow": 2.5},
            "saved": "2026-11-29T19:00:00Z",
            "page": {"anything": [1, 2]},
        }
    )
    assert Project.load(project.save(tmp_path / "p.json")) == project


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "other"}, "format"),
        ({"version": 2}, "version 2"),
        ({"version": True}, "version"),
        ({"steps": ["color", "mend"]}, "mend before color"),
        ({"steps": []}, "steps"),
        ({"unknown": 1}, "unknown key 'unknown'"),
        ({"color": {"vivid": 2}}, "vivid"),
        ({"color": {"mount": 1}}, "mount"),
        ({"color": {"hints": [{"x": 1}]}}, "hint 1"),
        ({"mend": {"mask": {"file": "../secret.png"}}}, "beside the project"),
        ({"mend": {"mask": {"file": "D:secret.png"}}}, "beside the project"),
        ({"mend": {"mask": {"png": "no base64!"}}}, "base64"),
        ({"mend": {"mask": {"png": "", "file": "a"}}}, "png, file or sha256"),
        ({"photo": {"sha256": "xyz"}}, "SHA-256"),
        ({"saved": "yesterday"}, "time"),
    ],
)
def test_what_is_no_project_is_refused_in_a_line(change: dict[str, Any], said: str) -> None:
    document = {"format": "safelight-project", "version": 1} | change
    with pytest.raises(Exception, match=said) as refused:
        Project.from_json(document)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, ValueError)


def test_a_project_is_refused_beside_settings_for_another_photo_and_without_its_part(
    grey_photo: Path, tmp_path: Path
) -> None:
    file = Project(sha256="0" * 64).save(tmp_path / "p.json")
    assert "is not the photo that the project is of" in run("colorize", grey_photo, "--project", file).stderr
    Project().save(file)
    assert "cannot be combined" in run("colorize", grey_photo, "--project", file, "--vivid", "1").stderr
    assert "has no mask" in run("fill", grey_photo, "--project", file).stderr
    file.write_text("{")
    assert "is not JSON" in run("colorize", grey_photo, "--project", file).stderr
    file.write_text('{"format": "safelight-project", "version": 1, "color": {"vivid": 0.1, "vivid": 0.9}}')
    with pytest.raises(ProjectError, match="has the key 'vivid' twice in one object; keep one"):
        Project.load(file)
    with pytest.raises(ProjectError, match=r"cannot be read|is no file"):
        Project.load(tmp_path / "nothing.json")
