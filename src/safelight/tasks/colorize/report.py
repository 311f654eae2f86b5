"""The report of a verdict, for a person: what was found in plain words, curves, pictures, tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from safelight.evaluation.examples import Sheet
from safelight.files import put_text
from safelight.reports.text import count_pictures
from safelight.tasks.colorize.benchmark import PROTOCOLS
from safelight.tasks.colorize.plots import draw_curve
from safelight.tasks.colorize.tables import (
    comparison_table,
    curve_table,
    escape,
    every_statistic,
    group_table,
    model_table,
)
from safelight.verdicts.verdict import Verdict

NOTES = """\
- Every answer is joined to the photo's own L and clipped to sRGB. PSNR is capped at 50 dB a picture.
- Intervals: percentile bootstrap over pictures, 2000 resamples, each 95 % by itself.
- Pooled rms ab error: root of the mean squared distance in ab, over all pixels of all pictures.
- Hint disobedience: CIEDE2000 between the color asked at a hint, at that pixel's own L, and the one shown.
- Colorfulness: Hasler & Süsstrunk 2003. ΔCF comes in both of the field's definitions.
- Hues: of the pixels that the truth shows as sky, skin or plants, by hue, chroma, lightness and place alone
  (tasks/colorize/scores.py), the share whose hue is off by 25° at most; an answer greyer than chroma 2 is wrong.
- Seconds are those of the machine that judged, one picture at a time."""
LEAD = 3  # sentences that stand at the top as a paragraph


def write_report(verdict: Verdict, folder: Path, sheets: Sequence[Sheet] = ()) -> Path:
    """Write report.md, verdict.json, curve.png and the sheets of pictures; returns the path of report.md.

    Files of an older report are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    verdict.save(folder / "verdict.json")
    draw_curve(verdict, folder / "curve.png")
    names = {sheet.about: sheet.save(folder).name for sheet in sheets}
    page = folder / "report.md"
    put_text(page, page_of(verdict, names))
    return page


def page_of(verdict: Verdict, sheets: Mapping[str, str]) -> str:
    """The text of report.md."""
    parts = [
        f"# {escape(verdict.model)}: verdict",
        escape(" ".join(verdict.sentences[:LEAD])),
        "\n".join(f"- {escape(sentence)}" for sentence in verdict.sentences[LEAD:]),
        "![gain over grey and CIEDE2000 against the number of hints](curve.png)",
        *_curves(verdict),
        *_pictures(sheets),
        *_groups(verdict),
        *_everything(verdict),
        *_method(verdict),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _curves(verdict: Verdict) -> list[str]:
    return [
        "## Gain over grey, dB",
        "Mean PSNR of the method less that of the grey picture. The best of each column is bold.",
        curve_table(verdict, verdict.everything, "gain"),
        "The lead of the model, paired by picture, with 95 % intervals (▼ it loses, ? it cannot be told):",
        comparison_table(verdict, "psnr"),
        "## CIEDE2000, mean over pixels and pictures (lower is better)",
        curve_table(verdict, verdict.everything, "ciede2000"),
        "The lead of the model (positive where its difference from the truth is smaller):",
        comparison_table(verdict, "ciede2000"),
    ]


def _pictures(sheets: Mapping[str, str]) -> list[str]:
    if not sheets:
        return []
    return [
        "## Pictures",
        *(f"![{about}: best, median, worst]({name})" for about, name in sheets.items()),
    ]


def _groups(verdict: Verdict) -> list[str]:
    """Thirds by chroma with all methods, then sources and tags with the model alone."""
    parts = ["## By chroma of the picture"]
    for group in verdict.groups:
        if group.name.startswith("chroma "):
            third = group.name.removeprefix("chroma ")
            parts += [
                f"Third with {third} chroma ({count_pictures(group.pictures)}): gain over grey, dB",
                curve_table(verdict, group, "gain"),
                "CIEDE2000",
                curve_table(verdict, group, "ciede2000"),
            ]
    for kind in ("category", "source", "folder", "tag"):
        found = group_table(verdict, "gain", kind)
        if found:
            parts += [
                f"## By {kind}: gain over grey, dB",
                "▼ Another method has more.",
                found,
            ]
    return parts


def _everything(verdict: Verdict) -> list[str]:
    parts = [f"## Everything about {escape(verdict.model)}, with 95 % intervals", model_table(verdict)]
    if "vivid" in verdict.tables:
        cautious, vivid = (verdict.tables["vivid"][name]["colorfulness"] for name in ("cautious", "vivid"))
        parts.append(
            f"Colorfulness at 0 hints as a share of the truth's {verdict.facts['true_colorfulness']:.1f}:"
            f" {cautious.value:.2f} at vivid 0, {vivid.value:.2f} at vivid 1."
        )
    parts.append("## Every method beside it")
    for title, rows in every_statistic(verdict):
        parts += [f"**{title}**", rows]
    return parts


def _method(verdict: Verdict) -> list[str]:
    protocol = PROTOCOLS.get(verdict.protocol)
    asked = f" Protocol {protocol.name}: {protocol.source}." if protocol else ""
    looks = (
        f" Evaluations on this test split so far: {verdict.evaluations}."
        if verdict.evaluations is not None
        else ""
    )
    judged = f"{count_pictures(verdict.pictures)} {'was' if verdict.pictures == 1 else 'were'}"
    return [
        "## How this was judged",
        f"All methods answered the same questions, sha256 `{verdict.questions}` (seed {verdict.seed}).{asked}"
        f" {judged} judged, {verdict.left_out or 'none'} left out as good as grey"
        f" (range of a plus range of b under 5).{looks}",
        NOTES,
        f"Judged {verdict.judged}{f' with safelight {verdict.safelight}' if verdict.safelight else ''}.",
    ]
