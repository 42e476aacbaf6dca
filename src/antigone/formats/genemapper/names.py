"""What laboratories call markers, samples and controls, and how their runs are told apart."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from antigone.formats.errors import quoted
from antigone.formats.genemapper.declared import GenemapperToml, Kind
from antigone.formats.tables import foreign_letters, near
from antigone.genetics.markers import all_markers, canonical_name, panel

# Signals that kits add to tell degradation and inhibition from bad work; they are no markers.
QUALITY_SIGNALS = frozenset(("qs1", "qs2", "iqcs", "iqcl", "iqc1", "iqc2", "ipc1", "ipc2"))
_ABBREVIATION = re.compile(r"D([0-9]{1,2})", re.IGNORECASE)
_SNP = re.compile(r"rs[0-9]{2,12}", re.IGNORECASE)
_CORE = ("CODIS 20", "ESS 12")

_EXTENSION = re.compile(r"\.(?:fsa|hid|ab1|smd|scf)$", re.IGNORECASE)
_USUAL_SUFFIX = re.compile(
    r"(?:[ _.-]+(?:rep|repl|replicate|run|inj|injection|reinj|amp|pcr)[ _.-]?|(?<=[0-9])rep)[0-9]{1,2}$", re.IGNORECASE
)
_DOUBTFUL_SUFFIX = re.compile(r"(?:[ _.-]+R[0-9]{1,2}|[ _.-]?\([0-9]{1,2}\))$", re.IGNORECASE)

# Words that mean a control everywhere.
_LADDERS = ("ladder", "allelicladder", "alleleladder", "аллельнийледер", "алельнадрабинка")
_NEGATIVE = ("negativecontrol", "negcontrol", "controlnegative", "ntc", "notemplatecontrol", "reagentblank")
_POSITIVE = ("positivecontrol", "poscontrol", "controlpositive", "controldna007", "controldna2800m", "controldna9947a")
_CONTROLS: Mapping[str, str] = {
    **dict.fromkeys(_LADDERS, "ladder"),
    **dict.fromkeys((*_NEGATIVE, "негативнийконтроль"), "negative control"),
    **dict.fromkeys((*_POSITIVE, "позитивнийконтроль"), "positive control"),
}
# Names that mean a control in one laboratory and in the next a person, or body 9947, bone A.
_DOUBTFUL_WORDS = frozenset(("al", "nc", "pc", "neg", "pos", "blank", "rb", "control"))
_DOUBTFUL_CODES = frozenset(("k+", "k", "к+", "к", "007", "2800m", "9947a", "9948", "k562"))
_SIGN = re.compile(r"[ _.(-]|[0-9]rep[0-9]", re.IGNORECASE)
_CONTROL_WITHIN = re.compile(
    r"(?<![^\W\d_])(?:ctrl|ctl|contr|control|ktr|ktrl|kontr|kontroll?[aei]?|ladder|ntc|blank|контроль)(?![^\W\d_])",
    re.IGNORECASE,
)
_IGNORED = re.compile(r"[\s_.#-]+")
_NUMBERING = " _.-()0123456789"
_LONGEST_CONTROL = 40

SAMPLE_TYPES: Mapping[str, str] = {
    "": "sample",
    "sample": "sample",
    "unknown": "sample",
    "allelicladder": "ladder",
    "ladder": "ladder",
    "positivecontrol": "positive control",
    "negativecontrol": "negative control",
    "reagentblank": "negative control",
}


def plain(text: str) -> str:
    """A name without case, spaces, hyphens, underscores, points and number signs."""
    return _IGNORED.sub("", text.casefold())


@lru_cache(maxsize=1000)
def _plain_stem(stem: str) -> str:
    """The plain name of a sample without its number, of which there are few."""
    return plain(stem)


@lru_cache(maxsize=1000)
def _names_a_control(stem: str) -> bool:
    """Whether a longer name has a word for a control in it."""
    return _CONTROL_WITHIN.search(stem) is not None


class MarkerSpellings:
    """Brings the names of markers in a file to the one that the program uses."""

    def __init__(self, declared: GenemapperToml) -> None:
        self._declared = {plain(name): marker for name, marker in declared.markers.items()}
        self._resolved: dict[str, str | None] = {}
        self.abbreviated: dict[str, str] = {}
        """Abbreviations that were read, and as what."""

    def resolve(self, text: str) -> str | None:
        """The canonical name; empty for what is no marker and left out; None where nobody knows it."""
        if text not in self._resolved:
            self._resolved[text] = self._resolve(text)
        return self._resolved[text]

    def _resolve(self, text: str) -> str | None:
        if plain(text) in self._declared:
            marker = self._declared[plain(text)]
            return (canonical_name(marker) or "") if marker else ""
        name = canonical_name(text)
        if name is not None:
            return name
        if plain(text) in QUALITY_SIGNALS:
            return ""
        if (match := _ABBREVIATION.fullmatch(text.strip())) and len(core := _core_on_chromosome(match[1])) == 1:
            self.abbreviated[text.strip()] = core[0]
            return core[0]
        return None

    def why_left_out(self, text: str) -> str:
        """The reason of a marker that `resolve` leaves out."""
        if plain(text) in self._declared:
            return "genemapper.toml leaves it out"
        return "a quality signal of the kit, no marker"

    def expected(self, text: str) -> str:
        """What would be right instead of a name that nobody knows."""
        if (match := _ABBREVIATION.fullmatch(text.strip())) and (core := _core_on_chromosome(match[1])):
            return f"one marker: {' and '.join(core)} are both called so; say which in [markers] of genemapper.toml"
        if _SNP.fullmatch(text.strip()):
            return "an STR marker: SNPs are not read; [markers] of genemapper.toml leaves one out, with an empty name"
        known = near(text, [marker.name for marker in all_markers()])
        return f"the name of a marker{foreign_letters(text)}{known}, or what it is in [markers] of genemapper.toml"


@cache
def _core_on_chromosome(number: str) -> tuple[str, ...]:
    """The core markers (CODIS, European Standard Set) whose name begins with this chromosome."""
    names = dict.fromkeys(name for core in _CORE for name in panel(core).markers)
    return tuple(name for name in names if re.match(rf"D{int(number)}S", name))


@dataclass
class SampleNames:
    """Tells which sample a name is of, and whether it is a control."""

    declared: GenemapperToml
    stripped: dict[str, str] = field(default_factory=dict)
    """Names that had the suffix of a run, and without it."""

    def sample(self, name: str) -> str:
        """The name of the sample, without what names its run."""
        if self.declared.replicate_suffixes is None and not _SIGN.search(name):
            return name
        bare = _EXTENSION.sub("", name).strip() or name
        if self._declared_kind(bare) is None and self._declared_kind(name) is None:
            bare = self._without_suffix(bare)
        if bare != name:
            self.stripped[name] = bare
        return bare

    def _without_suffix(self, name: str) -> str:
        if self.declared.replicate_suffixes is None:
            return _USUAL_SUFFIX.sub("", name) or name
        for suffix in self.declared.replicate_suffixes:
            before, _, after = suffix.partition("#")
            pattern = rf"{re.escape(before)}[0-9]{{1,3}}{re.escape(after)}$"
            if (shorter := re.sub(pattern, "", name, flags=re.IGNORECASE)) and shorter != name:
                return shorter
        return name

    def kind(self, sample: str, name: str, sample_type: str | None) -> str | None:
        """What a sample is; None where its name alone cannot tell."""
        declared = self._declared_kind(sample) or self._declared_kind(name)
        if declared is not None:
            return declared
        stem = sample.rstrip(_NUMBERING)
        word = _plain_stem(stem)
        whole = plain(sample) if len(sample) <= _LONGEST_CONTROL else ""
        by_name = _CONTROLS.get(whole) or _CONTROLS.get(word)
        if sample_type is not None:
            by_type = SAMPLE_TYPES.get(plain(sample_type))
            # A ladder that the column calls a sample is a slip of one of both.
            return None if by_type == "sample" and by_name not in (None, "sample") else by_type
        if by_name is None and (whole in _DOUBTFUL_CODES or word in _DOUBTFUL_WORDS or _names_a_control(stem)):
            return None
        return by_name or "sample"

    def _declared_kind(self, name: str) -> Kind | None:
        """What genemapper.toml says of a name; there, `#` stands for a number."""
        for key, kind in self.declared.names.items():
            if key == name or ("#" in key and re.fullmatch(re.escape(key).replace(r"\#", "[0-9]{1,9}"), name)):
                return kind
        return None

    def doubtful_pairs(self, samples: list[str]) -> list[tuple[str, str]]:
        """Samples whose names differ in `_R1`, `_R2` or ` (2)` only: runs of one sample, or two remains of one bag."""
        if self.declared.replicate_suffixes is not None:
            return []
        first: dict[str, str] = {}
        pairs = []
        for sample in samples:
            base = _DOUBTFUL_SUFFIX.sub("", sample)
            if base in first and (base != sample or first[base] != sample):
                pairs.append((first[base], sample))
            first.setdefault(base, sample)
        return pairs


def ask_for_kind(sample: str) -> str:
    """What to write for a sample whose name does not tell what it is."""
    return f'what it is, in genemapper.toml: [names] "{sample}" = "sample" (or "ladder", "negative control" …)'


def doubtful_pair(first: str, second: str) -> tuple[str, str]:
    """What was found and what to write, for two names that may be runs of one sample."""
    shown = f"the samples {quoted(first)} and {quoted(second)}, whose names differ in a suffix only"
    match = _DOUBTFUL_SUFFIX.search(second) or _DOUBTFUL_SUFFIX.search(first)
    suffix = re.sub("[0-9]+", "#", match[0]) if match else "_R#"
    return shown, (
        f'in genemapper.toml replicate_suffixes = ["{suffix}"] if these are runs of one sample, '
        "replicate_suffixes = [] if they are different samples"
    )
