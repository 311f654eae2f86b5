"""Draw the rooms of safelight and the imports between them: docs/pictures/house.svg.

The layers are those of pyproject.toml (import-linter), the arrows what the code imports at run time; an arrow that a
longer way already says is left out. The same code gives the same bytes.
"""

import ast
import tomllib
from pathlib import Path

HOME = Path(__file__).parent.parent
PACKAGE = HOME / "src" / "safelight"
PICTURE = HOME / "docs" / "pictures" / "house.svg"
WIDTH, HEIGHT, GAP, STEP, MARGIN = (
    150,
    34,
    20,
    74,
    20,
)  # pixels: a room's box, between boxes, a floor, around all
LEFT_OUT = ("arrays", "errors", "files")  # what every room uses
STYLE = """
rect { fill: #f4f1ea; stroke: #6b7078 } rect.torch { fill: #e3ebf5 }
text { font: 13px sans-serif; fill: #22252a; text-anchor: middle } .note { font-size: 11px; text-anchor: start }
line { stroke: #6b7078; stroke-width: 1; marker-end: url(#end) }
"""


def floors() -> list[list[str]]:
    """Rooms by floor, the top one first, as the import-linter's layers have them."""
    settings = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (each for each in settings["contracts"] if each["type"] == "layers")
    named = [
        [room.strip().removeprefix("safelight.") for room in layer.split("|")] for layer in contract["layers"]
    ]
    return [[room for room in floor if room not in LEFT_OUT] for floor in named if floor[0] not in LEFT_OUT]


def room_of(module: str, rooms: list[str]) -> str | None:
    """The room that a module of safelight is in."""
    name = module.removeprefix("safelight.")
    return next((room for room in rooms if name == room or name.startswith(f"{room}.")), None)


def imports(rooms: list[str]) -> set[tuple[str, str]]:
    """(who, whom) of all imports at run time between rooms, those inside functions too."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        here = room_of(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts), rooms)
        for node in run_time(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [each.name for each in node.names]
            )
            if isinstance(node, ast.ImportFrom):
                names += [f"{node.module}.{each.name}" for each in node.names]
            for there in {room_of(name, rooms) for name in names if name.startswith("safelight.")}:
                if here and there and here != there:
                    found.add((here, there))
    return found


def run_time(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """The imports of a module, but those for type checkers alone."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        found += run_time(node)
    return found


def essential(edges: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Edges that no longer way replaces (transitive reduction)."""

    def reaches(start: str, end: str, without: tuple[str, str]) -> bool:
        waiting, seen = [start], {start}
        while waiting:
            here = waiting.pop()
            for edge in edges:
                if edge[0] == here and edge != without and edge[1] not in seen:
                    if edge[1] == end:
                        return True
                    seen.add(edge[1])
                    waiting.append(edge[1])
        return False

    return sorted(edge for edge in edges if not reaches(*edge, without=edge))


def draw() -> str:
    """The picture, as SVG."""
    levels = floors()
    rooms = sorted((room for level in levels for room in level), key=len, reverse=True)
    width = MARGIN * 2 + max(map(len, levels)) * (WIDTH + GAP) + 160
    height = MARGIN * 2 + len(levels) * STEP
    middle = (width - 160) / 2
    at: dict[str, tuple[float, int]] = {}
    for floor, level in enumerate(levels):
        for place, room in enumerate(level):
            shift = 130 * (floor % 3 - 1) if len(level) == 1 else 0  # so that arrows pass beside rooms
            at[room] = (
                middle + (place - (len(level) - 1) / 2) * (WIDTH + GAP) + shift,
                MARGIN + floor * STEP,
            )
    torch = next(floor for floor, level in enumerate(levels) if "nn" in level)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The rooms of safelight, and which imports which</title>",
        f"<style>{STYLE}</style>",
        '<rect width="100%" height="100%" style="fill: #fff; stroke: none"/>',  # for readers on a dark page
        '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#6b7078"/></marker></defs>',
    ]
    for who, whom in essential(imports(rooms)):
        (x1, y1), (x2, y2) = at[who], at[whom]
        parts.append(f'<line x1="{x1:g}" y1="{y1 + HEIGHT}" x2="{x2:g}" y2="{y2 - 1}"/>')
    for room, (x, y) in at.items():
        kind = ' class="torch"' if y <= MARGIN + torch * STEP and room != "cli" else ""
        parts.append(f'<rect{kind} x="{x - WIDTH / 2:g}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="4"/>')
        parts.append(f'<text x="{x:g}" y="{y + 22}">{room.replace(".", "/")}</text>')
    below = MARGIN + torch * STEP + HEIGHT + 20
    parts.append(f'<text class="note" x="{width - 170}" y="{below - 24}">blue: torch allowed</text>')
    parts.append(f'<text class="note" x="{width - 170}" y="{below}">grey: no torch of its own</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE)
