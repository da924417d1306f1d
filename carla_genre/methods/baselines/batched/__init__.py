"""CARLA's gradient searches in the latent space of an autoencoder, for all people at once."""
