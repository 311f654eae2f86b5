"""A bag: the results of a batch and its ledger, copied in the layout of BagIt 1.0 (RFC 8493) for an archive.

bag-info.txt             when, with what, how many bytes and files (Payload-Oxum)
bagit.txt
data/                    the results, other files that were written, and the ledger
manifest-sha256.txt      of data/
tagmanifest-sha256.txt   of the other files
"""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from safelight.errors import SafelightError, shown
from safelight.ledger.facts import facts_of, now
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER
from safelight.ledger.status import is_dropped, opened
from safelight.ledger.sums import Amiss, sums

CHUNK = 1 << 20  # bytes
INFO, BAGIT, MANIFEST, TAGS = "bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
BREAKS = {"%": "%25", "\n": "%0A", "\r": "%0D"}  # all that a manifest of BagIt 1.0 encodes


@dataclass(frozen=True)
class Bag:
    """A bag that was made: how many files and bytes of payload. failed: photos of the batch that have no result.

    amiss: results that it has as they were edited, and those that it has not.
    """

    folder: Path
    files: int
    size: int
    failed: int
    amiss: Amiss


def make_bag(out: Path, bag: Path, version: str = "") -> Bag:
    """Copy a folder of results into a new folder as a bag, whole or not at all. version: of safelight.

    Each copy is compared with the SHA-256 of what it is a copy of. Raises SafelightError for a folder without a
    ledger, a name that is taken, or a file name that no manifest can hold; OSError.
    """
    index = opened(out)
    _check_place(out, bag)
    bag.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".safelight-", suffix=".part", dir=bag.parent))
    try:
        files = size = 0
        amiss, old = Amiss(), _is_old(index)
        with (part / MANIFEST).open("wb") as manifest:
            for name, digest in chain(sums(out, index, amiss), [(LEDGER, "")]):
                copied, found = _copy(out / name, part / "data" / name)
                if digest and found != digest:
                    raise SafelightError(f"{shown(name)} was changed while it was copied; make the bag again")
                manifest.write(_line(found, f"data/{name}", old))
                files, size = files + 1, size + copied
        failed = sum(row.state == "failed" and not is_dropped(row, out) for row in index.rows())
        _put(part / BAGIT, f"BagIt-Version: {'0.97' if old else '1.0'}\nTag-File-Character-Encoding: UTF-8\n")
        _put(part / INFO, _info(version, files, size, failed, amiss))
        tags = [_line(facts_of(part / name).sha256, name, old) for name in (INFO, BAGIT, MANIFEST)]
        (part / TAGS).write_bytes(b"".join(tags))
        part.chmod(0o777 & ~_umask())
        part.rename(bag)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Bag(bag, files, size, failed, amiss)


def beside(out: Path) -> Path:
    """Where the bag of a folder of results goes if nobody says: beside it, called OUT-bag."""
    whole = Path(os.path.realpath(out))
    return whole.with_name(f"{whole.name}-bag")


def _check_place(out: Path, bag: Path) -> None:
    """Raises SafelightError for a name that is taken, or that lies among the results."""
    if os.path.lexists(bag):  # a link that leads nowhere takes the name too
        raise SafelightError(f"{shown(bag)} is there already; give another name for the bag")
    if Path(os.path.realpath(bag)).is_relative_to(os.path.realpath(out)):
        raise SafelightError(f"{shown(bag)} lies among the results; give a name outside of {shown(out)}")


def _is_old(index: Index) -> bool:
    """Whether the bag is one of BagIt 0.97: there a percent sign stands for itself.

    In 1.0 it is %25, which the most used validator (bagit 1.9.0) does not read; in 0.97 only line breaks are encoded.
    """
    names = [name for row in index.rows() for name in (row.result, *row.written) if "%" in name]
    return bool(names) and not any(code in name.upper() for name in names for code in ("%0A", "%0D"))


def _copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file with its times; its size and the SHA-256 of what was written. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file, target.open("xb") as copy:
        while chunk := file.read(CHUNK):
            copy.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    shutil.copystat(source, target)
    return size, digest.hexdigest()


def _line(digest: str, name: str, old: bool) -> bytes:
    """A line of a manifest. Raises SafelightError for a name whose bytes are no UTF-8."""
    encoded = "".join(letter if old and letter == "%" else BREAKS.get(letter, letter) for letter in name)
    try:
        return f"{digest}  {encoded}\n".encode()
    except UnicodeEncodeError:
        raise SafelightError(
            f"{shown(name)} has a name that is no UTF-8, which a bag cannot list; rename it and the photo"
        ) from None


def _info(version: str, files: int, size: int, failed: int, amiss: Amiss) -> str:
    lines = [
        f"Bag-Software-Agent: safelight {version}",
        f"Bagging-Date: {now()[:10]}",
        f"Payload-Oxum: {size}.{files}",
        f"Bag-Size: {size / 1e6:.1f} MB",
        f"Internal-Sender-Description: Results of safelight; data/{LEDGER} says of what, and how each was made.",
    ]
    said = (
        (failed, "photos failed and have no result"),
        (amiss.missing.count, "results are missing"),
        (amiss.edited.count, "results were edited since they were made, and are here as edited"),
    )
    lines += [f"Internal-Sender-Description: {number} {what}." for number, what in said if number]
    return "".join(f"{line}\n" for line in lines)


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _umask() -> int:
    """The rights that this process withholds of new files; a temporary folder has fewer."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
