"""A batch split over machines that share nothing: each photo belongs to one of N shards, by its name alone."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, replace

from safelight.batch.plan import Plan
from safelight.batch.work import Job

SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class Shard:
    """The part of a batch that one machine does. index: 1..count."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard of "3/8". Raises ValueError for anything else, and for a shard that there is not."""
        found = SHARD.fullmatch(text.strip())
        index, count = map(int, found.groups()) if found else (0, 0)
        if not 1 <= index <= count:
            raise ValueError(f"{text!r} is no shard I/N; expected one of 1/N to N/N, such as 1/4")
        return cls(index, count)

    def has(self, job: Job) -> bool:
        """Whether a photo is one of this shard.

        That depends on its path in the folder that was given and on the number of shards: not on the other photos,
        the order, the machine, or how it writes an ä (NFC or NFD).
        """
        path = unicodedata.normalize("NFC", (job.inner / job.photo.name).as_posix())
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % self.count == self.index - 1

    def of(self, jobs: Plan) -> Plan:
        """The jobs of this shard. They are named as in the whole plan: no two shards write one file."""
        return replace(jobs, jobs=tuple(filter(self.has, jobs)))
