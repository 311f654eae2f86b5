#!/bin/sh
# FastAPI 0.165.0, Python 3.11. Three lru_caches of the module fastapi.dependencies.models hold every function that a
# route was made of, to remember whether it is a coroutine. A route that is a closure keeps all that it closes over for
# as long as the process lives, when its app is gone: here 100 MB. Other apps push it out only after many routes.
# Seen: the object is alive after app and function were deleted and collected. Expected: it is gone.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check fastapi==0.165.0
"$folder/env/bin/python" - <<'PYTHON'
import gc, sys, weakref

from fastapi import FastAPI


class Large:
    def __init__(self) -> None:
        self.content = bytearray(100_000_000)


def make_app(large: Large) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def size() -> int:
        return len(large.content)

    return app


large = Large()
held = weakref.ref(large)
app = make_app(large)
del app, large
gc.collect()
print("alive" if held() else "gone")
sys.exit(0 if held() else 1)
PYTHON
