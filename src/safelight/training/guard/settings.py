"""Settings of the guard: what it takes for a step, or for the answers to the validation samples, to be called sick."""

from dataclasses import dataclass

from safelight.errors import RecipeError


@dataclass(frozen=True)
class GuardSettings:
    """Training wheels. The defaults lie well outside of what healthy runs do (docs/guard.md).

    on: whether the run is guarded.
    trips: how many times a run is set right before it is stopped with a diagnosis.
    lr_factor: what the learning rate is multiplied with at a trip that the network is to blame for; its square
      at the second one in a row, and so on.
    window: steps that the running scale of a measure looks back on, settle + short at least.
    settle: steps before that scale is used.
    spike: robust standard deviations above the running median that one step may reach.
    jump: how many times its running median the mean of the last `short` losses may be.
    short: how many losses `jump` takes the mean of.
    patience: healthy steps after a checkpoint before it counts as a good state.
    collapse: share of what it once was that the color or the contrast of the answers may fall to.
    dead: share of all channels that may fall silent on the validation samples, beyond those that were silent at the
      start.
    """

    on: bool = True
    trips: int = 5
    lr_factor: float = 0.8
    window: int = 100
    settle: int = 20
    spike: float = 12.0
    jump: float = 1.35
    short: int = 8
    patience: int = 20
    collapse: float = 0.1
    dead: float = 0.4

    def __post_init__(self) -> None:
        if min(self.window, self.settle, self.short) < 4 or min(self.trips, self.patience) < 0:
            raise RecipeError(
                "guard.window, settle and short are counted in steps, from 4; guard.trips and patience from 0"
            )
        if self.window < self.settle + self.short:
            raise RecipeError(
                f"guard.window is {self.window}; expected guard.settle + guard.short at least, "
                f"{self.settle + self.short} steps: with fewer no scale would judge"
            )
        if not 0 < self.lr_factor <= 1 or not 0 <= self.collapse < 1 or not 0 < self.dead <= 1:
            raise RecipeError("guard.lr_factor, guard.collapse and guard.dead are shares, 0 to 1")
        if self.spike <= 0 or self.jump <= 1:
            raise RecipeError(
                f"guard.spike is {self.spike:g} and guard.jump {self.jump:g}; expected above 0 and above 1"
            )
