"""A real service, as a process of its own, with limits that no option sets.

    python -m tests.service.server '{"workers": 1, "photos": 10}' [TOKEN]

Prints its address and serves until it is ended.
"""

import json
import sys

from safelight.service.darkroom import Darkroom, Models
from safelight.service.guard import Keys
from safelight.service.limits import Limits
from safelight.service.serving import Place, address_of, serve


def main() -> None:
    """Serve."""
    listening = Place().open()
    print(address_of(listening), flush=True)
    keys = Keys(sys.argv[2] if len(sys.argv) > 2 else None)
    serve(Darkroom(Limits(**json.loads(sys.argv[1])), Models()), keys, listening, page=False)


if __name__ == "__main__":
    main()
