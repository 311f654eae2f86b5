"""How public sets lie on disk: folders that are splits, folders that are classes.

    ImageNet             train/n01440764/*.JPEG          val/n01440764/*.JPEG or val/*.JPEG
    Places2              train/airfield/*.jpg            val/airfield/*.jpg
    Places2, as packed   data_256/a/airfield/*.jpg       val_256/*.jpg  test_256/*.jpg
    Paris StreetView     paris_train_original/*.JPG      paris_eval_gt/*.png
    any                  train/ beside val/, valid/, test/ or eval/

A folder counts as a split only beside another one that is a different split: a folder "train" full of railways
stays what it is. The innermost folder that is neither a split nor a single letter is the picture's class.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from safelight.data.rows import Row

SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "data": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}


@dataclass(frozen=True)
class Layout:
    """What the folders of a set say. splits: folder, relative to the set's -> the split it holds."""

    set_name: str
    splits: dict[str, str] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """What the place of a picture says of it: split and source in a set with splits; its folder as a tag."""
        folders = PurePosixPath(name).parts[:-1]
        for depth in range(1, len(folders) + 1):
            split = self.splits.get("/".join(folders[:depth]))
            if split:
                above = folders[: depth - 1]
                source = above[0] if above else self.set_name
                return {"split": split, "source": source, **_class(folders[depth:])}
        return _class(folders)


def read_layout(set_name: str, names: Iterable[str]) -> Layout:
    """The layout of a set with pictures of these names."""
    children: dict[str, dict[str, str]] = defaultdict(dict)
    for folder in {PurePosixPath(name).parent for name in names}:
        for inner in (folder, *folder.parents):
            split = split_named(inner.name)
            if split:
                children[inner.parent.as_posix()][inner.as_posix()] = split
    splits: dict[str, str] = {}
    for inside in children.values():
        if len(set(inside.values())) > 1:
            splits |= inside
    return Layout(set_name, splits)


def split_named(text: object) -> str | None:
    """The split that a name stands for: "val" for "val_256" or "validation"; None for other names."""
    words = re.split(r"[^a-z]+", str(text).lower())
    found = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else None


def _class(folders: tuple[str, ...]) -> Row:
    names = [folder for folder in folders if len(folder) > 1]
    return {"tags": [names[-1]]} if names else {}
