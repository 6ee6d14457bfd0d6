"""Quiet around libraries that warn of what they drop, or of what others will change one day.

Python keeps its warning filters in one place for the whole process: of two threads that each silence and restore
them, the first to end takes the silence from the other. So the first to come silences and the last to go restores.
"""

import warnings
from contextlib import ExitStack
from threading import Lock


class Quiet:
    """Lets no warning through while any thread is inside."""

    def __init__(self) -> None:
        self._lock, self._inside, self._silence = Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._silence.enter_context(warnings.catch_warnings(action="ignore"))
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._silence.close()


quiet = Quiet()
