"""PAR: amortised recourse of high likelihood, by exact densities of both classes."""

from carla_genre.methods.baselines.par.method import PAR

__all__ = ["PAR"]
