"""Legs that take turns, transaction by transaction, in an order that the test chooses: every race, at will."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, TypeVar

import pytest

from tasks.durable import engine

T = TypeVar("T")


class Turns:
    """One leg runs at a time; before each of its transactions the next one is chosen by `order`."""

    def __init__(self, legs: int, order: Iterable[int]) -> None:
        self._order, self._waiting, self._running = iter(order), set(range(legs)), set(range(legs))
        self._turn, self._changed, self._me = next(iter(order)) % legs, threading.Condition(), threading.local()

    def run(self, leg: int, act: Callable[[], T]) -> T:
        """Do all that a leg does."""
        self._me.leg = leg
        try:
            self.wait()
            return act()
        finally:
            with self._changed:
                self._running.discard(leg)
                self._choose()

    def wait(self) -> None:
        """Wait for the next turn."""
        leg = getattr(self._me, "leg", None)
        if leg is None:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._turn == leg, timeout=30)

    def end(self) -> None:
        with self._changed:
            self._choose()

    def _choose(self) -> None:
        if self._running:
            able = sorted(self._running)
            self._turn = able[next(self._order, 0) % len(able)]
            self._changed.notify_all()


def taking_turns(monkeypatch: pytest.MonkeyPatch, order: list[int], *acts: Callable[[], Any]) -> list[Any]:
    """Do all acts, their transactions in `order`; leases keep nobody out."""
    turns, in_unit = Turns(len(acts), order), engine.in_unit

    def in_turn(*args: Any) -> Any:
        turns.end()
        turns.wait()
        return in_unit(*args)

    monkeypatch.setattr(engine, "in_unit", in_turn)
    monkeypatch.setattr(engine, "held", lambda _db, _case: nullcontext())
    with ThreadPoolExecutor(len(acts)) as threads:
        return [f.result() for f in [threads.submit(turns.run, leg, act) for leg, act in enumerate(acts)]]
