"""Warnings are kept quiet for one thread at a time, and shown again afterwards."""

import threading
import warnings

import pytest

from tasks.checking.quiet import quiet


def test_a_thread_waits_until_the_other_has_restored_the_warnings() -> None:
    before, entered = list(warnings.filters), threading.Event()

    def second() -> None:
        with quiet():
            entered.set()
            warnings.warn("old", DeprecationWarning, stacklevel=1)

    waiting = threading.Thread(target=second)
    with quiet():
        waiting.start()
        assert not entered.wait(0.05)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    waiting.join()
    assert entered.is_set()
    assert list(warnings.filters) == before
    with pytest.warns(DeprecationWarning, match="old"):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_what_fails_inside_ends_the_quiet() -> None:
    before = list(warnings.filters)
    with pytest.raises(KeyError), quiet():
        raise KeyError
    assert list(warnings.filters) == before
