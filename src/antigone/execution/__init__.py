"""How tiles of work run: in threads, in processes of this machine, on a Dask cluster; and what was computed is kept.

A tile is a value: the digest of its input names its result, whoever computed it. See `docs/methods/tiles.md`.
"""
