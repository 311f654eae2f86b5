"""How long a click and a stroke take in the page: pytest -m bench tests/page -s. The bounds are for two quiet cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.page.conftest import EXAMPLES
from tests.page.desk import Desk

pytestmark = pytest.mark.browser

CLICKS = """async ([count, width, height]) => {
  const stage = document.querySelector("sl-stage");
  const hex = document.querySelector("#hex");
  const answered = (wanted) => new Promise((done) => {
    const look = () => stage.dataset.answer === wanted && (watch.disconnect(),
      requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
    const watch = new MutationObserver(look);
    watch.observe(stage, { attributes: true });
  });
  const [first, last] = [[], []];
  for (let k = 0; k < count; k += 1) {
    await new Promise((done) => setTimeout(done, 150));
    const [kriged, network] = [answered("kriged"), answered("network")];
    const began = performance.now();
    hex.value = `#${(0x304050 + 7919 * k).toString(16)}`;
    hex.dispatchEvent(new Event("change"));
    first.push((await kriged) - began);
    last.push((await network) - began);
  }
  return [first, last];
}"""
STROKES = """async (seconds) => {
  const stage = document.querySelector("sl-stage");
  const frame = stage.getBoundingClientRect();
  const send = (kind, x, y) => stage.dispatchEvent(new PointerEvent(kind, {
    pointerId: 1, pointerType: "mouse", button: 0, buttons: 1, clientX: x, clientY: y, isPrimary: true }));
  stage.setPointerCapture = () => undefined;
  const at = (t) => [
    frame.left + frame.width * (0.5 + 0.3 * Math.cos(3 * t)),
    frame.top + frame.height * (0.5 + 0.3 * Math.sin(4 * t)),
  ];
  const [frames, work] = [[], []];
  send("pointerdown", ...at(0));
  const began = performance.now();
  const timer = setInterval(() => {
    const start = performance.now();
    send("pointermove", ...at((start - began) / 1000));
    work.push(performance.now() - start);
  }, 8);
  let last = await new Promise(requestAnimationFrame);
  while (last - began < 1000 * seconds) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  clearInterval(timer);
  send("pointerup", ...at(0));
  return [frames, work];
}"""


def _told(name: str, times: list[float], digits: int = 0) -> float:
    p50, p95 = np.percentile(times, [50, 95])
    print(f"{name}: p50 {p50:.{digits}f}, p95 {p95:.{digits}f}, most {max(times):.{digits}f} ms")
    return float(p95)


@pytest.mark.bench
def test_from_a_click_to_the_colors(desk: Desk, tmp_path: Path) -> None:
    with Image.open(EXAMPLES / "three-children-1860s.jpg") as photo:
        photo.resize((1732, 1272), Image.Resampling.LANCZOS).crop((0, 50, 1732, 1205)).save(
            tmp_path / "two.png"
        )
    desk.open(tmp_path / "two.png")
    rng = np.random.default_rng(3)
    for x, y in rng.uniform(0.1, 0.9, (20, 2)):
        desk.click(x, y)
    desk.colored()
    first, last = desk.page.evaluate(CLICKS, [40, 1732, 1155])
    first_colors = _told("20 hints, 2 megapixels: click to the first colors", first)
    network = _told("click to the network's answer", last)
    assert first_colors <= 100
    assert network <= 200


@pytest.mark.bench
def test_a_stroke_on_24_megapixels_keeps_up_with_the_screen(desk: Desk, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(60, 200, (40, 60), np.uint8))
    small.resize((6000, 4000), Image.Resampling.BICUBIC).save(tmp_path / "large.jpg", quality=80)
    desk.open(tmp_path / "large.jpg").room("mend").set_range("brush-size", 80)
    frames, work = desk.page.evaluate(STROKES, 6)
    p95 = _told("a stroke on 24 megapixels: from frame to frame", frames, 1)
    assert _told("script at a move", work, 2) <= 4
    assert p95 <= 17.5
    assert max(frames) <= 34
