"""Work on the machines of a Dask cluster."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

from carla_genre.errors import InputError
from carla_genre.loading import load_extra

CONNECT_S = 20.0
Job = TypeVar("Job")


def load_distributed() -> Any:
    """Dask's ``distributed``, or MissingDependencyError."""
    return load_extra("cluster", "a cluster", "distributed")


def connect(address: str, timeout_s: float = CONNECT_S) -> Any:
    """A client of the scheduler at an address, or of a scheduler file.

    MissingDependencyError where Dask is not installed, InputError where the address is none or no scheduler answers
    for ``timeout_s`` seconds.
    """
    distributed = load_distributed()
    is_file = os.path.isfile(address)
    if not is_file and not re.search(r":\d+/?$", address):
        raise InputError(
            f"the cluster {address!r} is neither an address with a port, as tcp://host:8786, nor a scheduler file that "
            "is there"
        )
    where = {"scheduler_file": address} if is_file else {"address": address}
    try:
        return distributed.Client(**where, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address!r} ({error}): start one with `dask scheduler`, its workers with "
            "`dask worker ADDRESS`"
        ) from error


def as_completed(client: Any, jobs: Mapping[Any, Job]) -> Generator[tuple[Job, Any], None, None]:
    """Each job with its future, as they end; where this is left early, the others are cancelled."""
    try:
        for future in load_distributed().as_completed(list(jobs), loop=client.loop):
            yield jobs[future], future
    finally:
        client.cancel(list(jobs))
