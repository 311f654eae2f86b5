"""A batch that was stopped is taken up: what Ray's checkpoint calls done is looked at, and done again if it is not.

A checkpoint knows nothing of results that were deleted, edited, or made anew with other settings since: by itself it
would leave those photos out for ever, without a word.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from safelight.batch.run import DONE_BEFORE, IS_THERE, Outcome, Records
from safelight.batch.work import Job
from safelight.cluster.gather import Gathering
from safelight.cluster.mounts import Mount
from safelight.cluster.staging import Done
from safelight.ledger.facts import is_same
from safelight.runtime.folders import exists


def take_up(
    gathering: Gathering, records: Records, overwrite: bool, mounts: Sequence[Mount]
) -> Iterator[Outcome]:
    """The outcomes that stand of those that an earlier run of the batch had; the checkpoint then holds these alone."""
    kept = array("q")  # 8 bytes a photo
    for number, done in gathering.committed():
        outcome = _elsewhere(done) if mounts else _standing(done, records, overwrite)
        if outcome is not None:
            kept.append(number)
            yield outcome
    gathering.keep(kept)


def _standing(done: Done, records: Records, overwrite: bool) -> Outcome | None:
    """What an earlier outcome is worth now; None where the photo is to be done again.

    A row whose photo and result are as it says is written into the ledger, if that has none: the earlier run may have
    been killed before.
    """
    outcome, files = done
    job = outcome.job
    if outcome.state == "done" and all(path in files and is_same(path, files[path]) for path in _of(job)):
        known = records.known(job)
        if known is None or known.because != DONE_BEFORE:
            records.add(outcome, files)
        return replace(outcome, state="skipped", because=DONE_BEFORE)
    return None if overwrite or outcome.state == "failed" else records.known(job)


def _elsewhere(done: Done) -> Outcome | None:
    """The same for results elsewhere, of which the names alone are known here."""
    outcome, _ = done
    if outcome.state == "failed" or (outcome.state != "left" and not exists(outcome.job.result)):
        return None
    return outcome if outcome.state == "left" else replace(outcome, state="skipped", because=IS_THERE)


def _of(job: Job) -> tuple[Path, Path]:
    return job.photo, job.result
