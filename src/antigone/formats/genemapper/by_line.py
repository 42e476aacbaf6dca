"""Takes a laboratory's table line by line, and says of each line what is wrong with it."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter

from antigone.formats.encodings import lines_of
from antigone.formats.errors import quoted
from antigone.formats.genemapper.gathering import Block, Gathering, LeftOutSample, RunSoFar
from antigone.formats.genemapper.header import Header, Layout, split
from antigone.formats.laboratory import Call, height_text
from antigone.formats.tables import MAX_FIELD, MAX_ROWS

_NO_CALL = Call("", ())
# What stands below a marker whose name is above several columns.
_NUMBERED = re.compile(r"(?:allele|алель|аллель)?[\s_.#-]*([1-9]|[ab])", re.IGNORECASE)


class LineReader:
    """Walks once through the rows."""

    def __init__(self, gathering: Gathering, data: bytes, encoding: str) -> None:
        self._gathering = gathering
        self._data = data
        self._encoding = encoding
        self._complained: set[str] = set()

    def read(self) -> None:
        """Gather all rows; what is wrong is among the problems."""
        if self._gathering.header.layout is Layout.LONG:
            self._read_long()
        else:
            self._read_wide()

    def _rows(self) -> Iterator[list[str]]:
        """The cells of each row after the header, as many as the header has."""
        header = self._gathering.header
        width, separator = len(header.cells), header.separator
        taken = 0
        for number, line in enumerate(lines_of(self._data, self._encoding, self._gathering.file), 1):
            self._gathering.line = number
            if number <= header.line:
                continue
            cells = line.split(separator) if '"' not in line else self._quoted_cells(line)
            if len(cells) != width:
                cells = self._of_width(cells, width)
            if not cells or not (line.strip() if not cells[0] else True) or not any(map(str.strip, cells)):
                continue
            if len(line) > MAX_FIELD and any(len(cell) > MAX_FIELD for cell in cells):
                self._gathering.complain(None, f"a cell of more than {MAX_FIELD} characters", f"at most {MAX_FIELD}")
                continue
            if self._is_header_again(cells):
                continue
            taken += 1
            if taken > MAX_ROWS:
                self._gathering.complain(None, f"more than {MAX_ROWS} rows", "at most that many")
                return
            yield cells
        if not taken and not len(self._gathering.problems):
            self._gathering.complain(None, "no row after the header", "a row for each sample")

    def _is_header_again(self, cells: Sequence[str]) -> bool:
        """Whether a row is the header once more, or the second line of one whose cells are merged."""
        header = self._gathering.header
        own = cells[header.sample if header.sample is not None else header.run or 0].strip()
        if header.is_merged and not own and self._gathering.line == header.line + 1:
            return self._numbers_alleles(cells)
        if own == header.cells[header.sample if header.sample is not None else header.run or 0]:
            is_again = [cell.strip() for cell in cells] == list(header.cells)
            if is_again:
                self._gathering.headers_again.append(self._gathering.line)
            return is_again
        return False

    def _numbers_alleles(self, cells: Sequence[str]) -> bool:
        """Whether cells say 1, 2 (or a, b) below each marker, and nothing elsewhere."""
        left = list(cells)
        for block in self._gathering.header.blocks:
            for number, place in enumerate(block.alleles):
                match = _NUMBERED.fullmatch(cells[place].strip())
                if match is None or match[1].casefold() not in (str(number + 1), "ab"[number : number + 1]):
                    return False
                left[place] = ""
        return not any(cell.strip() for cell in left)

    def _quoted_cells(self, line: str) -> list[str]:
        try:
            return split(line, self._gathering.header.separator)
        except csv.Error:
            expected = "around the whole cell and closed on this line (doubled within a cell)"
            self._gathering.complain(None, "a quotation mark that does not pair", expected)
            return []

    def _of_width(self, cells: list[str], width: int) -> list[str]:
        """The cells without empty ones beyond the header; empty, with a problem noted, where they are too few."""
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            return cells[:width]
        if not any(cell.strip() for cell in cells):
            return []
        if len(cells) < width and self._gathering.declared.short_rows == "fill":
            return cells + [""] * (width - len(cells))
        expected = f"{width}, as the header has"
        if len(cells) < width:
            expected += '; where empty cells were cut off at the ends of lines, short_rows = "fill" in genemapper.toml'
        elif self._gathering.header.separator == ",":
            expected += " (a decimal comma makes one more: such a cell stands between quotation marks)"
        if len(cells) == width + 1 and cells[0].strip().isdigit():
            expected += "; R writes row names below no header: write.table(…, row.names = FALSE)"
        self._gathering.complain(None, f"{len(cells)} cells", expected)
        return []

    def _read_long(self) -> None:
        key_of = _who(self._gathering.header)
        blocks = [Block(self._gathering, block) for block in self._gathering.header.blocks]
        with_heights = any(block.heights_of is not None for block in blocks)
        last_key: tuple[str, str] | None = None
        run: list[RunSoFar] | LeftOutSample | None = None
        for cells in self._rows():
            key = key_of(cells)
            if key != last_key:  # the rows of a sample mostly stand together
                last_key, run = key, self._gathering.runs.get(key)
            if run is None:
                run = self._gathering.new_run(key, self._type(cells))
                if run is None:
                    last_key = None
                    continue
            for block in blocks:
                call = block.calls[block.cells_of(cells)]
                if call is None or not call.marker:
                    continue
                if isinstance(run, LeftOutSample):
                    run.called += bool(call.alleles)
                    continue
                current = run[0]
                if call.marker in current.calls:
                    later = self._later_run(run, key, call, block)
                    if later is None:
                        continue
                    current = later
                current.calls[call.marker] = call
                if with_heights:
                    self._keep_heights(current, call, cells, block)

    def _read_wide(self) -> None:
        key_of = _who(self._gathering.header)
        blocks = [Block(self._gathering, block) for block in self._gathering.header.blocks]
        markers = [self._gathering.spellings.resolve(block.columns.name) for block in blocks]
        is_plain = all(markers) and len(set(markers)) == len(markers)
        plan = [(block.calls, block.cells_of) for block in blocks]
        with_heights = any(block.heights_of is not None for block in blocks)
        for cells in self._rows():
            run = self._next_run(key_of(cells), cells)
            if run is None:
                continue
            calls = [known[cells_of(cells)] for known, cells_of in plan]
            if isinstance(run, LeftOutSample):
                run.called += sum(call is not None and bool(call.alleles) for call in calls)
            elif is_plain and not with_heights and not len(self._gathering.problems):
                run.calls = dict(zip(markers, calls, strict=True))  # type: ignore[arg-type] # a None is a problem
            else:
                self._keep_row(run, calls, cells, blocks)

    def _next_run(self, key: tuple[str, str], cells: Sequence[str]) -> "RunSoFar | LeftOutSample | None":
        """The run of a row of a wide table: each row is another one."""
        runs = self._gathering.runs.get(key)
        if runs is None:
            runs = self._gathering.new_run(key, self._type(cells))
        elif isinstance(runs, list):
            if not self._may_repeat(key):
                return None
            runs.append(RunSoFar(runs[0].sample, runs[0].name, self._gathering.line))
        return runs[-1] if isinstance(runs, list) else runs

    def _keep_row(
        self, run: RunSoFar, calls: Sequence[Call | None], cells: Sequence[str], blocks: "Sequence[Block]"
    ) -> None:
        """Put the calls of a row of a wide table into its run, one by one."""
        for call, block in zip(calls, blocks, strict=True):
            if call is None or not call.marker or (not call.alleles and call.marker in run.calls):
                continue
            if run.calls.get(call.marker, _NO_CALL).alleles:
                place = block.columns.alleles[0]
                self._gathering.complain(place, f"a second set of columns of {call.marker}", "each marker once")
                continue
            if call.marker in run.calls:
                del run.calls[call.marker]  # it was empty: the order of calls is that of the heights
            run.calls[call.marker] = call
            self._keep_heights(run, call, cells, block)

    def _type(self, cells: Sequence[str]) -> str | None:
        return None if self._gathering.header.type is None else cells[self._gathering.header.type]

    def _may_repeat(self, key: tuple[str, str]) -> bool:
        if self._gathering.declared.repeated_rows == "replicates":
            return True
        name = key[0].strip() or key[1].strip()
        if name not in self._complained:
            self._complained.add(name)
            found = f"a second row of {quoted(name)}"
            expected = 'one; or, if it is another run of the sample, repeated_rows = "replicates" in genemapper.toml'
            self._gathering.complain(self._gathering.header.sample, found, expected)
        return False

    def _later_run(self, runs: list[RunSoFar], key: tuple[str, str], call: Call, block: "Block") -> RunSoFar | None:
        """Another run of the sample that has none of this marker yet; None, with a problem noted, where none may be."""
        later = next((one for one in runs[1:] if call.marker not in one.calls), None)
        if later is not None:
            return later
        if self._gathering.declared.repeated_rows != "replicates":
            name = key[0].strip() or key[1].strip()
            expected = 'one; or, if it is another run, repeated_rows = "replicates" in genemapper.toml'
            self._gathering.complain(block.columns.marker, f"a second row of {call.marker} of {quoted(name)}", expected)
            return None
        later = RunSoFar(runs[0].sample, runs[0].name, self._gathering.line)
        runs.append(later)
        return later

    def _keep_heights(self, run: RunSoFar, call: Call, cells: Sequence[str], block: "Block") -> None:
        """Keep the heights of a call, as many as it has alleles; most texts of heights were seen before."""
        count = len(call.alleles)
        heights: list[float | None] | None = None
        if block.heights_of is not None:
            texts = block.heights_of(cells)
            known = self._gathering.cells.known_heights
            try:
                heights = [known[text] for text in texts]
            except KeyError:
                heights = self._gathering.cells.heights(texts, block.complain_of_height)
            if heights is not None and (any(heights[count:]) or id(call) in block.calls.doubled):
                self._check_heights(heights, count, block)
        heights = (heights or [])[:count]
        if not isinstance(run.heights, list):
            run.heights = []
        run.heights += heights if len(heights) == count else heights + [None] * (count - len(heights))

    def _check_heights(self, heights: Sequence[float | None], count: int, block: "Block") -> None:
        """Complain of a height beside no allele, and of two heights of one."""
        for place, height in enumerate(heights[count:], count):
            if height:
                found = f"a height {quoted(height_text(height))} of no allele"
                block.complain_of_height(place, found, "an empty cell, or the allele")
                return
        if not any(heights[count:]) and len(set(heights[:count]) - {None}) > 1:
            block.complain_of_allele(1, "the same allele a second time, with another height", "each allele once")


def _who(header: Header) -> Callable[[Sequence[str]], tuple[str, str]]:
    """Takes the sample and the run of a row; empty for a column that is not there."""
    sample, run = header.sample, header.run
    if sample is None:
        return lambda cells: ("", cells[run])  # type: ignore[index] # one of both is there
    if run is None:
        return lambda cells: (cells[sample], "")
    return itemgetter(sample, run)
