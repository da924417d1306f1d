"""TabSyn (Zhang et al., ICLR 2024): a VAE of tables and a diffusion in its latent space."""
