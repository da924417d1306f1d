"""People in CSV and Parquet files, recommended to a chunk at a time."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import pandas as pd

from carla_genre.constraints import Constraint
from carla_genre.constraints.checking import check_constraints
from carla_genre.files.answering import answer_files
from carla_genre.files.job import Answered
from carla_genre.files.table import files_of, open_table
from carla_genre.files.writing import check_apart, outputs_of
from carla_genre.methods.genre.method import GenRe
from carla_genre.parameters import Parametrized
from carla_genre.recourse.codec import TableCodec
from carla_genre.recourse.saving import identity_of


class AnswersFiles(Parametrized, ABC):
    """What :class:`carla_genre.Recourse` does with files."""

    genre_: GenRe
    codec_: TableCodec
    constraints_: tuple[Constraint, ...]
    verbose: bool
    table: pd.DataFrame
    _columns: pd.Index
    _people_apart: pd.DataFrame

    @abstractmethod
    def recommend(
        self,
        people: pd.DataFrame,
        n: int = 1,
        *,
        constraints: Any = (),
        by_person: Any = None,
        diverse: bool = False,
    ) -> Any:
        """Options for people in a frame."""

    def recommend_files(
        self,
        people: str | os.PathLike[str],
        out: str | os.PathLike[str],
        n: int = 1,
        *,
        constraints: Constraint | Iterable[Constraint] = (),
        diverse: bool = False,
        index: str | None = None,
        workers: int = 1,
        cluster: str | None = None,
    ) -> Answered:
        """:meth:`recommend` for people in files, some thousand in memory at a time (docs/scaling.md).

        Parameters
        ----------
        people : path
            CSV or Parquet: a file, a folder or a glob pattern.
        out : path
            ``*.csv`` or ``*.parquet``, or a folder of parts. The same call takes up what was stopped.
        n, constraints, diverse
            As for :meth:`recommend`.
        index : str, optional
            The column that names the people; else their rows are numbered.
        workers : int
            Processes of this machine.
        cluster : str, optional
            Address of a Dask scheduler, or its file, whose workers find ``people`` and ``out`` under the same names.

        Raises
        ------
        InputError
            A file, a column or a constraint is wrong, or ``out`` is another job's.
        """
        check_apart(outputs_of(out), [people, *files_of(people)])
        table = open_table(people).with_index(index, self.codec_.features())
        nobody, _ = table.empty()
        self.codec_.check_columns(nobody)
        held = check_constraints(constraints, self.codec_.variables(), nobody)
        self.recommend(nobody, n, constraints=held, diverse=diverse)  # what is wrong is told before any work
        learned = self.table.filter(self._columns)
        identity = identity_of(self.genre_, self.get_params(), learned, (*self.constraints_, *held))
        identity |= {"n": int(n), "diverse": bool(diverse)}
        question = int(n), held, bool(diverse)
        sent = copy.copy(self)
        sent.table = sent._people_apart = self.table.head(0)  # other processes need none of its rows
        return answer_files(sent, table, out, identity, question, workers, cluster, self.verbose)
