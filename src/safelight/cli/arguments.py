"""What commands take: types of arguments, options that several share, and checks of the files that they name."""

import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from safelight.batch.plan import is_of_a_file
from safelight.errors import PhotoError, shown
from safelight.pixels import opening, pages
from safelight.provenance import terms
from safelight.runtime.folders import exists, is_folder, same_file

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
STAND_INS = "safelight.stand_ins"  # in click's own place for what belongs to one call
STREAMS = re.compile(r"-|/dev/(std(in|out|err)|fd/.*)|/proc/[^/]+/fd/.*")


class FilePath(click.Path):
    """A file or folder. An empty name is refused: it is what a shell makes of an unset variable, and would be read
    as the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises BadParameter for an empty one."""
        if value == "":
            self.fail("it is empty; give a name, or . for the folder that you are in", param, ctx)
        if ctx and isinstance(value, str) and URL.match(value) and _takes_urls(ctx):
            value = _stand_in(value, ctx)
        return super().convert(value, param, ctx)


def _takes_urls(ctx: click.Context) -> bool:
    """Whether the command can work elsewhere: it has an --engine."""
    return any(param.name == "engine" for param in ctx.command.params)


def _stand_in(url: str, ctx: click.Context) -> str:
    """The local stand-in for a file or folder elsewhere, with a slash at its end if the URL has one."""
    from safelight.cluster import mounts

    if STAND_INS not in ctx.meta:
        ctx.meta[STAND_INS] = mounts.StandIns()
        ctx.call_on_close(ctx.meta[STAND_INS].close)
    return f"{ctx.meta[STAND_INS](url)}{'/' * url.endswith('/')}"


class Finite(click.FloatRange):
    """A number in a range; neither infinite nor NaN, which is in every range for click."""

    def _describe_range(self) -> str:
        """Nothing to say in the help of a number without bounds; click's own would be x>=None."""
        return "" if self.min is self.max is None else super()._describe_range()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Raises BadParameter."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is not a number that can be used.", param, ctx)
        return number


PATH = FilePath(path_type=Path)
TYPED_PATH = FilePath()  # str: with a slash at its end it is a folder
PHOTO = FilePath(path_type=Path, readable=False)  # one that may not be read fails alone, not the whole batch

photos_argument = click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
out_option = click.option(
    "-o", "out", type=TYPED_PATH, metavar="OUT", help="A file for one photo, or a folder (FOLDER/)."
)
model_option = click.option(
    "--model", metavar="NAME|FILE", help="A bundled model (safelight models) or a MODEL.onnx."
)
autoencoder_option = click.option(
    "--model", metavar="NAME|FILE|RUN", help="A bundled autoencoder, an exported one, or a run."
)
sensitivity_option = click.option(
    "--sensitivity",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    metavar="0..1",
    help="0 marks only obvious scratches; 1 also marks much that is not damage.",
)
edges_option = click.option(
    "--edges", is_flag=True, help="Let the network mark the print's own edge, too: a torn one is damage."
)
grain_option = click.option(
    "--grain",
    type=Finite(0, 1),
    default=1,
    show_default=True,
    metavar="N",
    help="Grain of what is filled: 0 none, 1 as around it.",
)
preview_option = click.option(
    "--preview",
    is_flag=True,
    help="Also write NAME-preview.jpg: the photo with the mask in red and small spots circled.",
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that already exist.")
WORKERS = "safelight.workers"  # in click's own place for what belongs to one call


def _keep_workers(ctx: click.Context, param: click.Parameter, workers: int) -> None:
    ctx.meta[WORKERS] = workers


workers_option = click.option(
    "--workers",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    expose_value=False,
    callback=_keep_workers,
    help="Photos worked on at once; by default one for each processor that may be used.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Print what would be done; write nothing.")


def _check_pages(ctx: click.Context, param: click.Parameter, said: str) -> str:
    try:
        return said if said == "all" else pages.check_pages(said)
    except PhotoError as error:
        raise click.BadParameter(str(error)) from None


pages_option = click.option(
    "--pages",
    default="all",
    show_default=True,
    callback=_check_pages,
    metavar="all|N|N-M",
    help="Which pages of a TIFF, such as 1, 2-4 or 1,3; the result has these, in this order.",
)
tiff_option = click.option(
    "--tiff",
    type=click.Choice(["none", "lzw", "deflate", "zstd"]),
    default="deflate",
    show_default=True,
    help="How a TIFF result is packed. none: a master as archives ask for it.",
)


def _raise_limit(ctx: click.Context, param: click.Parameter, megapixels: float | None) -> None:
    if megapixels is not None:
        ctx.with_resource(opening.raised(megapixels))


size_limit_option = click.option(
    "--limit-megapixels",
    type=Finite(0, min_open=True),
    metavar="N",
    expose_value=False,
    callback=_raise_limit,
    help="Read photos of up to N megapixels (default 200). Each megapixel takes about 20 MB of memory.",
)


_LABELS = "safelight.cli.labels"


def _label(ctx: click.Context, param: click.Parameter, value: str | bool | None) -> None:
    """Note what results are to say of themselves, checked. Raises BadParameter."""
    labels = ctx.meta.setdefault(_LABELS, {})
    try:
        if param.name == "no_mark":
            labels["no_mark"] = bool(value)
        elif param.name == "source_type" and value is not None:
            labels["source_type"] = terms.checked_term(str(value))
        elif param.name == "caption" and value:
            labels.setdefault("caption", "")
        elif param.name == "caption_text" and value is not None:
            from safelight.provenance.caption import check_caption

            labels["caption"] = check_caption(str(value))
    except PhotoError as error:
        raise click.BadParameter(str(error)) from None


def label_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of what results say of themselves; `asked_labels` has their values."""
    for option in (
        click.option(
            "--caption-text",
            metavar="TEXT",
            expose_value=False,
            callback=_label,
            help="The same strip, with a text of your own.",
        ),
        click.option(
            "--caption",
            is_flag=True,
            expose_value=False,
            callback=_label,
            help="Add a strip below the picture that says what a machine did.",
        ),
        click.option(
            "--source-type",
            metavar="TERM",
            expose_value=False,
            callback=_label,
            help="Another of IPTC's digital source types for the mark, such as humanEdits.",
        ),
        click.option(
            "--no-mark",
            is_flag=True,
            expose_value=False,
            callback=_label,
            help="Do not write into the metadata how the result was made.",
        ),
    ):
        command = option(command)
    return command


def asked_labels() -> dict[str, Any]:
    """What results of this command are to say of themselves: no_mark, source_type and caption, for its settings."""
    labels: dict[str, Any] = click.get_current_context().meta[_LABELS]
    return labels


def refuse_streams(photos: Sequence[Path] = (), out: str | Path | None = None) -> None:
    """Raises UsageError where standard input or output is named: photos are files, read and written whole."""
    for photo in photos:
        if STREAMS.fullmatch(str(photo)) and not (str(photo) == "-" and exists(photo)):
            raise click.UsageError(
                f"{photo}: photos are not read from standard input; give the name of a file"
            )
    if out is not None and STREAMS.fullmatch(str(out)):
        raise click.UsageError(
            f"-o {out}: results are not written to standard output; give the name of a file"
        )


def refuse_file_name(out: Path) -> None:
    """Raises UsageError where a folder to be made has the name of a stream, or of a file of a well-known kind."""
    refuse_streams(out=out)
    if not is_folder(out) and is_of_a_file(out):
        raise click.UsageError(f"-o {shown(out)} would be a folder; give it a name without {out.suffix}")
    if exists(out) and not is_folder(out):
        raise click.UsageError(
            f"-o {shown(out)} is a file; expected a folder, or a name that is not there yet"
        )


def refuse_existing(file: Path, overwrite: bool, option: str = "-o") -> None:
    """Raises PhotoError where a file is in the way, before anything is computed for it.

    option: the one that names the file, "" where none does.
    """
    if exists(file) and not overwrite:
        other = f", or {option} NAME for another file" if option else ""
        raise PhotoError(f"{shown(file)} is there already: add --overwrite to replace it{other}")


def refuse_idle(names: Iterable[str], why: str) -> None:
    """Raises UsageError for the first of these options that was typed, and would do nothing. names: of parameters."""
    context = click.get_current_context()
    for option in context.command.params:
        typed = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if typed and option.name in names:
            raise click.UsageError(f"{option.opts[0]} would do nothing: {why}; leave it out")


def refuse_replacing(out: Path | None, inputs: Iterable[Path]) -> None:
    """Raises UsageError where a result would be written over a file that it is made of."""
    for file in inputs:
        if out is not None and same_file(out, file):
            raise click.UsageError(f"{shown(file)} would be replaced by its own result; choose another name")


def ends_as_folder(out: str) -> bool:
    """Whether a path was typed with a slash at its end."""
    return out.endswith(("/", os.sep))
