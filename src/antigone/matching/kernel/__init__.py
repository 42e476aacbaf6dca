"""A first pass over all pairs in eight bits, that loses none above the threshold (see docs/methods/fast-search.md).

`deficits` makes bytes of log likelihood ratios, `adding` adds them up for all individuals and tells who survives.
"""
