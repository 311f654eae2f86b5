"""How reports look: one palette for curves and sheets, easy on the eye and safe for color-blind readers."""

INK = "#22252a"
SOFT = "#6b7078"
FAINT = "#dfe2e6"
PAPER = "#ffffff"
MODEL = "#c8321f"  # the safelight's red

METHODS = {
    "grey": "#9aa0a8",
    "nearest hint": "#c79a3b",
    "kernel regression": "#2f8f83",
    "Levin 2004": "#3d63a8",
    "kriging": "#7d4f9e",
}
OTHERS = ("#5b4636", "#a8487c", "#4f7d2e")  # methods judged beside, in turn


def method_colors(methods: tuple[str, ...]) -> dict[str, str]:
    """A color for each method; the first is the model."""
    beside = [name for name in methods[1:] if name not in METHODS]
    others = {name: OTHERS[number % len(OTHERS)] for number, name in enumerate(beside)}
    return {**METHODS, **others, methods[0]: MODEL}
