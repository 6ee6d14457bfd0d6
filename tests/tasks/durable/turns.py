"""Legs that take turns, transaction by transaction, in an order that the test chooses: any race, at will."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TypeVar

import pytest

from tasks.durable import stage
from tests.waiting import MINUTES

T = TypeVar("T")


class Turns:
    """One leg runs at a time; at each of its transactions `order` says whose turn it is."""

    def __init__(self, legs: int, order: Sequence[int]) -> None:
        self._order, self._running = iter(order), list(range(legs))
        self._changed, self._me = threading.Condition(), threading.local()
        self._turn = self._next()

    def run(self, leg: int, act: Callable[[], T]) -> T:
        """Do all that a leg does."""
        self._me.leg = leg
        self._wait()
        try:
            return act()
        finally:
            with self._changed:
                self._running.remove(leg)
                self._turn = self._next()
                self._changed.notify_all()

    def pass_on(self) -> None:
        """End a leg's turn and wait for its next."""
        with self._changed:
            self._turn = self._next()
            self._changed.notify_all()
        self._wait()

    def _wait(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._turn == self._me.leg, timeout=MINUTES), "nobody passes on"

    def _next(self) -> int:
        return self._running[next(self._order, 0) % len(self._running)] if self._running else -1


def taking_turns(order: Sequence[int], *acts: Callable[[], T]) -> list[T]:
    """Do all acts at once, their transactions in `order`; leases keep nobody out."""
    turns, commit = Turns(len(acts), order), stage.Leg.commit

    def in_turn(leg: stage.Leg, file: object, act: object) -> object:
        turns.pass_on()
        return commit(leg, file, act)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched, ThreadPoolExecutor(len(acts)) as threads:
        patched.setattr(stage.Leg, "commit", in_turn)
        patched.setattr(stage, "held", lambda *_: nullcontext())
        return [leg.result() for leg in [threads.submit(turns.run, n, act) for n, act in enumerate(acts)]]
