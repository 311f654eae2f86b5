"""safelight: a darkroom for learned picture reconstruction."""

__version__ = "0.1.0"
