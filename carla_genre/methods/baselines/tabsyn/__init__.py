"""TabSyn (Zhang et al., ICLR 2024): a VAE of tables and a diffusion in its latent space.

Written from the paper: it has no maintained package of its own, and the suites of table generators that could carry
it bring many times its size in dependencies.
"""
