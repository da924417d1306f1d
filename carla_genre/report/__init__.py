"""One HTML page from folders of records, with the configuration behind each number."""

from carla_genre.report.page import write_report

__all__ = ["write_report"]
