"""Property tests measure no time (the machine may be busy), and draw the same examples in every CI run."""

import os

from hypothesis import settings

settings.register_profile("patient", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("patient")
