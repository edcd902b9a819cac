"""Diffusion layers: thinc models from a list of arrays to a list of arrays."""
