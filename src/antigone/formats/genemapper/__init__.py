"""GeneMapper and GeneMarker tables, as laboratories export them: long and wide, with heights, runs and controls.

    table = read_genemapper("genotypes.txt")        # InputError says line, column, what stood there, what is right
    table.dialect.describe()                        # how the file is written, in words
    table.profiles()                                # by sample, runs as replicates
    table.left_out, table.notes                     # ladders, controls, what cannot be used; what to know
    table.profiles_csv()                            # `profiles.csv` of a case folder, heights included

What the tables do not say themselves, `genemapper.toml` beside them says: see `docs/formats/genemapper.md`.
"""

from antigone.formats.genemapper.declared import FILE, GenemapperToml, declared_beside, read_genemapper_toml
from antigone.formats.genemapper.detection import are_genemapper, looks_like_genemapper
from antigone.formats.genemapper.dialect import Dialect
from antigone.formats.genemapper.header import Layout
from antigone.formats.genemapper.reader import GenemapperTable, read_genemapper
from antigone.formats.genemapper.writer import genemapper_text, write_genemapper

__all__ = [
    "FILE",
    "Dialect",
    "GenemapperTable",
    "GenemapperToml",
    "Layout",
    "are_genemapper",
    "declared_beside",
    "genemapper_text",
    "looks_like_genemapper",
    "read_genemapper",
    "read_genemapper_toml",
    "write_genemapper",
]
