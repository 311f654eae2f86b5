#!/bin/sh
# OpenVINO 2026.4.1, openvino-telemetry 2025.2.0 or what comes with it, Python 3.11. `import openvino` alone sends an event
# ("ov", "import", "general_import": openvino/tools/ovc/__init__.py) to its makers, and keeps a number for this user in the
# home folder, without asking. Without openvino_telemetry it takes an empty one of its own (telemetry_stub).
# Here what it would send goes to a closed port of this machine.
# Exits 0 while the import makes that number and the import without openvino_telemetry does not, 1 when it has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q --disable-pip-version-check openvino==2026.4.1
mkdir "$folder/plain" "$folder/blocked"
export HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
HOME="$folder/plain" "$folder/env/bin/python" -c 'import openvino'
HOME="$folder/blocked" "$folder/env/bin/python" -c 'import sys; sys.modules["openvino_telemetry"] = None; import openvino'
echo "after import openvino:"
find "$folder/plain" -type f
echo "after import openvino without openvino_telemetry:"
find "$folder/blocked" -type f
test -n "$(find "$folder/plain" -type f)" && test -z "$(find "$folder/blocked" -type f)"
