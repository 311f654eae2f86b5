"""manifest-sha256.txt and bags: what sha256sum, bagit and an independent reading say of them."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from safelight.cli.main import cli
from safelight.errors import SafelightError
from safelight.ledger.bag import make_bag
from safelight.ledger.facts import facts_of
from safelight.ledger.rows import LEDGER
from safelight.ledger.sums import MANIFEST, Amiss, sum_line, write_sums
from tests.ledger.samples import batch, book_in, put, row_of

NAMES = (
    " a b .png",
    "*x.png",
    "-b.png",
    "b\\c.png",
    "new\nline.png",
    "cr\r.png",
    "ä.png",
    "a\u0308.png",
    "#%&.png",
)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Results with names that manifests trip over, one in a folder, one with a mask."""
    out, photos, _ = batch(tmp_path)
    with book_in(out) as book:
        for number, name in enumerate((*NAMES, "deep/er/x.png"), 3):
            result = put(out / name, name.encode())
            mask = put(out / "deep" / "mask.png", b"mask") if name.startswith("deep") else None
            written = {book.name(mask): facts_of(mask).sha256} if mask else {}
            book.write(row_of(book, photos[0], result, number, written=written))
    put(out / "somebody's.txt")
    return out


def sha256sum(folder: Path) -> subprocess.CompletedProcess[bytes]:
    if not shutil.which("sha256sum"):
        pytest.skip("there is no sha256sum")
    return subprocess.run(["sha256sum", "-c", MANIFEST], cwd=folder, capture_output=True, check=False)


def test_sha256sum_takes_the_manifest(odd: Path) -> None:
    assert write_sums(odd, Amiss()) == 3 + len(NAMES) + 2
    done = sha256sum(odd)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b": OK") == 3 + len(NAMES) + 2
    put(odd / NAMES[3], b"edited")
    assert sha256sum(odd).returncode == 1


def test_a_name_that_is_no_utf8_is_kept_byte_by_byte(tmp_path: Path) -> None:
    out, photos, _ = batch(tmp_path)
    with book_in(out) as book:
        book.write(row_of(book, photos[0], put(out / os.fsdecode(b"\xe4.png")), 3))
    write_sums(out, Amiss())
    assert b"  \xe4.png\n" in (out / MANIFEST).read_bytes()
    assert sha256sum(out).returncode == 0
    with pytest.raises(SafelightError, match="no UTF-8"):
        make_bag(out, tmp_path / "bag")
    assert not (tmp_path / "bag").exists()
    assert not list(tmp_path.glob(".safelight-*"))


def test_the_manifest_says_what_is_there_now(tmp_path: Path) -> None:
    out, _, results = batch(tmp_path)
    put(results[0], b"edited by somebody")
    results[1].unlink()
    assert write_sums(out, Amiss()) == 2
    assert sha256sum(out).returncode == 0
    assert write_sums(out, Amiss()) == 2  # again, in place of the first


def test_an_archives_own_lines_stay_in_the_manifest(tmp_path: Path) -> None:
    """Results beside the photos share their folder with the list of the originals."""
    out, _, _ = batch(tmp_path)
    (out / "scan 1.tif").write_bytes(b"master")
    own = sum_line("scan 1.tif", hashlib.sha256(b"master").hexdigest())
    (out / MANIFEST).write_bytes(own)
    write_sums(out, Amiss())
    write_sums(out, Amiss())
    lines = (out / MANIFEST).read_bytes().splitlines(keepends=True)
    assert lines[0] == own
    assert len(lines) == len(set(lines)) == 4
    assert sha256sum(out).returncode == 0
    (out / MANIFEST).write_text("my notes\n")
    with pytest.raises(SafelightError, match="is no list of SHA-256 checksums"):
        write_sums(out, Amiss())
    assert (out / MANIFEST).read_text() == "my notes\n"
    stale = sum_line("000-mask.png", "0" * 64)  # of an earlier run, whose mask is gone
    again = sum_line("./000-color.jpg", "0" * 64)  # as find writes names
    (out / MANIFEST).write_bytes(b"# my scans\n\n" + own + stale + again)
    write_sums(out, Amiss())
    lines = (out / MANIFEST).read_bytes().splitlines(keepends=True)
    assert lines[:3] == [b"# my scans\n", b"\n", own]
    assert len(lines) == 6


def test_what_is_amiss_is_told_with_the_bag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _, results = batch(tmp_path)
    put(results[0], b"edited by somebody")
    results[1].unlink()
    for words in (["checksums"], ["bag", "-o", str(tmp_path / "bag")]):
        assert cli.main(["batch", words[0], str(out), *words[1:]], standalone_mode=False) == 1
        said = capsys.readouterr().err.splitlines()
        assert said == ["edited since: 000-color.jpg", "missing: 001-color.jpg"]
    info = (tmp_path / "bag" / "bag-info.txt").read_text()
    assert "1 results are missing" in info
    assert "1 results were edited since they were made" in info


def test_a_line_is_escaped_as_coreutils_does() -> None:
    assert sum_line("a", "0" * 64) == b"0" * 64 + b"  a\n"
    assert sum_line("b\\c\nd", "0" * 64) == b"\\" + b"0" * 64 + b"  b\\\\c\\nd\n"


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path) -> None:
    for refused in (
        lambda: write_sums(tmp_path, Amiss()),
        lambda: make_bag(tmp_path, tmp_path.parent / "bag"),
    ):
        with pytest.raises(SafelightError, match=r"no safelight-ledger\.jsonl"):
            refused()


def read_bag(bag: Path) -> dict[str, bytes]:
    """The payload of a bag of version 1.0, read by RFC 8493 alone. Raises AssertionError."""
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for line in (bag / manifest).read_bytes().decode("utf-8").split("\n")[:-1]:
            found = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
            assert found
            name = found[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
            assert hashlib.sha256((bag / name).read_bytes()).hexdigest() == found[1]
    listed = (bag / "manifest-sha256.txt").read_text("utf-8").count("\n")
    payload = {
        str(path.relative_to(bag / "data")): path for path in (bag / "data").rglob("*") if path.is_file()
    }
    assert listed == len(payload)
    info = (bag / "bag-info.txt").read_text("utf-8")
    size = sum(path.stat().st_size for path in payload.values())
    assert f"Payload-Oxum: {size}.{len(payload)}\n" in info
    tags = {path.name for path in bag.iterdir() if path.is_file()}
    assert tags == {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    return {name: path.read_bytes() for name, path in payload.items()}


def test_a_bag_holds_the_results_and_the_ledger(tmp_path: Path) -> None:
    out, _, results = batch(tmp_path)
    put(out / "x\ny.png", b"line")
    with book_in(out) as book:
        book.write(row_of(book, results[0], out / "x\ny.png", 3))
        book.write(row_of(book, results[0], results[0], 4, state="failed", result="z.png", made=None))
    made = make_bag(out, tmp_path / "deep" / "bag", "0.1.0")
    found = read_bag(made.folder)
    expected = {path.name: path.read_bytes() for path in [*results, out / "x\ny.png", out / LEDGER]}
    assert found == expected
    assert (made.files, made.size, made.failed) == (5, sum(map(len, found.values())), 1)
    assert "1 photos failed" in (made.folder / "bag-info.txt").read_text()
    assert (out / LEDGER).exists()  # the results stay where they are


def test_bagit_validates_a_bag(odd: Path, tmp_path: Path) -> None:
    bagit = pytest.importorskip("bagit")
    bag = make_bag(odd, tmp_path / "bag").folder
    bagit.Bag(str(bag)).validate()
    put(bag / "data" / "000-color.jpg", b"edited")
    with pytest.raises(bagit.BagError):
        bagit.Bag(str(bag)).validate()


@pytest.mark.parametrize(("name", "version"), [("a.png", "1.0"), ("100%.png", "0.97"), ("a%20b.png", "0.97")])
def test_bagit_validates_a_bag_with_percent_signs(tmp_path: Path, name: str, version: str) -> None:
    out, photos, _ = batch(tmp_path)
    with book_in(out) as book:
        book.write(row_of(book, photos[0], put(out / name), 3))
    bag = make_bag(out, tmp_path / "bag").folder
    assert f"BagIt-Version: {version}\n" in (bag / "bagit.txt").read_text()
    pytest.importorskip("bagit").Bag(str(bag)).validate()


def test_a_bag_takes_no_place_of_something_and_lies_outside(tmp_path: Path) -> None:
    out, _, _ = batch(tmp_path)
    for place, message in ((tmp_path / "scans", "is there already"), (out / "bag", "among the results")):
        with pytest.raises(SafelightError, match=message):
            make_bag(out, place)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SafelightError, match="is there already"):
        make_bag(out, tmp_path / "link")


def test_a_bag_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, _, _ = batch(tmp_path)
    monkeypatch.setattr(
        "safelight.ledger.bag.sums", lambda folder, index, amiss: [("000-color.jpg", "0" * 64)]
    )
    with pytest.raises(SafelightError, match="was changed while it was copied"):
        make_bag(out, tmp_path / "bag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "scans"]
