"""While the collector rests nothing is looked through; afterwards what a chunk left behind is soon gone."""

import gc
import weakref

from tasks.unit.collector import collector_at_rest


class Ring:
    """Something that knows itself, as a case knows its replay and that its case."""

    def __init__(self) -> None:
        self.itself = self


def test_rings_that_a_chunk_leaves_are_found_as_soon_as_it_is_over() -> None:
    with collector_at_rest():
        ring = weakref.ref(Ring())
        young: list[list[int]] = [[] for _ in range(5_000)]
        assert ring() is not None
    young += [[] for _ in range(5_000)]
    assert ring() is None, "kept until the whole heap is looked through: a worker would grow with each chunk"


def test_a_block_within_another_leaves_the_collector_at_rest() -> None:
    with collector_at_rest():
        with collector_at_rest():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
