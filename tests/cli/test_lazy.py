"""Commands and what they import are loaded on use: what that changes, and what it must not."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from safelight.cli.lazy import _LazyLoader, lazy_imports
from safelight.cli.main import SECTIONS, cli
from tests.cli.shell import ENVIRONMENT

EXAMPLE = Path(__file__).parents[2] / "examples/cat.jpg"


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_help_imports_no_command_and_lists_them_by_purpose() -> None:
    code = """
import sys
from safelight.cli.main import cli
cli.main(["--help"], standalone_mode=False)
print([name for name in sys.modules if name.startswith("safelight.cli.commands.")])
"""
    assert python(code).splitlines()[-1] == "[]"
    shown = CliRunner().invoke(cli, ["--help"]).output
    places = [shown.index(f"\n{heading}:\n") for heading in SECTIONS]
    assert places == sorted(places)
    names = [name for section in SECTIONS.values() for name in section]
    assert len(names) == len(set(names))
    assert all(f"\n  {name} " in shown for name in names)


@pytest.mark.parametrize("name", [name for section in SECTIONS.values() for name in section])
def test_every_command_of_the_table_is_there(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"])
    assert done.exit_code == 0
    assert done.output.startswith(f"Usage: safelight {name} ")


def test_a_module_is_run_when_a_name_of_it_is_looked_up_and_not_when_inspect_asks_for_its_file() -> None:
    code = """
import inspect, sys
from safelight.cli.lazy import _LazyLoader, lazy_imports
with lazy_imports():
    from safelight.pixels import color
assert "numpy" not in sys.modules
inspect.getmodule(inspect.currentframe())
assert color.__file__.endswith("color.py") and color.__name__ == "safelight.pixels.color"
assert "numpy" not in sys.modules
from safelight.pixels.color import chroma
assert color.chroma is chroma
print(type(color).__name__, "numpy" in sys.modules)
"""
    assert python(code) == "module True"


def test_an_error_of_a_module_comes_at_its_first_use_and_again_at_the_next() -> None:
    code = """
import sys
sys.modules["numpy"] = None
from safelight.cli.lazy import _LazyLoader, lazy_imports
with lazy_imports():
    from safelight.pixels import color
for _ in range(2):
    try:
        color.chroma
    except ModuleNotFoundError as error:
        print(error.name)
"""
    assert python(code).split() == ["numpy", "numpy"]


def test_imports_outside_are_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finders = list(sys.meta_path)
    with lazy_imports():
        assert len(sys.meta_path) == len(finders) + 1
    assert sys.meta_path == finders
    (tmp_path / "elsewhere.py").write_text("loaded = True")
    monkeypatch.syspath_prepend(tmp_path)
    with lazy_imports():
        import elsewhere  # type: ignore[import-not-found]
    assert vars(elsewhere)["loaded"], "other packages are not touched"


class SlowLoader(Loader):
    """A module that takes a while to be whole."""

    runs = 0

    def exec_module(self, module: ModuleType) -> None:
        type(self).runs += 1
        module.__dict__["first"] = 1
        assert module.first == 1, "the thread that runs it sees what there is"
        time.sleep(0.2)
        module.__dict__["answer"] = 42


def test_threads_that_use_a_module_first_at_once_wait_until_it_is_whole() -> None:
    spec = ModuleSpec("safelight.slow", _LazyLoader(SlowLoader()))
    module = module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    assert SlowLoader.runs == 0
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: module.answer, range(4))) == [42] * 4
    assert SlowLoader.runs == 1
    assert type(module) is ModuleType


def test_one_photo_is_colored_without_what_only_others_need(tmp_path: Path) -> None:
    """Each of these takes milliseconds of a command that takes half a second."""
    code = f"""
import sys
from safelight.cli.main import cli
cli.main(["colorize", {str(EXAMPLE)!r}, "-o", {str(tmp_path / "color.jpg")!r}], standalone_mode=False)
others = ["numpy.random", "PIL.ImageDraw", "rich", "safelight.provenance.caption", "safelight.provenance.info"]
others += ["mimetypes", "PIL.GifImagePlugin", "PIL.WebPImagePlugin"]
print([name for name in others if name in sys.modules])
"""
    assert python(code).splitlines()[-1] == "[]"


def test_cycles_are_searched_for_after_an_import_and_not_within() -> None:
    code = """
import gc, sys
from safelight.cli.lazy import lazy_imports
with lazy_imports():
    from safelight.pixels import color
class Looks:
    found = []
    def find_spec(self, *words):
        self.found.append(gc.isenabled())
sys.meta_path.insert(0, Looks())
sys.modules["safelight.shaped"] = None
for _ in range(2):
    try:
        color.chroma
    except ModuleNotFoundError:
        print(gc.isenabled())
    sys.modules.pop("safelight.shaped", None)
print(len(Looks.found) > 0, any(Looks.found), gc.isenabled())
"""
    assert python(code).split() == ["True", "True", "False", "True"]


def test_what_an_import_has_made_is_not_looked_at_by_later_searches() -> None:
    code = """
import gc
from safelight.cli.lazy import lazy_imports
with lazy_imports():
    from safelight.pixels import color
assert gc.get_freeze_count() == 0
color.chroma
made = color.__dict__
print(any(each is made for generation in range(3) for each in gc.get_objects(generation)))
print(gc.get_freeze_count() > 10_000, gc.isenabled())
"""
    assert python(code).split() == ["False", "True", "True"]
