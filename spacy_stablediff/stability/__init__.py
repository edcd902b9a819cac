"""Measuring and showing how far small edits move the vectors of a pipeline."""
