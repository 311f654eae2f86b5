"""What `safelight darkroom` costs from the command to the first screen: the page, the list of photos, the limits.

    python benchmarks/darkroom_start.py [--rounds 3]

Processor time of the process, all its threads: it opens the colorizer beside, for the photo that comes next.
"""

import argparse
import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

HOME = Path(__file__).parents[1]
COMMAND = [*(sys.executable, "-m", "safelight", "darkroom"), str(HOME / "examples" / "scratched.jpg")]
SCREEN = ("/", "/page/main.js", "/page/style.css", "/v1", "/v1/photos")


def processor_seconds(process: int) -> float:
    """Processor time of a process, so far."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def started() -> tuple[float, float, float]:
    """Processor seconds until the address is printed, and until the screen was served; seconds until then."""
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(HOME / "src")}
    command = [*COMMAND, "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        address = urlsplit(process.stdout.readline().strip())
        printed = processor_seconds(process.pid)
        talk = http.client.HTTPConnection(address.netloc, timeout=300)
        talk.request("GET", f"/?{address.query}")
        answer = talk.getresponse()
        answer.read()
        headers = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
        for path in SCREEN:
            talk.request("GET", path, headers=headers)
            answer = talk.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
        spent, took = processor_seconds(process.pid), time.perf_counter() - start
        process.terminate()
    return printed, spent, took


def main() -> None:
    """Print each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    for _ in range(parser.parse_args().rounds):
        printed, spent, took = started()
        print(
            f"address after {printed:.2f} s of processor time, screen after {spent:.2f} s ({took:.1f} s in all)"
        )


if __name__ == "__main__":
    main()
