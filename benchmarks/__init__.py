"""Benchmarks of the diffusion operators, and of pipelines with them, on one thread."""

import os

# Numerical libraries read these when they are first imported.
for _library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
