"""The names of version 0.1 for `safelight.tasks.colorize.tone_and_mount`, for scripts that import them from here."""

from importlib import import_module

_renamed = import_module("safelight.tasks.colorize.tone_and_mount")  # by name: this room knows no task
see, keep_own = _renamed.analyze, _renamed.keep_tone_and_mount
