"""No task imports another, a new one included: found by its folder, whoever forgets to list it."""

import ast
from pathlib import Path

import safelight
from safelight.tasks.registry import TASKS

TASKS_ROOM = Path(safelight.__file__).parent / "tasks"
FOLDERS = sorted(path.parent for path in TASKS_ROOM.glob("*/task.py"))


def imported(text: str) -> set[str]:
    """Every module that a module imports, wherever it does: `from a import b` counts as a and as a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def tasks_of(modules: set[str]) -> set[str]:
    """The tasks in whose folders these modules lie."""
    names = {folder.name for folder in FOLDERS}
    return {module.split(".")[2] for module in modules if module.startswith("safelight.tasks.")} & names


def test_imports_are_found_wherever_they_stand() -> None:
    text = "import safelight.tasks.inpaint.task\ndef f():\n    from safelight.tasks import scratches\n"
    assert tasks_of(imported(text)) == {"inpaint", "scratches"}


def test_no_task_imports_another() -> None:
    assert {folder.name for folder in FOLDERS} == set(TASKS)
    others = {
        f"{folder.name}/{path.name}": tasks_of(imported(path.read_text(encoding="utf-8"))) - {folder.name}
        for folder in FOLDERS
        for path in folder.rglob("*.py")
    }
    assert {name: tasks for name, tasks in others.items() if tasks} == {}


def test_shared_rooms_import_no_task() -> None:
    """Those above the tasks do (commands, batches, the service), and two modules that keep an old import path."""
    rooms = (
        path
        for path in TASKS_ROOM.parent.rglob("*.py")
        if not path.is_relative_to(TASKS_ROOM) and not {"cli", "batch", "service"} & set(path.parts)
    )
    knowing = {
        str(path.relative_to(TASKS_ROOM.parent))
        for path in rooms
        if tasks_of(imported(path.read_text(encoding="utf-8")))
    }
    assert knowing <= {"__init__.py", "runtime/seen.py", "runtime/codes.py"}
