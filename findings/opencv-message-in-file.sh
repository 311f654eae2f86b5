#!/bin/sh
# opencv-python-headless 4.13.0.92, Python 3.11, Linux. OpenCV's messages go to file descriptor 2, whatever that is. Where a program
# was started with standard error closed (2>&-, as some cron lines and daemons do), the first file that it opens
# has that number: cv2.imread of a name that is not there then writes its warning into the middle of that file,
# which may be a picture that is being written. Python's own sys.stderr is None there, so nothing shows.
# Seen: "[ WARN:0@...] global loadsave.cpp:... imread_('absent.png'): can't open/read file ..." inside the file.
# Exits 0 while this is so, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check opencv-python-headless==4.13.0.92
cat > "$folder/write.py" <<'PYTHON'
import cv2

with open("result.bin", "wb", buffering=0) as file:
    print("descriptor of the result:", file.fileno())
    file.write(b"begin ")
    cv2.imread("absent.png")
    file.write(b"end")
PYTHON
cd "$folder"
"$folder/env/bin/python" write.py 2>&-
cat result.bin
echo
grep -q "can't open/read file" result.bin
