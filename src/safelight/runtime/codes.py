"""The names of version 0.1 for `safelight.tasks.autoencode.restore`, for scripts that import them from here."""

from importlib import import_module

_moved = import_module("safelight.tasks.autoencode.restore")  # by name: this room knows no task
Autoencoder, between = _moved.Autoencoder, _moved.between
