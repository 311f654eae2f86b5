#!/bin/sh
# torch 2.14.1, torch.save and torch.load with the default ZIP format, Python 3.11.
#
# Behavior: a file that torch.save wrote is a ZIP archive with a CRC-32 for each part, and torch.load does not compare
# it: after one bit of a tensor's bytes changed on the disk, the file loads without an error or a warning, with another
# weight in it. zipfile.testzip() of the standard library finds the part at once.
# Also: torch.save to a name on a full file system raises RuntimeError ("unexpected pos"), which does not say why;
# given an open file, the OSError "No space left on device" is raised, or is in the chain of errors.
#
# Output seen:
#   loaded without an error, largest difference 2.0
#   testzip names archive/data/0
#   by name: RuntimeError, no OSError in its chain; by open file: OSError 28
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet "torch==2.14.1" "numpy<3"
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import sys, zipfile
import torch

weights = torch.ones(1000, 100)
torch.save({"weights": weights}, "archive.pt")
content = bytearray(open("archive.pt", "rb").read())
place = content.index(bytes(weights[:1].numpy().tobytes())) + 200_003  # the sign and exponent of one number
content[place] ^= 0x80
open("archive.pt", "wb").write(content)
loaded = torch.load("archive.pt", weights_only=True)["weights"]
apart = float((loaded - weights).abs().max())
bad = zipfile.ZipFile("archive.pt").testzip()
print("loaded without an error, largest difference", apart)
print("testzip names", bad)
if apart == 0 or bad is None:
    sys.exit("torch.load, or the file, is another now")


def chain(error):
    while error is not None:
        yield error
        error = error.__context__


def save(where):
    try:
        torch.save({"weights": weights}, where)
    except Exception as error:
        return [type(each).__name__ for each in chain(error)], [
            each.errno for each in chain(error) if isinstance(each, OSError)
        ]
    return [], []


by_name = save("/dev/full")
with open("/dev/full", "wb", buffering=0) as file:
    by_file = save(file)
print("by name:", by_name, "by open file:", by_file)
if by_name[1] or 28 not in by_file[1]:
    sys.exit("torch.save tells a full disk otherwise now")
PYTHON
