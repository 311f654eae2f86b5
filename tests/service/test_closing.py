"""What a service holds when it has ended: nothing that is large."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

from safelight.runtime.kept import keeping
from safelight.service.limits import Limits
from safelight.tasks.colorize.restore import load_colorizer
from tests.service.conftest import running


def test_a_closed_service_lets_go_of_its_models_and_photos(grey_photo: Path) -> None:
    """The process may live on, as that of the tests does: each service kept 220 MB."""
    with running(Limits()) as service:
        photo = service.send(grey_photo)["id"]
        models = service.room.models
        for _ in range(2):
            assert service.client.post("/v1/colorize", content=grey_photo.read_bytes()).status_code == 200
        assert len(models.kept) == 1, "opened once"
        with keeping(models.kept):
            of_workers = load_colorizer(threads=1)
        large = (models.colorizer, models.cut, service.room.live(service.room.shelf[photo]), of_workers)
        held = [weakref.ref(each) for each in large if each is not None]
        del large, of_workers
    gc.collect()
    assert len(held) == 4
    assert [each() for each in held] == [None] * 4


STARTED = """
import gc, os, signal, threading, time
from safelight.service.darkroom import Darkroom, Models
from safelight.service.guard import Keys
from safelight.service.limits import Limits
from safelight.service.serving import Place, serve

def look():
    end = time.monotonic() + 120
    while not gc.get_freeze_count() and time.monotonic() < end:
        time.sleep(0.05)
    print(gc.get_freeze_count(), len(gc.get_objects()), flush=True)
    os.kill(os.getpid(), signal.SIGINT)

room = Darkroom(Limits(), Models())
serve(room, Keys(None), Place().open(), ready=threading.Thread(target=look, daemon=True).start)
"""


def test_what_stays_is_not_looked_through_again_and_again() -> None:
    """Python looks for what may go among all objects, and nothing is answered meanwhile: here most are set aside."""
    said = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, timeout=300, check=False
    )
    set_aside, others = said.stdout.split()
    assert int(set_aside) > 50_000, said.stderr
    assert int(others) < int(set_aside) / 5
