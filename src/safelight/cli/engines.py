"""What does the work of a batch: this process, or a cluster; all of it, or one shard. Options that commands share."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from safelight.batch.plan import Plan
from safelight.batch.run import Outcome, Records, run
from safelight.batch.shards import Shard
from safelight.batch.work import Order, Worker
from safelight.cli.arguments import STAND_INS, WORKERS
from safelight.cluster import elsewhere, engine, mounts
from safelight.runtime.cores import usable_cores
from safelight.runtime.folders import exists, is_folder

SHARD = "safelight.shard"  # in click's own place for what belongs to one call
COMMAND = TypeVar("COMMAND", bound=Callable[..., Any])


def _keep_shard(ctx: click.Context, param: click.Parameter, text: str | None) -> None:
    if text is None:
        return
    try:
        ctx.meta[SHARD] = Shard.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


shard_option = click.option(
    "--shard",
    metavar="I/N",
    expose_value=False,
    callback=_keep_shard,
    help="Do only part I of N, by the photos' names: one part on each of N machines.",
)


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    ctx.meta[f"safelight.{param.name}"] = value


def engine_options(command: COMMAND) -> COMMAND:
    """Adds --engine, --address and --shard, for `in_shard` and `outcomes`."""
    for option in (
        shard_option,
        click.option(
            "--address",
            metavar="HOST:PORT",
            expose_value=False,
            callback=_keep,
            help="The Ray cluster, such as 10.0.0.1:6379 or auto; without it Ray is started on this machine.",
        ),
        click.option(
            "--engine",
            type=click.Choice(["local", "ray"]),
            default="local",
            show_default=True,
            expose_value=False,
            callback=_keep,
            help="What does the work: this machine, or a Ray cluster, which also takes folders such as s3://BUCKET.",
        ),
    ):
        command = option(command)
    return command


def in_shard(jobs: Plan) -> Plan:
    """The jobs of the shard that was asked for; all, where none was. To be called when names and masks are chosen."""
    shard = click.get_current_context().meta.get(SHARD)
    return jobs if shard is None else shard.of(jobs)


def outcomes(
    jobs: Plan, order: Order, out: str | None, worker: Worker, records: Records
) -> Generator[Outcome]:
    """Do the jobs with the engine that was asked for. out: as typed. worker: of the order, on this machine.

    Raises UsageError for options that do not go together, ModelError for a model, ClusterError for a cluster.
    """
    said = click.get_current_context().meta
    places: mounts.StandIns | None = said.get(STAND_INS)
    if said.get("safelight.engine", "local") == "local":
        if said.get("safelight.address"):
            raise click.UsageError("--address is that of a Ray cluster; add --engine ray")
        if places:
            raise click.UsageError(f"{places.mounts[0].url} is taken with --engine ray alone; add it")
        return run(jobs, worker, order.manner.overwrite, records, said.get(WORKERS, 0))
    if (
        out is None
        or (exists(Path(out)) and not is_folder(Path(out)))
        or not _is_folder_name(jobs, Path(out))
    ):
        raise click.UsageError("--engine ray needs -o FOLDER/, in which its lists lie beside the results")
    if order.manner.picture:
        raise click.UsageError("--picture draws one photo; leave --engine ray out")
    there = places.mounts if places else ()
    workers = said.get(WORKERS, 0) or None
    ordered = engine.Ordered(order, jobs, Path(out), there, said["safelight.address"], workers)
    done = engine.run_on_ray(ordered, partial(click.echo, err=True), usable_cores(), records)
    return elsewhere.published(done, Path(out), there)


def is_elsewhere(out: str | None) -> bool:
    """Whether the results go to a folder that is none of this machine."""
    places: mounts.StandIns | None = click.get_current_context().meta.get(STAND_INS)
    return bool(out and places and mounts.url_of(Path(out), places.mounts))


def _is_folder_name(jobs: Plan, out: Path) -> bool:
    """Whether results lie in `out`, and none is it."""
    return all(job.result != out for job in jobs)
