"""The small pictures, datasets and recipes of the tests of training, for the tests of each task too."""

from tests.training.conftest import album, dataset, one_thread, one_thread_from_the_beginning, photos, tiny

__all__ = ["album", "dataset", "one_thread", "one_thread_from_the_beginning", "photos", "tiny"]
