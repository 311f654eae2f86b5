"""The infrared of a scan as the mask of its damage, for whoever repairs or fills: read, thresholded, and kept."""

from dataclasses import dataclass

from safelight.arrays import Mask
from safelight.batch.pages import Page
from safelight.batch.work import Job
from safelight.errors import PhotoError
from safelight.pixels.infrared import Infrared, infrared_pages, read_infrared, read_infrared_file
from safelight.pixels.photo import Photo
from safelight.tasks.scratches.infrared import infrared_mask

SENSITIVITY = 0.5
OF_FILE = "file"  # the mask of the job is the infrared scan
THAT_PAGE = "is the infrared of another page: it is as it was"
_NO_PLACE = "its infrared is not in the result: only a .tif has a place for it"


@dataclass(frozen=True)
class Seen:
    """What infrared says of a photo. photo: with the channel that it came from. mask: the damage, not grown."""

    photo: Photo
    mask: Mask
    remarks: tuple[str, ...] = ()
    page: Photo | None = None  # to be written behind the photo

    @property
    def further(self) -> tuple[Photo, ...]:
        """The pages that are to be written behind the photo."""
        return (self.page,) if self.page else ()


def is_infrared_page(page: Page, which: str) -> bool:
    """Whether a page of several is the infrared of another. which: "auto", a page's number, "file" or nothing."""
    if not page.several or which in ("", OF_FILE):
        return False
    return page.number in infrared_pages(page.path, which)


def see(job: Job, page: Page, photo: Photo, which: str, sensitivity: float) -> Seen:
    """The damage by infrared. Raises PhotoError where there is none, or it cannot tell damage."""
    if page.is_large:
        raise PhotoError(
            "it is too large for its infrared to be read at once; make a mask of it, and give --mask"
        )
    found = _read(job, page, photo, which)
    photo = found.kept_in(photo)
    remarks = found.remarks
    if found.where != "file" and not page.to_tiff:
        remarks += (_NO_PLACE,)
    return Seen(photo, infrared_mask(found.numbers, photo.pixels, sensitivity), remarks, found.page)


def _read(job: Job, page: Page, photo: Photo, which: str) -> Infrared:
    if which != OF_FILE:
        return read_infrared(page.path, photo, which, page.number)
    if job.mask.file is None:
        raise PhotoError("has no infrared scan there; name the file, or leave --infrared out")
    return read_infrared_file(job.mask.file, photo)
