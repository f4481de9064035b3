"""Doing something several times at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def at_once(work: Callable[[], Result], times: int) -> list[Result]:
    """What each of so many threads, let go together, made of it. Raises what one of them raised."""
    gate = Barrier(times)

    def one() -> Result:
        gate.wait()
        return work()

    with ThreadPoolExecutor(times) as threads:
        return [begun.result() for begun in [threads.submit(one) for _ in range(times)]]
