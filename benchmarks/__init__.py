"""Benchmarks of the diffusion operators, and of pipelines with them, on one thread."""

import os

from reporting.machine import ONE_THREAD

os.environ.update(ONE_THREAD)
