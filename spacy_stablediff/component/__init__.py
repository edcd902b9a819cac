"""The components `stablediff` and `stabilizer`, and diffusion for those that embed for themselves."""
