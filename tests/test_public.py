"""The few public names: seen by completion, imported by nobody until they are used."""

import pydoc
import subprocess
import sys

import safelight

NAMES = {
    "load",
    "Hint",
    "HintSet",
    "Photo",
    "read_photo",
    "write_photo",
    "write_mask",
    "PhotoError",
    "ModelError",
}


def test_completion_shows_the_public_names_and_imports_nothing() -> None:
    code = (
        "import sys, safelight; print(*dir(safelight)); "
        "print(sorted({'numpy', 'PIL', 'cv2', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, imported = done.stdout.splitlines()
    assert set(names.split()) >= NAMES
    assert not {"TYPE_CHECKING", "import_module", "_HOMES"} & set(names.split())
    assert imported == "[]"


def test_every_public_name_is_there_with_words_about_it() -> None:
    for name in set(safelight.__all__) - {"__version__"}:
        assert getattr(safelight, name).__doc__.strip()


def test_help_begins_with_an_example_and_has_the_public_names() -> None:
    page = pydoc.plain(pydoc.render_doc(safelight))
    assert "restorer = safelight.load()" in page[:600]
    for name in NAMES - {"load", "read_photo", "write_photo", "write_mask"}:
        assert f"class {name}(" in page
    for name in ("load", "read_photo", "write_photo"):
        assert f"    {name}(" in page
