"""Tools on latents: pure functions over `Latent` and `Encodes` models."""
