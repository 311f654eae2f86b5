"""manifest-sha256.txt: the SHA-256 of every file that a batch wrote, as `sha256sum -c` takes it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from safelight.errors import SafelightError, shown
from safelight.files import new_file
from safelight.ledger.facts import facts_of, is_same
from safelight.ledger.index import Index
from safelight.ledger.status import Named, opened

MANIFEST = "manifest-sha256.txt"
SUM_LINE = re.compile(rb"(?P<mark>\\?)[0-9a-fA-F]{64} [ *](?P<name>[^\r\n]+)\r?\n?")  # of GNU coreutils


@dataclass
class Amiss:
    """Results that were edited since they were made, and those that are not there."""

    edited: Named = field(default_factory=Named)
    missing: Named = field(default_factory=Named)

    def __bool__(self) -> bool:
        return bool(self.edited.count or self.missing.count)

    def lines(self) -> Iterator[str]:
        """What is amiss, by name."""
        for what, found in (("edited since", self.edited), ("missing", self.missing)):
            yield from (f"{what}: {shown(name)}" for name in found.names)
            if found.count > len(found.names):
                yield f"and {found.count - len(found.names)} more {what}"


def write_sums(folder: Path, amiss: Amiss) -> int:
    """Write the manifest of a folder of results in place of an older one; how many files of the batch it has.

    Files that are as they were made are not read again. One that was edited is listed as it is now, one that is
    gone is not; both are told in `amiss`. Lines of other files stay as they are. Raises SafelightError where there
    is no ledger, or another's file of this name that is no list of checksums; OSError.
    """
    index, count = opened(folder), 0
    others = _of_others(folder, index)
    with new_file(folder / MANIFEST, overwrite=True) as file:
        file.writelines(others)
        for name, digest in sums(folder, index, amiss):
            file.write(sum_line(name, digest))
            count += 1
    return count


def check_manifest(folder: Path) -> None:
    """Raises SafelightError where a file of the manifest's name is another's, and no list of checksums; OSError."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return
    for line in manifest.read_bytes().splitlines(keepends=True):
        if line.strip() and not line.startswith(b"#") and not SUM_LINE.fullmatch(line):
            raise SafelightError(
                f"{shown(manifest)} is there and is no list of SHA-256 checksums; move it, and try again"
            )


def _of_others(folder: Path, index: Index) -> list[bytes]:
    """The lines of an older manifest that are of files which no batch wrote. Raises SafelightError, OSError."""
    check_manifest(folder)
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return []
    written = {name for row in index.rows() for name in row.written}
    others = []
    for line in manifest.read_bytes().splitlines(keepends=True):
        name = _name_in(line)
        is_ours = name is not None and (
            index.find(name) is not None or name in written or _was_ours(folder / name)
        )
        if not is_ours:
            others.append(line if line.endswith(b"\n") else line + b"\n")
    return others


def _name_in(line: bytes) -> str | None:
    """The file of a line, as a ledger would name it; None for a comment, and for a name that is none here."""
    found = SUM_LINE.fullmatch(line)
    if found is None:
        return None
    try:
        name = os.fsdecode(_unescaped(found["name"]) if found["mark"] else found["name"])
    except UnicodeDecodeError:  # bytes that no name has on Windows
        return None
    return name.removeprefix("./")


def _was_ours(file: Path) -> bool:
    """Whether it is called like a mask or a preview of safelight's, and is gone: an earlier run wrote it."""
    return file.name.endswith(("-mask.png", "-preview.jpg")) and not file.exists()


def sums(folder: Path, index: Index, amiss: Amiss) -> Iterator[tuple[str, str]]:
    """Every file of the ledger that is there, each once, with the SHA-256 of its bytes as they are now."""
    for row in index.rows():
        if row.state != "done":
            continue
        result = folder / row.result
        if result.is_file():
            is_known = row.made is not None and is_same(result, row.made)
            if not is_known:
                amiss.edited.add(row.result)
            yield row.result, row.made.sha256 if is_known and row.made else facts_of(result).sha256
        else:
            amiss.missing.add(row.result)
        for name in sorted(row.written):
            if name != row.result and (folder / name).is_file():
                yield name, facts_of(folder / name).sha256


def sum_line(name: str, digest: str) -> bytes:
    """A line as GNU coreutils writes it: names with a backslash or a line break are escaped, and the line is marked."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return mark.encode() + f"{digest}  ".encode() + os.fsencode(escaped) + b"\n"


def _unescaped(name: bytes) -> bytes:
    """The name of a line that is marked as escaped."""
    meant = {b"n": b"\n", b"r": b"\r"}
    return re.sub(rb"\\(.)", lambda found: meant.get(found[1], found[1]), name)
