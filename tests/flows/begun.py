"""Plays that were begun once: where several tests go on from the same place, each does so in a copy of its own."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

import time_machine

from tasks.durable import clock
from tests.books import books_balance
from tests.databases import Server
from tests.play import Play

P = TypeVar("P", bound=Play)


class Place(NamedTuple):
    """Where a play was brought to: the database to copy, when that was, and the case that is gone on with."""

    url: str
    moment: datetime
    case: int


@dataclass
class Begun:
    """Keeps the places of a module's tests, by key."""

    server: Server
    template: str
    _places: dict[Hashable, Place] = field(default_factory=dict)

    @contextmanager
    def go_on(
        self, today: time_machine.Traveller, people: Callable[..., P], key: Hashable, bring: Callable[[P], int]
    ) -> Iterator[tuple[P, int]]:
        """Go on with the case that `bring` gives, at the time to which it came; in the end the books balance."""
        if key not in self._places:
            self._places[key] = self._brought(people, bring)
        url, moment, case = self._places[key]
        today.move_to(moment)
        with self.server.copied(url) as db:
            play = people(db)
            yield play, case
            play.rest()
            books_balance(db)

    def _brought(self, people: Callable[..., P], bring: Callable[[P], int]) -> Place:
        with self.server.copied(self.template) as db:
            case = bring(people(db))
            db.dispose()  # nobody may be connected to what is copied
            return Place(self.server.create(db.url.render_as_string(hide_password=False)), clock.now(), case)

    def drop(self) -> None:
        """Forget all places."""
        for place in self._places.values():
            self.server.drop(place.url)
