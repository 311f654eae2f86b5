"""Baseline scores are computed once, survive a kill, and do not depend on the number of processes."""

from pathlib import Path

import numpy as np
import pytest

from safelight.evaluation import score_cache as kept
from safelight.tasks.colorize.benchmark import PictureList, ask
from safelight.tasks.colorize.protocols import Protocol
from safelight.tasks.colorize.scores import COLUMNS

NAMES = ("grey", "nearest hint", "Levin 2004")


def without_time(rows: dict) -> list:
    return [
        np.nan_to_num([row[column] for column in COLUMNS if column != "seconds"])
        for own in rows.values()
        for row in own
    ]


def test_the_second_model_finds_the_scores_of_the_first(
    judged_album: PictureList, tiny_protocol: Protocol, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kept.score_baselines(ask(judged_album, tiny_protocol, limit=4), NAMES, tmp_path)
    monkeypatch.setattr(kept, "score_question", lambda *_: pytest.fail("computed again"))
    again = kept.score_baselines(ask(judged_album, tiny_protocol, limit=3), NAMES, tmp_path)
    assert set(again) == set(NAMES)
    everything = {tuple(row["psnr"]) for row in first["Levin 2004"]}
    for row in again["Levin 2004"]:
        assert any(np.allclose(row["psnr"], other, rtol=1e-6) for other in everything)
    assert np.isnan(again["grey"][0]["disobedience"][0])


def test_a_line_cut_short_is_computed_again(
    judged_album: PictureList, tiny_protocol: Protocol, tmp_path: Path
) -> None:
    questions = ask(judged_album, tiny_protocol, limit=2)
    before = kept.score_baselines(questions, NAMES, tmp_path)
    path = tmp_path / kept.FILE
    path.write_text(path.read_text()[:-40])
    after = kept.score_baselines(questions, NAMES, tmp_path)
    np.testing.assert_allclose(without_time(after), without_time(before), rtol=1e-6)
    np.testing.assert_allclose(
        without_time(kept.score_baselines(questions, NAMES, tmp_path)), without_time(before), rtol=1e-6
    )


def test_two_processes_find_the_same(
    judged_album: PictureList, tiny_protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = ask(judged_album, tiny_protocol, limit=4)
    told = []
    both = kept.score_baselines(
        questions, NAMES, workers=2, progress=lambda what, done, total: told.append((what, done, total))
    )
    np.testing.assert_allclose(
        without_time(both), without_time(kept.score_baselines(questions, NAMES)), rtol=1e-6
    )
    assert told == [("baselines", done, 4) for done in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "line", [b"null", b"[1]", b'"x"', b"{}", b"[" * 100_000, b"\xff\xfe", b'{"question": {}}']
)
def test_a_damaged_line_is_computed_again(
    judged_album: PictureList, tiny_protocol: Protocol, tmp_path: Path, line: bytes
) -> None:
    questions = ask(judged_album, tiny_protocol, limit=1)
    before = kept.score_baselines(questions, NAMES[:1], tmp_path)
    path = tmp_path / kept.FILE
    path.write_bytes(line + b"\n" + path.read_bytes())
    again = kept.score_baselines(questions, NAMES[:1], tmp_path)
    for one, other in zip(without_time(before), without_time(again), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)  # what is kept has seven digits
