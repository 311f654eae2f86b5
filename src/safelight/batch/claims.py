"""Claims of processes on results: what one works on is left to it by the others.

A claim on a result is a lock of the system on a small file in the temporary folder of this machine and user. It ends
with the process that holds it, however that ends; nothing is left beside the photos. Processes on two machines do
not see each other's claims: there the result that is there first stays.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from safelight.files import HeldError, held


@contextlib.contextmanager
def claimed(result: Path) -> Iterator[bool]:
    """Claim the making of a result while the block lasts; False if another process has it.

    True, without a claim, where the system has no locks or no temporary folder.
    """
    is_ours = True
    with contextlib.ExitStack() as claim:
        try:
            name = hashlib.sha256(os.fsencode(os.path.realpath(result))).hexdigest()[:40]
            claim.enter_context(held(_claims() / name))
        except HeldError:
            is_ours = False
        except OSError:
            pass
        yield is_ours


def _claims() -> Path:
    """A folder of this user's own. Raises OSError where it cannot be, or is somebody else's."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir(), "safelight-claims" if user is None else f"safelight-claims-{user}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if user is not None and (folder.is_symlink() or folder.stat().st_uid != user):
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder
