"""Make the pictures of the README with the bundled model: python docs/make_pictures.py

docs/pictures/old.jpg     old photographs and their automatic colors
docs/pictures/hints.jpg   one photo: as grey, automatic, with its hint file, and as it was
docs/pictures/vivid.jpg   one photo at --vivid 0, 0.5 and 1
docs/pictures/samples.jpg new pictures from random codes, of the bundled autoencoder
docs/pictures/mended.jpg  one photo damaged by tasks/damage.py; what is found; filled; in color
docs/pictures/suggest.jpg where safelight suggest asks for hints, and the likely colors there
examples/scratched.jpg    the damaged photo of mended.jpg, to try safelight repair on
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import safelight
from safelight.arrays import Srgb
from safelight.batch.overlays import draw_suggestions
from safelight.pixels.geometry import center_crop, fit_size, resize
from safelight.pixels.recolor import replace_ab
from safelight.prints.damage import damage

ROOT = Path(__file__).parent.parent
EXAMPLES, OUT = ROOT / "examples", ROOT / "docs" / "pictures"
HEIGHT, GAP = 300, 6
OLD = ("three-children-1860s.jpg", "madison-square-1900.jpg", "inuit-woman-1903.jpg")


def read(name: str, height: int = HEIGHT) -> Srgb:
    """An example photo, so many pixels high."""
    srgb = safelight.read_photo(EXAMPLES / name).srgb
    h, w = srgb.shape[:2]
    return resize(srgb, (height, round(w * height / h)))


def grey(srgb: Srgb) -> Srgb:
    """The picture without its color."""
    return replace_ab(srgb, np.zeros((2, 2, 2), np.float32))


def save(rows: list[list[Srgb]], name: str) -> None:
    """Rows of pictures on white, a gap between them, in docs/pictures."""
    lines = []
    for row in rows:
        parts = [np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=1) for picture in row]
        lines.append(np.hstack(parts))
    width = max(line.shape[1] for line in lines)
    lines = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=1) for line in lines]
    OUT.mkdir(exist_ok=True)
    write(np.vstack(lines), OUT / name)


def write(srgb: Srgb, path: Path) -> None:
    """The picture as a JPEG."""
    picture = Image.fromarray(np.round(srgb * 255).astype(np.uint8))
    picture.save(path, quality=88)
    print(path, picture.size)


def draw_hints(srgb: Srgb, hints: safelight.HintSet) -> Srgb:
    """The picture with a dot in each hint's color."""
    canvas = Image.fromarray(np.round(srgb * 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for hint in hints:
        x, y = hint.x * canvas.width, hint.y * canvas.height
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), fill=hint.hex, outline="white", width=2)
    return np.asarray(canvas, np.float32) / 255


def figures(columns: int = 12, rows: int = 2) -> list[list[Srgb]]:
    """Samples of the bundled autoencoder, twice as large as they are."""
    vae = safelight.load("figures")
    pictures = vae.decode(vae.sample(columns * rows, np.random.default_rng(1)))
    large = [resize(picture, (2 * picture.shape[0], 2 * picture.shape[1])) for picture in pictures]
    return [large[row * columns : (row + 1) * columns] for row in range(rows)]


def scratched_portrait() -> Srgb:
    """A photo that the project's own generator scratched."""
    return damage(read("inuit-woman-1903.jpg", 640), np.random.default_rng(4))[0]


def mended(scratched: Srgb) -> list[Srgb]:
    """A scratched photo, what the finder marks, the filling, and color."""
    mask = safelight.load("scratches")(scratched)
    filled = safelight.load("fill")(scratched, mask, grow=2, method="model")  # as safelight repair does
    marked = np.where(mask[..., None] > 0, np.float32([0.85, 0.2, 0.15]), scratched)
    size = fit_size((mask.shape[0], mask.shape[1]), 340)
    return [resize(each, size) for each in (scratched, marked, filled, safelight.load()(filled))]


def main() -> None:
    """All of them."""
    restorer = safelight.load()
    old = [center_crop(read(name), (HEIGHT, 250)) for name in OLD]
    save([[grey(photo) for photo in old], [restorer(grey(photo)) for photo in old]], "old.jpg")
    coffee, hints = read("coffee.jpg"), safelight.HintSet.load(EXAMPLES / "coffee.hints.json")
    plain = grey(coffee)
    save([[draw_hints(plain, hints), restorer(plain)], [restorer(plain, hints), coffee]], "hints.jpg")
    square = read("madison-square-1900.jpg")
    square = resize(square, fit_size((square.shape[0], square.shape[1]), 260))
    save([[restorer(grey(square), vivid=vivid) for vivid in (0.0, 0.5, 1.0)]], "vivid.jpg")
    square = grey(safelight.read_photo(EXAMPLES / "madison-square-1900.jpg").srgb)
    places = draw_suggestions(restorer(square), restorer.suggest(square, count=4))
    save([[np.asarray(places, np.float32) / 255]], "suggest.jpg")
    example = EXAMPLES / "scratched.jpg"
    write(scratched_portrait(), example)
    save([mended(safelight.read_photo(example).srgb)], "mended.jpg")  # the file, as whoever tries it has it
    save(figures(), "samples.jpg")


if __name__ == "__main__":
    main()
