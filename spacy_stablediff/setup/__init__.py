"""Putting the recommended set-up into the training config of a user."""
