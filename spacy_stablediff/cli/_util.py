"""What the commands share."""

from collections.abc import Iterator
from contextlib import contextmanager

from wasabi import msg


@contextmanager
def show_numbered_errors() -> Iterator[None]:
    """Show this package's errors in one line, and exit with 1; let others pass."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith("[SD"):
            raise
        msg.fail(str(error), exits=1)
