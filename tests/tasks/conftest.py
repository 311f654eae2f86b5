"""The pictures, datasets, recipes and protocols of the tests of training and of evaluation, for each task too."""

from tests.evaluation.conftest import judged_album, tiny_protocol
from tests.training.conftest import album, dataset, one_thread, one_thread_from_the_beginning, photos, tiny

__all__ = [
    "album",
    "dataset",
    "judged_album",
    "one_thread",
    "one_thread_from_the_beginning",
    "photos",
    "tiny",
    "tiny_protocol",
]
