"""Benchmarks: ratios within one run, with the machine's load beside each figure."""
