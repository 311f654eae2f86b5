"""What a service holds when it has ended: nothing that is large."""

import gc
import weakref
from pathlib import Path

from safelight.service.limits import Limits
from tests.service.conftest import running


def test_a_closed_service_lets_go_of_its_models_and_photos(grey_photo: Path) -> None:
    """The process may live on, as that of the tests does: each service kept 220 MB."""
    with running(Limits()) as service:
        photo = service.send(grey_photo)["id"]
        models = service.room.models
        large = (models.colorizer, models.cut, service.room.live(service.room.shelf[photo]))
        held = [weakref.ref(each) for each in large if each is not None]
        del large
    gc.collect()
    assert len(held) == 3
    assert [each() for each in held] == [None] * 3
