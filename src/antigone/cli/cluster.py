"""`antigone cluster`: a Dask cluster on this machine, for a look."""

import os
import time

import typer

from antigone.execution.dask_cluster import local_cluster


def run(workers: int | None) -> None:
    """Start it, say where it is, and keep it until Ctrl-C."""
    count = workers or os.cpu_count() or 1
    with local_cluster(count) as address:
        typer.echo(f"{address}")
        typer.echo(
            f"A cluster of {count} workers, for this machine alone. Use it from another window: "
            f"antigone search CASE --out DIR --dask {address}. Ctrl-C ends it.",
            err=True,
        )
        while True:  # a wait without an end would not hear Ctrl-C where another thread was given it
            time.sleep(1)
