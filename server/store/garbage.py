"""When Python looks for circular garbage: not in the middle of a large piece of work.

Costing and `verify` make hundreds of thousands of values that all live until the end; each look goes through all of
them and finds next to nothing, and together the looks take a quarter of the time. What is not circular is freed at once
all the same.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """No look for circular garbage in this block; it is made up for after it."""
    wanted = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if wanted:
            gc.enable()
