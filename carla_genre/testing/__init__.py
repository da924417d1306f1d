"""What CARLA's Benchmark and its users rely on in a recourse method, checked."""

from carla_genre.testing.method import check_method, parametrize_with_checks

__all__ = ["check_method", "parametrize_with_checks"]
