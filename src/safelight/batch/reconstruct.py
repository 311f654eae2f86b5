"""The work of safelight reconstruct: a photo as an autoencoder gives it back, from file to file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from safelight.batch.marks import LabelSettings, Marker
from safelight.batch.places import room_for
from safelight.batch.work import Job, Order, Report, settings_of
from safelight.pixels.color import eight_bits
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.tasks.autoencode.restore import load_vae


@dataclass(frozen=True)
class ReconstructSettings(LabelSettings):
    """The options that decide a reconstruction, by their names. model: a bundled or exported one, no run."""

    model: str | None = None
    full_size: bool = False


class ReconstructWorker:
    """Encodes photos and decodes them again. Facts of the report: "beyond", what the model never saw, in words."""

    def __init__(self, order: Order, threads: int = 1) -> None:
        self._settings, self._manner = settings_of(order, ReconstructSettings), order.manner
        self._vae = load_vae(self._settings.model, threads)
        self.cards = self._vae.cards
        self._mark = Marker(order, self._settings, self.cards)

    def __call__(self, job: Job) -> Report:
        """One photo from file to file."""
        photo = read_photo(job.photo)
        picture = Photo(eight_bits(self._vae.reconstruct(photo, self._settings.full_size)))
        picture = self._mark(picture, job, "generated", said=photo)
        write_photo(room_for(job.result), picture, overwrite=self._manner.overwrite)
        facts = {"beyond": list(self._vae.remarks(photo))}
        return Report(picture.remarks, facts=facts, written=(job.result,))


def summed_up(reports: Iterable[Report]) -> str:
    """What the summary line says of the photos that were reconstructed."""
    return "; ".join(beyond_in_words([remark for report in reports for remark in report.facts["beyond"]]))


def beyond_in_words(remarks: Sequence[str]) -> list[str]:
    """The remark on one photo as it is; those on several photos in a few words."""
    if len(remarks) < 2:
        return list(remarks)
    return [
        f"{len(remarks)} wider or taller than the photos learned from: what came back beyond means nothing"
    ]
