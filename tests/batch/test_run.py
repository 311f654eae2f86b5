"""Which photos a batch takes, where results go, and that it goes on past bad photos."""

from pathlib import Path

import pytest

from safelight.batch.beside import with_hints
from safelight.batch.places import room_for
from safelight.batch.plan import plan
from safelight.batch.run import run
from safelight.batch.work import Job, Report
from safelight.errors import PhotoError
from safelight.runtime.names import filled_name, mask_name


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def results(inputs: list[Path], out: Path | None = None) -> dict[str, str]:
    return {str(job.photo): str(job.result) for job in plan(inputs, out)}


def test_the_result_lies_beside_the_photo(tmp_path: Path) -> None:
    assert results([tmp_path / "ä b.JPG"]) == {str(tmp_path / "ä b.JPG"): str(tmp_path / "ä b-color.JPG")}
    assert results([tmp_path / "no suffix"]) == {
        str(tmp_path / "no suffix"): str(tmp_path / "no suffix-color.png")
    }
    assert results([tmp_path / "odd.gif"]) == {str(tmp_path / "odd.gif"): str(tmp_path / "odd-gif-color.png")}


def test_one_photo_may_go_to_a_file_or_a_folder(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    assert plan([photo], tmp_path / "b.png").jobs[0].result == tmp_path / "b.png"
    assert plan([photo], tmp_path / "out").jobs[0].result == tmp_path / "out" / "a-color.jpg"
    (tmp_path / "folder.png").mkdir()
    assert plan([photo], tmp_path / "folder.png").jobs[0].result == tmp_path / "folder.png" / "a-color.jpg"


def test_a_folder_keeps_its_shape(tmp_path: Path) -> None:
    touch(
        tmp_path / "in/b.jpg",
        tmp_path / "in/a/c.png",
        tmp_path / "in/a/notes.txt",
        tmp_path / "in/.hidden/d.jpg",
    )
    assert results([tmp_path / "in"], tmp_path / "out") == {
        str(tmp_path / "in/b.jpg"): str(tmp_path / "out/b-color.jpg"),
        str(tmp_path / "in/a/c.png"): str(tmp_path / "out/a/c-color.png"),
    }


def test_results_of_an_earlier_run_are_no_photos(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "a-color.jpg", tmp_path / "b-color.jpg")
    touch(tmp_path / "c.gif", tmp_path / "c-gif-color.png")
    assert [job.photo.name for job in plan([tmp_path])] == ["a.jpg", "b-color.jpg", "c.gif"]


@pytest.mark.parametrize("way", ["done", "x/../done", "deep/er/done", "link"])
def test_results_in_a_folder_among_the_photos_are_no_photos(tmp_path: Path, way: str) -> None:
    photos, out = tmp_path / "in", tmp_path / "in" / way
    touch(photos / "a.jpg", photos / "b" / "c.png", photos / "x" / "d.jpg")
    if way == "link":
        out.symlink_to(photos / "kept", target_is_directory=True)
        (photos / "kept").mkdir()
    first = plan([photos], out)
    assert [job.photo.name for job in first] == ["a.jpg", "c.png", "d.jpg"]
    touch(*(job.result for job in first))
    assert plan([photos], out) == first


def test_the_folder_of_photos_may_be_the_folder_of_results(tmp_path: Path) -> None:
    touch(tmp_path / "in" / "a.jpg", tmp_path / "in" / "b" / "c.png")
    first = plan([tmp_path / "in"], tmp_path / "in")
    assert [job.result.name for job in first] == ["a-color.jpg", "c-color.png"]
    touch(*(job.result for job in first))
    assert plan([tmp_path / "in"], tmp_path / "in") == first


@pytest.mark.parametrize("mask", ["in/masks", "in/marked.png"])
def test_masks_among_the_photos_are_no_photos(tmp_path: Path, mask: str) -> None:
    photos = tmp_path / "in"
    touch(photos / "a.jpg", photos / "marked.png", photos / "masks" / "a.png")
    found = {job.photo for job in plan([photos], aside=[tmp_path / mask])}
    assert found == {path for path in photos.rglob("*.*") if not path.is_relative_to(tmp_path / mask)}
    assert len(found) == 2


def test_a_folder_of_photos_may_be_that_of_the_masks(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "b" / "c.png")
    assert len(plan([tmp_path], aside=[tmp_path])) == 2


def test_a_photo_given_twice_is_done_once(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    assert len(plan([tmp_path, tmp_path / "a.jpg"])) == 1


def test_hints_beside_the_photo_are_found(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "a.hints.json", tmp_path / "b.jpg")
    assert [job.hints.file for job in with_hints(plan([tmp_path]))] == [
        tmp_path / "a.hints.json",
        None,
    ]


def test_what_cannot_be_meant_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "1/a.jpg", tmp_path / "2/a.jpg")
    with pytest.raises(PhotoError, match="would both be written"):
        plan([tmp_path / "1/a.jpg", tmp_path / "2/a.jpg"], tmp_path / "out")
    with pytest.raises(PhotoError, match="one file for several photos"):
        plan([tmp_path], tmp_path / "out.jpg")
    with pytest.raises(PhotoError, match="its own result"):
        plan([tmp_path / "1/a.jpg"], tmp_path / "2/../1/a.jpg")


def test_photos_of_one_name_and_two_kinds_lie_in_one_folder(tmp_path: Path) -> None:
    touch(tmp_path / "x.jpg", tmp_path / "x.png", tmp_path / "y.jpg", tmp_path / "z.jpg", tmp_path / "z.jpeg")
    names = (filled_name, mask_name)
    made = {job.photo.name: (job.result.name, job.name(mask_name)) for job in plan([tmp_path], None, names)}
    assert made == {
        "x.jpg": ("x-jpg-filled.png", "x-jpg-mask.png"),
        "x.png": ("x-filled.png", "x-mask.png"),
        "y.jpg": ("y-filled.png", "y-mask.png"),
        "z.jpg": ("z-jpg-filled.png", "z-jpg-mask.png"),
        "z.jpeg": ("z-jpeg-filled.png", "z-jpeg-mask.png"),
    }
    touch(*(tmp_path / name for pair in made.values() for name in pair))
    assert [job.photo.name for job in plan([tmp_path], None, names)] == sorted(made)


@pytest.mark.parametrize("name", ["x.xyz", "x.gif", "results.2"])
def test_a_file_of_a_kind_that_is_not_written_is_refused_and_a_folder_of_that_name_is_not(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(PhotoError, match=r"is no name of a \.jpg, .*for a folder of that name write .*/$"):
        plan([tmp_path / "a.jpg"], tmp_path / name)
    (job,) = plan([tmp_path / "a.jpg"], tmp_path / name, folder=True)
    assert job.result == tmp_path / name / "a-color.jpg"
    several = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    if name == "x.gif":  # a kind of files that people know: no folder is meant
        with pytest.raises(PhotoError, match=r"is no name of a \.jpg"):
            plan(several, tmp_path / name)
    else:
        assert plan(several, tmp_path / name).jobs[0].result == job.result
    touch(tmp_path / name)
    with pytest.raises(PhotoError, match="is a file, and no"):
        plan([tmp_path / "a.jpg", tmp_path / "b.jpg"], tmp_path / name)


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    touch(tmp_path / "file")
    (outcome,) = run([Job(tmp_path / "a.jpg", tmp_path / "file" / "b" / "a.jpg")], lambda job: Report())
    assert outcome.state == "failed"
    assert "file/b cannot be made (Not a directory); choose another folder" in outcome.remarks[0]
    assert "Errno" not in outcome.remarks[0]


def test_a_batch_goes_on_past_bad_photos(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / name, tmp_path / "out" / name) for name in ("a", "b", "c", "d")]

    def work(job: Job) -> Report:
        if job.photo.name == "b":
            raise PhotoError("found\nnothing")
        if job.photo.name == "c":
            raise KeyError("bug")
        room_for(job.result).write_bytes(b"")
        return Report(("one of two pages",) if job.photo.name == "d" else ())

    outcomes = list(run(jobs, work))
    assert [outcome.state for outcome in outcomes] == ["done", "failed", "failed", "done"]
    assert outcomes[1].remarks == (f"{tmp_path / 'b'}: found nothing",)
    assert "unexpected KeyError" in outcomes[2].remarks[0]
    assert outcomes[3].remarks == (f"{tmp_path / 'd'}: one of two pages",)
    again = list(run(jobs, work))
    assert [outcome.state for outcome in again] == ["skipped", "failed", "failed", "skipped"]
    assert next(outcome.state for outcome in run(jobs, work, overwrite=True)) == "done"


def test_a_stop_is_not_taken_for_a_bad_photo(tmp_path: Path) -> None:
    def work(job: Job) -> Report:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run([Job(tmp_path / "a", tmp_path / "b")], work))


def test_a_photo_alone_is_called_as_it_would_be_beside_its_rival(tmp_path: Path) -> None:
    touch(tmp_path / "p.jpg", tmp_path / "p.png", tmp_path / "q.tif", tmp_path / "q.png")
    names = (filled_name, mask_name)
    for photo, filled, mask in (
        ("p.jpg", "p-jpg-filled.png", "p-jpg-mask.png"),
        ("p.png", "p-filled.png", "p-mask.png"),
        ("q.tif", "q-filled.tif", "q-tif-mask.png"),
        ("q.png", "q-filled.png", "q-mask.png"),
    ):
        (job,) = plan([tmp_path / photo], None, names)
        assert (job.result.name, job.name(mask_name)) == (filled, mask)


def test_results_that_differ_by_case_alone_are_told_apart_where_the_folder_is_another(tmp_path: Path) -> None:
    """A disk or server that takes no notice of case would have one file for both (C6)."""
    names = ("IMG_1.JPG", "img_1.jpg", "Img_1.jpg", "other.jpg")
    touch(
        *(tmp_path / "in" / name for name in names),
        tmp_path / "in" / "A" / "x.png",
        tmp_path / "in" / "a" / "x.png",
    )
    made = [job.result.relative_to(tmp_path / "out") for job in plan([tmp_path / "in"], tmp_path / "out")]
    assert len({str(path).lower() for path in made}) == len(made) == 6
    assert {str(path) for path in made} >= {"IMG_1-color.JPG", "other-color.jpg", "A/x-color.png"}
    beside = {job.photo.name: job.result.name for job in plan([tmp_path / "in"])}
    assert beside["img_1.jpg"] == "img_1-color.jpg"  # there are two files, so the disk tells them apart


def test_a_photo_whose_name_another_would_carry(tmp_path: Path) -> None:
    touch(tmp_path / "x.gif", tmp_path / "x-gif.png")
    assert [job.result.name for job in plan([tmp_path])] == ["x-gif-color.png", "x-gif-gif-color.png"]


@pytest.mark.parametrize("name", ["colored.zip", "out.HEIC", "x.pdf", "scan.tar.gz", "a.dng"])
def test_a_folder_is_not_called_like_a_file_of_a_kind_that_people_know(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "in" / "a.jpg", tmp_path / "in" / "b.jpg")
    with pytest.raises(PhotoError, match="is no name of a"):
        plan([tmp_path / "in"], tmp_path / name)
    assert len(plan([tmp_path / "in"], tmp_path / name, folder=True)) == 2
    (tmp_path / name).mkdir()
    assert len(plan([tmp_path / "in"], tmp_path / name)) == 2


def test_a_folder_is_made_when_there_is_something_to_write(tmp_path: Path) -> None:
    def work(job: Job) -> Report:
        raise PhotoError("there is no such photo")

    assert [outcome.state for outcome in run(plan([tmp_path / "a.jpg"], tmp_path / "out"), work)] == [
        "failed"
    ]
    assert not (tmp_path / "out").exists()


def test_what_somebody_else_made_meanwhile_is_skipped(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / name, tmp_path / f"{name}-color") for name in "ab"]

    def work(job: Job) -> Report:
        job.result.write_bytes(b"theirs")
        try:
            job.result.open("xb")
        except FileExistsError as error:
            raise PhotoError("exists") from error
        return Report()

    assert [outcome.state for outcome in run(jobs, work)] == ["skipped", "skipped"]


def test_a_link_to_nowhere_in_the_place_of_a_result_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "b").symlink_to(tmp_path / "nowhere")
    (outcome,) = run([Job(tmp_path / "a", tmp_path / "b")], lambda job: pytest.fail("worked"))
    assert "is a link that leads nowhere" in outcome.remarks[0]


def test_a_name_too_long_for_its_result_is_said_before_the_work(tmp_path: Path) -> None:
    """255 bytes is what ext4, NTFS and APFS take; this photo's name has 250, and -color needs 6."""
    photo, fits = tmp_path / ("x" * 246 + ".jpg"), tmp_path / ("ö" * 122 + ".jpg")
    touch(photo, fits)
    called: list[str] = []
    outcomes = list(run(plan([photo, fits]), lambda job: called.append(job.photo.name) or Report()))
    assert [outcome.state for outcome in outcomes] == ["failed", "done"]
    assert called == [fits.name]
    assert "would have a name of 256 bytes, 255 are allowed" in outcomes[0].remarks[0]
