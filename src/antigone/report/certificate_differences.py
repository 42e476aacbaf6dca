"""Two certificates of one case, compared: what differs, in words that name the remains, the donor, the setting."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

# What is shown of a value.
SHOWN = 200


def differences(stated: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """What a statement and another of the same case disagree on, each in words; the second is what holds now."""
    return (
            *_entries("remains", stated, found, _of_remains),
            *_entries("families", stated, found, _of_family),
            *_values("individual", stated.get("individuals"), found["individuals"]),
            *_values("setting", stated.get("settings"), found["settings"]),
            *_values("engine", stated.get("engine"), found["engine"]),
            *_values("digest of", stated.get("digests"), found["digests"]),
            *_values("pairs,", stated.get("pairs"), found["pairs"]),
            *_values("used,", stated.get("used"), found["used"]),
            *_left_out(stated.get("left_out"), found["left_out"]),
            *(
                line
                for name in (
                    "format", "version", "case", "markers", "reassociation", "provisional",
                    "markers_left_out_in_one_family", "threshold",
                )
                if name in found  # a threshold of its own is what a search of a country has
                for line in _values(name.replace("_", " "), stated.get(name), found[name])
            ),
            *_tiles(stated.get("tiles"), found.get("tiles")),
    )  # fmt: skip


def _entries(
    what: str,
    stated: Mapping[str, Any],
    found: Mapping[str, Any],
    inside: Callable[[str, Any, Any], Iterator[str]],
) -> Iterator[str]:
    before, now = stated.get(what), found[what]
    one = {"remains": "remains", "families": "family"}[what]
    if not isinstance(before, Mapping):
        yield f"{what}: the certificate names none"
        return
    for name in before:
        if name not in now:
            yield f"{one} {name}: searched, says the certificate; not among what the case holds"
        else:
            yield from inside(f"{one} {name}", before[name], now[name])
    yield from (
        f"{one} {name}: in the case; the certificate does not name it, so it was not searched"
        for name in now
        if name not in before
    )


def _of_remains(which: str, before: Any, now: Any) -> Iterator[str]:
    if not isinstance(before, Mapping) or before.get("profile") != now["profile"]:
        yield f"{which}: its profile is not the one that was searched"
    elif before != now:
        yield f"{which}: what is recorded beside its profile (sex, age, place, description, lineage) differs"


def _of_family(which: str, before: Any, now: Any) -> Iterator[str]:
    if before == now:
        return
    if not isinstance(before, Mapping) or not isinstance(before.get("samples"), Mapping):
        yield f"{which}: the certificate does not say what was searched"
        return
    samples = before["samples"]
    said = [
        *(f"{which}: the sample of {name} was searched and is gone" for name in samples if name not in now["samples"]),
        *(
            f"{which}: the sample of {name} was not searched"
            if name not in samples
            else f"{which}: the profile of {name} is not the one that was searched"
            for name in now["samples"]
            if samples.get(name) != now["samples"][name]
        ),
        *(
            [f"{which}: its pedigree is not the one that was searched"]
            if before.get("pedigree") != now["pedigree"]
            else []
        ),
        *_values(f"{which}: missing persons", before.get("missing"), now["missing"]),
    ]
    yield from said or [
        f"{which}: what is recorded beside pedigree and profiles (years, descriptions, lineages) differs"
    ]


def _values(what: str, before: Any, now: Any) -> Iterator[str]:
    """Values that differ, each under its path; lists are compared whole."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*before, *now)):
            yield from _values(f"{what} {name}", before.get(name), now.get(name))
    elif type(before) is not type(now) or before != now:
        yield f"{what}: {_shown(before)} in the certificate, {_shown(now)} now"


def _tiles(before: Any, now: Any) -> Iterator[str]:
    """Their digests follow from all the rest: that some are others is enough."""
    if now is not None and before != now:
        same = len(set(before).intersection(now)) if isinstance(before, list) and all(map(_is_text, before)) else 0
        yield f"tiles: {len(now) - same} of {len(now)} are not those of the certificate"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _left_out(before: Any, now: Sequence[Mapping[str, str]]) -> Iterator[str]:
    stated = Counter(_reason(one) for one in before) if isinstance(before, list) else Counter()
    holds = Counter(_reason(one) for one in now)
    yield from (f"left out, says the certificate, and not now: {one}" for one in (stated - holds).elements())
    yield from (f"left out now, and the certificate does not say so: {one}" for one in (holds - stated).elements())


def _reason(one: Any) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    return f"{one.get('what')} {one.get('id')}: {one.get('reason')}"
