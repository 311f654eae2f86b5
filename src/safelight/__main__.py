"""python -m safelight: the same as the command `safelight`."""

from safelight.cli.main import main

main()
