#!/bin/sh
# bagit 1.9.0, Python 3.11. A bag of BagIt 1.0 (RFC 8493) whose payload has a name with a percent sign: the manifest has
# %25 for it, as section 2.1.3 demands ("LF, CR, CRLF or a percent sign ... MUST be percent-encoded"). bagit looks for a
# file of the encoded name. It decodes %0A and %0D alone; and of more than two line breaks in a name only two, as
# re.IGNORECASE (2) is given to re.sub as the number of replacements.
# Seen: %25 refused, two line breaks read, three line breaks refused. Expected: all three read.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check bagit==1.9.0 'setuptools<81'
"$folder/env/bin/python" -W ignore - "$folder" <<'PYTHON'
import hashlib, logging, pathlib, sys

import bagit

logging.disable(logging.CRITICAL)
digest, read = hashlib.sha256(b"x").hexdigest(), []
for number, name in enumerate(("100%.png", "a\nb\nc.png", "a\nb\nc\nd.png")):
    bag = pathlib.Path(sys.argv[1], str(number))
    (bag / "data").mkdir(parents=True)
    (bag / "data" / name).write_bytes(b"x")
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    encoded = name.replace("%", "%25").replace("\n", "%0A")
    (bag / "manifest-sha256.txt").write_text(f"{digest}  data/{encoded}\n")
    try:
        bagit.Bag(str(bag)).validate()
        read.append(True)
    except bagit.BagError:
        read.append(False)
print(read)
sys.exit(0 if read == [False, True, False] else 1)
PYTHON
