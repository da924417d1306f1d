"""Rows in Parquet files: answered and learned from by row groups, on one machine or many."""

from carla_genre.parquet.answering import answer_parquet
from carla_genre.parquet.training import ParquetRows

__all__ = ["ParquetRows", "answer_parquet"]
