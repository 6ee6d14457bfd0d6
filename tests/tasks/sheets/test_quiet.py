"""Warnings are kept quiet until the last thread is through, and shown again afterwards."""

import warnings

import pytest

from tasks.sheets.quiet import Quiet


def test_the_first_to_end_leaves_the_others_their_quiet_and_the_last_restores() -> None:
    quiet, before = Quiet(), list(warnings.filters)
    quiet.__enter__()
    quiet.__enter__()
    quiet.__exit__()  # the first thread ends while the second is at work
    warnings.warn("old", DeprecationWarning, stacklevel=1)
    quiet.__exit__()
    assert list(warnings.filters) == before
    with pytest.warns(DeprecationWarning, match="old"):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_what_fails_inside_ends_the_quiet() -> None:
    quiet, before = Quiet(), list(warnings.filters)
    with pytest.raises(KeyError), quiet:
        raise KeyError
    assert list(warnings.filters) == before
