"""Edits: augmenters, and which token of an edited text comes from which of the clean one."""
