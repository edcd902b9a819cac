"""What the pages of the study and of the benchmarks share."""
