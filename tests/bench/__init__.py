"""Benchmarks: `make bench` or `make bench BENCH=core`; never part of the tests."""
