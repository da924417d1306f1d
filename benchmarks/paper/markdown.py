"""Numbers and tables in Markdown, as the harness writes them."""

from carla_genre.harness.markdown import markdown_table, number, spread

__all__ = ["markdown_table", "number", "spread"]
