"""How a laboratory writes its tables, as it was found and as people read it."""

from dataclasses import dataclass

from antigone.formats.encodings import name_of
from antigone.formats.genemapper.header import Layout


@dataclass(frozen=True)
class Dialect:
    """How a table is written. `decimal` is None where no number had a decimal sign.

    `encoding` is empty for a sheet of a workbook. `sample`, `run` and `marker` are the headers of those columns, empty
    where there is none; `alleles` and `heights` how many columns a row has for each marker, at most; `rows_of_several`
    says that a long row holds several markers.
    """

    encoding: str
    separator: str
    layout: Layout
    header_line: int
    sample: str
    run: str
    marker: str
    markers: tuple[str, ...]
    alleles: int
    heights: int
    decimal: str | None
    list_sign: str | None = None
    rows_of_several: bool = False
    unused: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()

    def describe(self) -> str:
        """The dialect in words, for a person to say whether that is right."""
        parts = [f"columns between {self._separator()}, in {name_of(self.encoding)}"] if self.encoding else ["a sheet"]
        parts.append(f"header in line {self.header_line}")
        if self.layout is Layout.LONG:
            several = "several markers" if self.rows_of_several else "one marker"
            parts.append(f"long: {several} a row, named in ‘{self.marker}’")
        else:
            parts.append(f"wide: a row for each sample, {_counted(len(self.markers), 'marker')}")
        parts.append(f"sample in ‘{self.sample}’" if self.sample else f"sample from the file’s name in ‘{self.run}’")
        if self.run and self.sample:
            parts.append(f"run in ‘{self.run}’")
        parts.append(
            f"alleles in one cell, between them ‘{self.list_sign}’"
            if self.list_sign
            else f"{_counted(self.alleles, 'column')} of alleles and {self.heights or 'none'} of heights"
        )
        signs = {None: "no decimal sign seen", ",": "decimal comma", ".": "decimal point"}
        parts.append(signs[self.decimal])
        if self.unused:
            parts.append(f"not used: {', '.join(self.unused)}")
        if self.declared:
            parts.append(f"said by genemapper.toml: {', '.join(self.declared)}")
        return "; ".join(parts)

    def _separator(self) -> str:
        return {"tab": "tabs", "comma": "commas", "semicolon": "semicolons"}[self.separator]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
