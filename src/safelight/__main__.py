"""python -m safelight: the same as the command `safelight`."""

from safelight.app.cli import main

main()
