"""What is typed for an option or an argument, where click's own types take too much."""

import math
from typing import Any

import click


class Place(click.Path):
    """A file or folder. An empty text is none: it is what a shell makes of a variable that is not set, and would
    be read as the folder that one is in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises BadParameter for an empty one."""
        if value == "":
            self.fail("it is empty; give a name, or . for the folder that you are in", param, ctx)
        return super().convert(value, param, ctx)


class Finite(click.FloatRange):
    """A number in a range; neither infinite nor NaN, which is in every range for click."""

    def _describe_range(self) -> str:
        """Nothing to say in the help of a number without bounds; click's own would be x>=None."""
        return "" if self.min is self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Raises BadParameter."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{found} is not a number that can be used.", param, ctx)
        return found
