"""Inputs that coverage guides: Atheris (libFuzzer) keeps what reaches new lines of a reader, and mutates that further.

`antigone.bench.parsers` runs this module as a process of its own for each reader, `python -m antigone.bench.guided
READER INPUTS SEED FOLDER`; the figures stand in FOLDER/figures.json. libFuzzer never gives control back, so the process
ends itself after the last input.
"""

import base64
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

_LONGEST = 4_096
_LONGEST_WORD = 100


def feed_guided(parser: str, inputs: int, seed: int, folder: Path) -> None:
    """Feed inputs to a reader, write the figures, and end the process.

    Raises `ImportError` where Atheris is not installed.
    """
    import atheris

    # The readers are instrumented as they are imported; the science below them is compiled in part, and cannot be.
    with atheris.instrument_imports(include=["antigone.formats"]):
        from antigone.bench import parsers
        from antigone.formats.tables.trial import one_process_for_all
    made, sound = parsers.PARSERS[parser]
    read, seeds = made(), sound()
    tally = parsers.Tally(parser, inputs, seed, guided=True)

    def one_input(data: bytes) -> None:
        tally.feed(read, data)
        if tally.fed == inputs:
            figure = asdict(tally.figure()) | {"worst": _encoded(tally.worst)}
            (folder / "figures.json").write_text(json.dumps(figure), encoding="utf-8")
            os._exit(0)

    def mutator(data: bytes, most: int, number: int) -> bytes:
        """Half of the mutations are libFuzzer's own, half are ours, which repeat, splice and know what a row is."""
        rng = np.random.default_rng(number)
        if rng.integers(2):
            return bytes(atheris.Mutate(data, most))
        content = bytearray(data)
        parsers.mutate(content, seeds, rng)
        return bytes(content[:most])

    options = _options(folder, seed, seeds, parsers.words_of(seeds))
    atheris.Setup([parser, *options], one_input, custom_mutator=mutator)
    with one_process_for_all():
        atheris.Fuzz()


def _options(folder: Path, seed: int, seeds: Sequence[bytes], words: Sequence[bytes]) -> list[str]:
    """What libFuzzer is told: where the sound files lie, the words of the format, and not to judge by itself."""
    found = folder / "found"
    found.mkdir()
    for number, data in enumerate(seeds):
        (found / f"seed{number}").write_bytes(data)
    (folder / "words").write_text("\n".join(map(_as_word, words)) + "\n", encoding="ascii")
    return [
        f"-seed={seed % 2**31 or 1}", f"-max_len={_LONGEST}", f"-dict={folder / 'words'}", "-verbosity=0",
        "-timeout=300", "-rss_limit_mb=0", f"-artifact_prefix={folder}/", str(found),
    ]  # fmt: skip


def _as_word(word: bytes) -> str:
    """An entry of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word[:_LONGEST_WORD]) + '"'


def _encoded(worst: dict[int, bytes]) -> dict[str, str]:
    return {str(number): base64.b64encode(data).decode("ascii") for number, data in worst.items()}


if __name__ == "__main__":
    feed_guided(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
