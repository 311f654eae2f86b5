"""By how much each way of filling is right, by the width of the hole; and where a model takes over.

    python benchmarks/widths.py --data DATASET [--model NAME|FILE|RUN] [--count N]

Prints PSNR in the hole (dB, mean over pictures of the val split, lines and discs in turn) and the crossover
for the model's card.
"""

import argparse

from safelight.data.cache import open_dataset
from safelight.tasks.inpaint.classical import CLASSICAL
from safelight.tasks.inpaint.evaluate import InpaintEvaluation
from safelight.tasks.inpaint.scores import WIDTHS, crossover, score_widths


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--model")
    parser.add_argument("--count", type=int, default=32)
    given = parser.parse_args()
    fills = {
        **({given.model: InpaintEvaluation().open_predictor(given.model)} if given.model else {}),
        **CLASSICAL,
    }
    scores = score_widths(fills, open_dataset(given.data, "val"), given.count)
    print(f"{'width, pixels':24}" + "".join(f"{width:8}" for width in WIDTHS))
    for name, own in scores.items():
        print(f"{name[-24:]:24}" + "".join(f"{value:8.2f}" for value in own.mean(0)))
    one, other = (given.model, "biharmonic") if given.model else ("telea", "biharmonic")
    print(f"{one} is above {other} from {crossover(scores[one], scores[other]):g} pixels on")


if __name__ == "__main__":
    main()
