"""Pictures reported together: by category, folder, source and tag."""

import numpy as np

from safelight.evaluation.grouping import FEWEST_IN_GROUP, categories, group_pictures


def test_categories_come_from_tags_and_folders() -> None:
    assert categories({"tags": ["skin", "bag"]}) == ["portraits", "objects"]
    assert categories({"tags": "Sunrise"}) == ["landscapes", "outdoor"]
    assert categories({"file_name": "set/living_room/1.jpg", "tags": []}) == ["indoor"]
    assert categories({"tags": ["euphonium"], "file_name": "a.jpg"}) == []
    assert categories({}) == []


def test_groups() -> None:
    rows = [
        {
            "file_name": f"{'beach' if i % 2 else 'kitchen'}/{i}.jpg",
            "source": "mine",
            "tags": ["dog"] * (i < 6),
        }
        for i in range(14)
    ]
    groups = group_pictures(np.arange(14.0), rows)
    assert next(iter(groups)) == "all"
    assert list(groups["category indoor"]) == list(range(0, 14, 2))
    assert list(groups["category outdoor"]) == list(groups["folder beach"]) == list(range(1, 14, 2))
    assert list(groups["tag dog"]) == [0, 1, 2, 3, 4, 5]
    assert "source mine" not in groups  # all of them
    assert all(len(members) >= FEWEST_IN_GROUP for name, members in groups.items() if name.startswith("tag"))


def test_of_tags_of_one_size_the_first_by_name_are_told() -> None:
    """The order of a set of words is another in every process."""
    names = [f"tag {letter}" for letter in "zyxwvutsrqponmlk"]
    rows = [{"file_name": f"{i}.jpg", "source": "a", "tags": names if i < 6 else []} for i in range(12)]
    told = [name for name in group_pictures(np.arange(12.0), rows) if name.startswith("tag ")]
    assert told == [f"tag {name}" for name in sorted(names)[: len(told)]]
    assert 0 < len(told) < len(names)


def test_folders_that_part_as_the_sources_do_are_not_told_twice() -> None:
    rows = [{"file_name": f"{'ab'[i % 2]}/{i}.jpg", "source": "ab"[i % 2]} for i in range(12)]
    groups = group_pictures(np.arange(12.0), rows)
    assert {"source a", "source b"} <= set(groups)
    assert not any(name.startswith("folder") for name in groups)
