"""manifest-sha256.txt: the SHA-256 of every file that a batch wrote, as `sha256sum -c` takes it."""

import os
from collections.abc import Iterator
from pathlib import Path

from safelight.files import new_file
from safelight.ledger.facts import facts_of, is_same
from safelight.ledger.index import Index
from safelight.ledger.status import opened

MANIFEST = "manifest-sha256.txt"


def write_sums(folder: Path) -> int:
    """Write the manifest of a folder of results in place of an older one; how many files it has.

    Files that are as they were made are not read again. One that was edited is listed as it is now, one that is
    gone is not. Raises SafelightError where there is no ledger, OSError.
    """
    index, count = opened(folder), 0
    with new_file(folder / MANIFEST, overwrite=True) as file:
        for name, digest in sums(folder, index):
            file.write(sum_line(name, digest))
            count += 1
    return count


def sums(folder: Path, index: Index) -> Iterator[tuple[str, str]]:
    """Every file of the ledger that is there, each once, with the SHA-256 of its bytes as they are now."""
    for row in index.rows():
        if row.state != "done":
            continue
        result = folder / row.result
        if result.is_file():
            is_known = row.made is not None and is_same(result, row.made)
            yield row.result, row.made.sha256 if is_known and row.made else facts_of(result).sha256
        for name in sorted(row.written):
            if name != row.result and (folder / name).is_file():
                yield name, facts_of(folder / name).sha256


def sum_line(name: str, digest: str) -> bytes:
    """A line as GNU coreutils writes it: names with a backslash or a line break are escaped, and the line is marked."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return mark.encode() + f"{digest}  ".encode() + os.fsencode(escaped) + b"\n"
