"""What follows from claims: the public statements of June 2025, small stories, and laws that hold for any claims."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.casework.agreements.tallies import (
    AgreementInfo,
    Claim,
    Contradiction,
    Index,
    Link,
    Recorded,
    Series,
    Tally,
    called,
    course,
    courses,
    history,
    tally,
)
from antigone.formats.claims import read_claims

PACT = "agreement:pact"
MARCH = date(2031, 3, 1)


def day(number: int) -> date:
    return MARCH + timedelta(days=number - 1)


def claim(name: str, kind: str, side: str, on: int | tuple[int, int], about: str = PACT, **more) -> Claim:
    """Of two invented sides, Osterra and Velmark, in March 2031, under the agreement `pact`."""
    first, last = on if isinstance(on, tuple) else (on, on)
    agreement = "pact" if about.startswith("transfer:") else None
    more = {"speaker": f"{side} office", "unit": "bodies", "direction": "to Osterra", "agreement": agreement, **more}
    return Claim(id=name, said=(day(first), day(last)), side=side, about=about, kind=kind, **more)


def convoy(number: int) -> str:
    return f"transfer:{day(number).isoformat()}"


def received(name: str, on: int, quantity: int, **more) -> Claim:
    return claim(name, "received", "Osterra", on, convoy(on), quantity=quantity, **more)


def handed_over(name: str, on: int, quantity: int, **more) -> Claim:
    return claim(name, "handed over", "Velmark", on, convoy(on), quantity=quantity, **more)


def total(name: str, side: str, on: int | tuple[int, int], quantity: int, **more) -> Claim:
    return claim(name, "cumulative", side, on, quantity=quantity, **more)


def rows(found: Tally, series: str, about: str | None = None, direction: str = "to Osterra") -> list[Series]:
    return [
        row
        for row in found.series
        if row.series == series and row.about == (about or row.about) and row.direction == direction
    ]


def quantity(found: Tally, series: str, about: str, direction: str = "to Osterra") -> int | None:
    (row,) = rows(found, series, about, direction)
    return row.quantity


def sums(found: Tally) -> dict[tuple[str, str, str], int | None]:
    return {(row.series, row.direction, row.unit): row.quantity for row in found.series if row.is_sum}


def told(found: Tally, kind: str) -> list[Contradiction]:
    return [one for one in found.contradictions if one.kind == kind]


def of(found: Iterable[Contradiction]) -> list[tuple[str, str, tuple[int, ...], set[str]]]:
    return [(one.about, one.direction, one.quantities, set(one.claims)) for one in found]


# ---- The public statements ----

ISTANBUL = "agreement:istanbul-2025-06-02"


def public(shared, name: str) -> list[Claim]:
    return [Claim.of_row(row) for row in read_claims(shared / "data" / name)]


def test_one_article_gives_received_handed_over_promised_and_no_sum(shared):
    found = tally(public(shared, "claims-seed.csv"))
    assert {(row.series, row.about, row.direction, row.unit, row.quantity, row.claims) for row in found.series} == {
        ("promised", ISTANBUL, "to Ukraine", "bodies", 6000, ("S3",)),
        ("handed over", "transfer:2025-06-11", "to Ukraine", "bodies", 1212, ("S7",)),
        ("received", "transfer:2025-06-13", "to Ukraine", "bodies", 1200, ("S1",)),
    }
    assert sums(found) == {}


def test_one_article_gives_an_accusation_on_each_side_and_two_characterisations(shared):
    found = tally(public(shared, "claims-seed.csv"))
    (part,) = found.agreements
    assert {(one.side, one.claims) for one in part.accusations} == {("Russia", ("S5",)), ("Ukraine", ("S6",))}
    (one,) = found.contradictions
    assert (one.kind, set(one.claims), one.quantities) == ("characterisation", {"S3", "S4"}, ())
    assert one.why == "called unilateral by Russia, and called exchange by Ukraine"


def test_june_2025_gives_6057_received_of_6000_promised(shared):
    found = tally(public(shared, "claims.csv"))
    assert sums(found) == {("received", "to Ukraine", "bodies"): 6057}
    (row,) = [row for row in found.series if row.is_sum]
    assert (row.about, row.claims) == (ISTANBUL, ("C009", "C011", "C015", "C017", "C020"))
    assert quantity(found, "promised", ISTANBUL, "to Ukraine") == 6000
    assert quantity(found, "promised", ISTANBUL, "both ways") == 6000


def test_june_2025_gives_the_rival_figures_of_16_june_and_of_the_total(shared):
    found = tally(public(shared, "claims.csv"))
    assert of(told(found, "figures")) == [("transfer:2025-06-16", "to Ukraine", (1245, 1248), {"C020", "C022"})]
    assert of(told(found, "totals")) == [(ISTANBUL, "to Ukraine", (6057, 6060), {"C023", "C024", "C026"})]
    # The receiver's own minister said 6,060; its headquarters' figures for the five days make 6,057.
    (one,) = told(found, "sum")
    assert of([one]) == [(ISTANBUL, "to Ukraine", (6057, 6060), {"C009", "C011", "C015", "C017", "C020", "C026"})]
    assert of(told(found, "accusation")) == [(ISTANBUL, "to Ukraine", (), {"C003", "C004", "C005"})]
    assert set(told(found, "characterisation")[0].claims) == {"C001", "C013", "C014"}
    assert len(found.contradictions) == 5


@pytest.mark.parametrize(("on", "expected"), [(11, 1212), (12, 1212), (13, 2412), (14, 3612), (15, 4812), (16, 6057)])
def test_the_sum_of_each_june_day_is_what_had_been_received_by_then(shared, on, expected):
    found = tally(public(shared, "claims.csv"), as_of=date(2025, 6, on))
    assert sums(found)["received", "to Ukraine", "bodies"] == expected


def test_nothing_of_the_other_direction_is_mixed_in(shared):
    found = tally(public(shared, "claims.csv"))
    other = [row for row in found.agreements[0].series if row.direction == "to Russia"]
    assert {(row.series, row.about, row.quantity, row.claims) for row in other} == {
        ("received", "transfer:2025-06-11", 27, ("C010",)),
        ("handed over", ISTANBUL, 3, ("C030",)),
        ("cumulative by Head of the Russian delegation", ISTANBUL, 78, ("C025",)),
    }
    assert not [one for one in found.contradictions if one.direction == "to Russia"]
    to_russia = {"C010", "C025", "C030"}
    assert not [one for one in found.contradictions if to_russia & set(one.claims)]


def test_later_transfers_stand_alone_and_remains_are_not_bodies(shared):
    found = tally(public(shared, "claims.csv"))
    assert [part.about for part in found.agreements] == [ISTANBUL]
    assert len(found.transfers) == 8
    assert [
        (row.about, row.quantity) for row in rows(found, "received", direction="to Ukraine") if "rem" in row.unit
    ] == [
        ("transfer:2026-01-29", 1000),
        ("transfer:2026-02-26", 1000),
    ]


def test_the_json_has_the_shape_that_readers_rely_on(shared):
    plain = tally(public(shared, "claims.csv"), as_of=date(2025, 7, 17)).to_json()
    assert list(plain) == ["as_of", "agreements", "transfers", "contradictions"]
    (agreement,) = plain["agreements"]
    assert agreement["agreement"] == "istanbul-2025-06-02"
    assert agreement["series"][0] == {
        "series": "promised",
        "about": ISTANBUL,
        "direction": "both ways",
        "unit": "bodies",
        "basis": "claims",
        "quantity": 6000,
        "quantities": [6000],
        "claims": ["C001"],
    }
    assert agreement["contradictions"][0] == {
        "about": "transfer:2025-06-16",
        "direction": "to Ukraine",
        "unit": "bodies",
        "quantities": [1245, 1248],
        "claims": ["C020", "C022"],
        "why": "figures for one quantity differ: received 1,245 (Ukraine), handed over 1,248 (Russia)",
    }
    assert plain["contradictions"] == agreement["contradictions"]
    assert [part["transfer"] for part in plain["transfers"]] == ["2025-07-17"]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


# ---- Whose figure it is ----


def test_giver_and_receiver_follow_from_the_direction():
    found = tally([received("K1", 4, 10), handed_over("K2", 4, 11)])
    assert (quantity(found, "received", convoy(4)), quantity(found, "handed over", convoy(4))) == (10, 11)


def test_what_the_giver_says_was_received_is_kept_apart():
    found = tally([received("K1", 4, 10), claim("K2", "received", "Velmark", 4, convoy(4), quantity=12)])
    assert quantity(found, "received", convoy(4)) == 10
    assert quantity(found, "said by Velmark office: received", convoy(4)) == 12
    # It is a rival claim about the same quantity all the same.
    assert of(told(found, "figures")) == [(convoy(4), "to Osterra", (10, 12), {"K1", "K2"})]


@pytest.mark.parametrize("kind", ["promise", "declared", "handed over", "received"])
def test_what_the_press_says_is_nobodys_own_figure(kind):
    own = [received("K1", 4, 10), handed_over("K2", 4, 10)]
    found = tally([*own, claim("K3", kind, "press", 4, convoy(4), quantity=10, speaker="River Post")])
    name = "promised" if kind == "promise" else kind
    assert quantity(found, f"said by River Post: {name}", convoy(4)) == 10
    assert all("K3" not in row.claims for row in rows(found, name))
    assert quantity(found, "handed over", convoy(4)) == quantity(found, "received", convoy(4)) == 10


def test_a_third_party_is_no_giver():
    both_ways = [
        received("K1", 4, 10),
        claim("K2", "received", "Velmark", 4, convoy(4), direction="to Velmark", quantity=1),
    ]
    found = tally([*both_ways, claim("K3", "handed over", "Mediator", 4, convoy(4), quantity=9)])
    assert not rows(found, "handed over")
    assert quantity(found, "said by Mediator office: handed over", convoy(4)) == 9


def test_of_several_possible_givers_none_is_guessed_until_a_person_says_who():
    said = [
        received("K1", 4, 10),
        handed_over("K2", 4, 10),
        claim("K3", "handed over", "Mediator", 4, convoy(4), quantity=9),
    ]
    assert not rows(tally(said), "handed over")
    found = tally(said, [AgreementInfo("pact", parties=("Osterra", "Velmark"))])
    assert quantity(found, "handed over", convoy(4)) == 10


def test_what_both_sides_say_jointly_is_each_ones_own():
    found = tally([claim("K1", kind, "joint", 4, convoy(4), quantity=7) for kind in ("received",)])
    assert quantity(found, "received", convoy(4)) == 7


def test_one_figure_by_several_speakers_is_one_figure():
    found = tally([received("K1", 4, 10), received("K2", 4, 10, speaker="Osterra minister")])
    (row,) = rows(found, "received", convoy(4))
    assert (row.quantity, row.quantities, row.claims) == (10, (10,), ("K1", "K2"))


def test_claims_of_one_series_that_disagree_leave_no_figure_and_no_sum():
    found = tally([received("K1", 4, 10), received("K2", 4, 12), received("K3", 5, 20)])
    (row,) = rows(found, "received", convoy(4))
    assert (row.quantity, row.quantities) == (None, (10, 12))
    assert sums(found) == {}


def test_a_quoted_claim_is_the_quoted_ones():
    quote = claim("K2", "handed over", "Osterra", 4, convoy(4), quantity=10, quoting="Velmark office")
    found = tally([received("K0", 4, 10), handed_over("K1", 4, 10), quote])
    (row,) = rows(found, "handed over", convoy(4))
    assert (row.quantity, row.claims) == (10, ("K1", "K2"))


def test_a_quotation_of_somebody_unknown_is_kept_apart():
    quote = claim("K2", "received", "Osterra", 4, convoy(4), quantity=11, quoting="an observer")
    found = tally([received("K1", 4, 10), quote])
    assert quantity(found, "received", convoy(4)) == 10
    assert quantity(found, "said by Osterra office quoting an observer: received", convoy(4)) == 11
    known = tally([received("K1", 4, 10), quote], [AgreementInfo("pact", speakers={"an observer": "Osterra"})])
    assert rows(known, "received", convoy(4))[0].quantities == (10, 11)


def test_two_speakers_of_one_name_are_told_apart_by_their_sides():
    found = tally(
        [total("K1", "Osterra", 4, 10, speaker="Ministry"), total("K2", "Velmark", 4, 11, speaker="Ministry")]
    )
    assert quantity(found, "cumulative by Ministry (Osterra)", PACT) == 10
    assert quantity(found, "cumulative by Ministry (Velmark)", PACT) == 11


# ---- Sums ----


def test_a_sum_needs_a_figure_of_the_same_side_for_every_transfer():
    said = [received("K1", 4, 10), received("K2", 5, 20), handed_over("K3", 4, 10)]
    assert sums(tally(said)) == {("received", "to Osterra", "bodies"): 30}
    # Now the giver tells of a transfer of which the receiver says nothing: neither has figures for all three.
    assert sums(tally([*said, handed_over("K4", 6, 5)])) == {}


def test_a_transfer_of_which_only_words_are_known_leaves_no_sum():
    words = claim("K3", "provenance", "Velmark", 6, convoy(6))
    assert sums(tally([received("K1", 4, 10), received("K2", 5, 20), words])) == {}


def test_an_accusation_makes_no_transfer():
    accusation = claim("K3", "accusation", "Velmark", 3, convoy(3))
    assert sums(tally([received("K1", 4, 10), received("K2", 5, 20), accusation])) == {
        ("received", "to Osterra", "bodies"): 30
    }


def test_units_are_never_mixed_in_a_sum():
    said = [received("K1", 4, 10), received("K2", 5, 20, unit="bodies (remains)")]
    assert sums(tally(said)) == {}
    both = tally([*said, received("K3", 4, 9, unit="bodies (remains)")])
    assert sums(both) == {("received", "to Osterra", "bodies (remains)"): 29}
    assert not both.contradictions


def test_a_transfer_the_other_way_does_not_stand_in_the_way():
    back = claim("K3", "received", "Velmark", 6, convoy(6), direction="to Velmark", quantity=2)
    assert sums(tally([received("K1", 4, 10), received("K2", 5, 20), back])) == {
        ("received", "to Osterra", "bodies"): 30
    }


def test_one_figure_among_several_transfers_is_no_sum():
    back = claim("K3", "received", "Velmark", 4, convoy(4), direction="to Velmark", quantity=2)
    assert sums(tally([received("K1", 4, 10), back])) == {
        ("received", "to Osterra", "bodies"): 10,
        ("received", "to Velmark", "bodies"): 2,
    }
    later = tally([received("K1", 4, 10), received("K2", 5, 20), back])
    assert sums(later) == {("received", "to Osterra", "bodies"): 30}


def test_an_announced_transfer_counts_from_its_day_on():
    said = [received("K1", 4, 10), claim("K2", "declared", "Velmark", 4, convoy(6), quantity=20)]
    assert sums(tally(said, as_of=day(5)))["received", "to Osterra", "bodies"] == 10
    assert ("received", "to Osterra", "bodies") not in sums(tally(said, as_of=day(6)))


def test_each_side_that_declares_has_a_sum_of_its_own():
    said = [
        claim("K1", "declared", "Velmark", 3, convoy(4), quantity=10),
        claim("K2", "declared", "Velmark", 3, convoy(5), quantity=20),
        claim("K3", "declared", "Osterra", 3, convoy(4), quantity=12),
    ]
    found = tally(said)
    assert quantity(found, "declared", convoy(4)) is None
    assert sums(found) == {("declared", "to Osterra", "bodies"): 30}


def test_a_transfer_said_to_have_gone_both_ways_went_each_way():
    words = claim("K3", "observation", "press", 6, convoy(6), direction="both ways")
    assert sums(tally([received("K1", 4, 10), received("K2", 5, 20), words])) == {}


def test_a_figure_of_nought_is_a_figure():
    assert sums(tally([received("K1", 4, 10), received("K2", 5, 0)])) == {("received", "to Osterra", "bodies"): 10}


def test_a_transfer_belongs_to_an_agreement_only_where_a_claim_or_a_person_links_it():
    lone = received("K2", 5, 20, agreement=None)
    apart = tally([received("K1", 4, 10), lone])
    assert sums(apart) == {("received", "to Osterra", "bodies"): 10}
    assert [part.about for part in apart.transfers] == [convoy(5)]
    linked = tally([received("K1", 4, 10), lone], links=[Link(day(5).isoformat(), "pact", since=day(7))])
    assert sums(linked) == {("received", "to Osterra", "bodies"): 30}
    assert linked.transfers == ()


def test_a_person_links_from_the_day_on_which_it_was_said():
    said = [received("K1", 4, 10), received("K2", 5, 20, agreement=None)]
    links = [Link(day(5).isoformat(), "pact", since=day(7))]
    assert sums(tally(said, links=links, as_of=day(6)))["received", "to Osterra", "bodies"] == 10
    assert sums(tally(said, links=links, as_of=day(7)))["received", "to Osterra", "bodies"] == 30


def test_a_transfer_named_by_no_day_has_the_day_on_which_it_was_said_or_recorded():
    said = [
        claim("K1", "received", "Osterra", 4, "transfer:old bridge", quantity=10),
        claim("K2", "received", "Osterra", 6, "transfer:new bridge", quantity=20),
        total("K3", "Osterra", 5, 30),
    ]
    assert told(tally(said), "sum")[0].quantities == (10, 30)
    assert not told(tally(said, transfer_days={"new bridge": day(5)}), "sum")


def test_figures_said_of_the_whole_agreement_are_not_its_sum():
    whole = claim("K3", "received", "Osterra", 9, quantity=4)
    found = tally([received("K1", 4, 10), received("K2", 5, 20), whole])
    assert {(row.quantity, row.is_sum) for row in rows(found, "received", PACT)} == {(4, False), (30, True)}


# ---- Days and corrections ----


def test_a_claim_is_known_from_the_last_day_on_which_it_may_have_been_said():
    said = [claim("K1", "promise", "Velmark", (2, 5), quantity=100)]
    assert tally(said, as_of=day(4)).series == ()
    assert quantity(tally(said, as_of=day(5)), "promised", PACT) == 100


def test_a_corrected_claim_drops_out_on_the_day_of_its_correction():
    said = [received("K1", 4, 10), handed_over("K2", 4, 12), replace(received("K3", 4, 12), supersedes="K1")]
    said[2] = replace(said[2], said=(day(8), day(8)))
    before, after = tally(said, as_of=day(7)), tally(said, as_of=day(8))
    assert (quantity(before, "received", convoy(4)), quantity(after, "received", convoy(4))) == (10, 12)
    assert of(before.contradictions) == [(convoy(4), "to Osterra", (10, 12), {"K1", "K2"})]
    assert after.contradictions == ()
    (spell,) = history(Index(said), PACT)
    assert (spell.since, spell.until, spell.contradiction.quantities) == (day(4), day(8), (10, 12))


def test_no_side_withdraws_what_the_other_said():
    said = [received("K1", 4, 10), replace(handed_over("K2", 4, 12), supersedes="K1")]
    assert quantity(tally(said), "received", convoy(4)) == 10
    assert told(tally(said), "figures")[0].quantities == (10, 12)


def test_a_running_total_that_grows_is_its_latest_figure():
    found = tally(
        [received("K1", 4, 10), received("K2", 5, 20), total("K3", "Osterra", 4, 10), total("K4", "Osterra", 5, 30)]
    )
    (row,) = rows(found, "cumulative by Osterra office")
    assert (row.quantity, row.claims) == (30, ("K4",))
    assert found.contradictions == ()


# ---- Contradictions ----


def test_promised_against_received_is_no_contradiction_but_two_promises_are():
    kept_or_not = [
        claim("K1", "promise", "Velmark", 1, quantity=100),
        received("K2", 4, 90),
        total("K3", "Osterra", 4, 90),
    ]
    assert tally(kept_or_not).contradictions == ()
    found = tally([*kept_or_not, claim("K4", "promise", "Osterra", 1, quantity=120)])
    assert of(found.contradictions) == [(PACT, "to Osterra", (100, 120), {"K1", "K4"})]
    assert quantity(found, "promised", PACT) is None


def test_declared_handed_over_and_received_of_one_transfer_are_one_quantity():
    found = tally(
        [claim("K1", "declared", "Velmark", 3, convoy(4), quantity=12), handed_over("K2", 4, 11), received("K3", 4, 10)]
    )
    assert of(found.contradictions) == [(convoy(4), "to Osterra", (10, 11, 12), {"K1", "K2", "K3"})]
    assert found.contradictions[0].why == (
        "figures for one quantity differ: declared 12 (Velmark), handed over 11 (Velmark), received 10 (Osterra)"
    )


@pytest.mark.parametrize("change", [{"unit": "bags"}, {"direction": "to Velmark"}, {"about": convoy(5)}])
def test_only_like_is_compared_with_like(change):
    assert told(tally([received("K1", 4, 10), replace(handed_over("K2", 4, 11), **change)]), "figures") == []


def test_totals_that_grow_with_a_transfer_agree_and_those_of_one_day_must():
    grown = [received("K1", 4, 10), received("K2", 5, 20), total("K3", "Osterra", 4, 10), total("K4", "Velmark", 5, 30)]
    assert tally(grown).contradictions == ()
    found = tally([*grown, total("K5", "Osterra", 5, 31)])
    assert of(told(found, "totals")) == [(PACT, "to Osterra", (30, 31), {"K4", "K5"})]


def test_totals_said_after_the_last_transfer_speak_of_the_same_state():
    said = [received("K1", 4, 10), total("K2", "Osterra", 4, 10), total("K3", "Velmark", 9, 12)]
    assert of(told(tally(said), "totals")) == [(PACT, "to Osterra", (10, 12), {"K2", "K3"})]
    more_came = [*said, claim("K4", "provenance", "Velmark", 8, convoy(8))]
    assert told(tally(more_came), "totals") == []


def test_totals_may_grow_by_transfers_of_which_nobody_spoke_in_this_direction():
    said = [received("K1", 4, 10), total("K2", "Osterra", 4, 10), total("K3", "Osterra", 6, 15)]
    assert told(tally(said), "totals") != []
    silent = claim("K4", "received", "Velmark", 6, convoy(6), direction="to Velmark", quantity=3)
    assert told(tally([*said, silent]), "totals") == []


def test_without_any_transfer_totals_of_different_days_may_grow():
    assert tally([total("K1", "Osterra", 4, 10), total("K2", "Osterra", 9, 30)]).contradictions == ()


def test_a_total_that_goes_down_is_a_contradiction():
    found = tally([total("K1", "Osterra", 4, 30), total("K2", "Osterra", 5, 20), total("K3", "Osterra", 6, 30)])
    assert of(found.contradictions) == [(PACT, "to Osterra", (20, 30), {"K1", "K2"})]
    down = tally([total("K1", "Osterra", 4, 30), total("K2", "Osterra", 5, 20)])
    assert rows(down, "cumulative by Osterra office")[0].quantities == (20, 30)
    assert quantity(down, "cumulative by Osterra office", PACT) is None


def test_totals_of_overlapping_days_may_have_been_said_in_either_order():
    assert tally([total("K1", "Osterra", (3, 6), 30), total("K2", "Osterra", (5, 8), 20)]).contradictions == ()
    assert len(tally([total("K1", "Osterra", (3, 6), 30), total("K2", "Osterra", (6, 8), 20)]).contradictions) == 1


def test_a_sum_that_does_not_add_up_is_told_with_all_its_parts():
    said = [received("K1", 4, 10), received("K2", 5, 20)]
    assert tally([*said, total("K3", "Osterra", 5, 30)]).contradictions == ()
    found = tally([*said, total("K3", "Osterra", 5, 31)])
    assert of(found.contradictions) == [(PACT, "to Osterra", (30, 31), {"K1", "K2", "K3"})]
    assert found.contradictions[0].why == (
        "a sum that does not add up: received of each transfer (Osterra) make 30, total 31"
    )


def test_the_total_of_a_day_is_compared_with_the_transfers_up_to_that_day():
    said = [received("K1", 4, 10), received("K2", 5, 20), received("K3", 6, 5)]
    assert told(tally([*said, total("K4", "Osterra", 5, 30)]), "sum") == []
    assert told(tally([*said, total("K4", "Osterra", 6, 30)]), "sum")[0].quantities == (30, 35)
    # Said on the 5th or the 6th: it is the sum of one of these days.
    assert told(tally([*said, total("K4", "Osterra", (5, 6), 30)]), "sum") == []


def test_each_side_is_held_to_its_own_figures():
    said = [received("K1", 4, 10), received("K2", 5, 20), handed_over("K3", 4, 11), handed_over("K4", 5, 20)]
    found = tally([*said, total("K5", "Velmark", 5, 31), total("K6", "Osterra", 5, 30)])
    assert told(found, "sum") == []
    found = tally([*said, total("K5", "Velmark", 5, 30)])
    assert of(told(found, "sum")) == [(PACT, "to Osterra", (30, 31), {"K3", "K4", "K5"})]


def test_where_there_is_no_sum_none_can_fail_to_add_up():
    said = [received("K1", 4, 10), handed_over("K2", 5, 20), total("K3", "Osterra", 5, 99)]
    assert told(tally(said), "sum") == []


def test_the_total_of_a_lone_transfer_is_not_held_to_that_transfer():
    lone = [
        received("K1", 4, 10, agreement=None),
        claim("K2", "cumulative", "Osterra", 4, convoy(4), quantity=990, agreement=None),
    ]
    assert tally(lone).contradictions == ()


def test_the_total_said_of_a_transfer_is_not_held_to_the_sum_of_the_agreement():
    said = [received("K1", 4, 10), claim("K2", "cumulative", "Osterra", 4, convoy(4), quantity=990, agreement=None)]
    assert tally(said).contradictions == ()
    of_the_agreement = [said[0], replace(said[1], agreement="pact")]
    assert of(told(tally(of_the_agreement), "sum")) == [(PACT, "to Osterra", (10, 990), {"K1", "K2"})]


@pytest.mark.parametrize("mirror", [False, True])
def test_rows_and_contradictions_come_by_day_whatever_the_sides_are_called(mirror):
    said = [
        handed_over("K6", 5, 21), received("K5", 5, 20), handed_over("K2", 4, 11),
        claim("K4", "received", "Velmark", 4, convoy(4), quantity=5, direction="to Velmark"),
        claim("K3", "handed over", "Osterra", 4, convoy(4), quantity=6, direction="to Velmark"),
        received("K1", 4, 10),
    ]  # fmt: skip
    if mirror:
        said = [replace(one, side=swapped(one.side), direction=swapped(one.direction)) for one in said]
    found = tally(said)
    assert [one.claims for one in found.contradictions] == [("K1", "K2"), ("K3", "K4"), ("K5", "K6")]
    assert [row.claims for row in found.series if not row.is_sum] == [
        *[("K2",), ("K3",), ("K6",)],  # handed over
        *[("K1",), ("K4",), ("K5",)],  # received
    ]


def accused(name: str, side: str, on: int, kind: str = "accusation", **more) -> Claim:
    return claim(name, kind, side, on, unit="", **more)


def test_an_accusation_and_its_denial_contradict_each_other():
    said = [accused("K1", "Velmark", 3), accused("K2", "Osterra", 3, "denial")]
    assert of(tally(said).contradictions) == [(PACT, "to Osterra", (), {"K1", "K2"})]
    assert tally(said).contradictions[0].why == "Velmark accuses, Osterra denies"


@pytest.mark.parametrize(
    "answer",
    [
        accused("K2", "Velmark", 4, "denial"),  # of the same side
        accused("K2", "Osterra", 2, "denial"),  # before the accusation
        accused("K2", "Osterra", 4, "denial", about="agreement:other"),
        accused("K2", "Osterra", 4, "denial", direction="to Velmark"),
        accused("K2", "Osterra", 4, "accusation"),
    ],
)
def test_what_does_not_answer_an_accusation_is_no_denial(answer):
    assert tally([accused("K1", "Velmark", 3), answer]).contradictions == ()


def test_an_accusation_after_the_denial_is_not_denied_by_it():
    said = [accused("K1", "Velmark", 3), accused("K2", "Osterra", 4, "denial"), accused("K3", "Velmark", 6)]
    assert of(tally(said).contradictions) == [(PACT, "to Osterra", (), {"K1", "K2"})]


def test_accusations_are_listed_whether_denied_or_not():
    found = tally([accused("K1", "Velmark", 3), accused("K2", "Osterra", 4), accused("K3", "Velmark", 5)])
    assert [(one.side, one.claims) for one in found.agreements[0].accusations] == [
        ("Velmark", ("K1", "K3")),
        ("Osterra", ("K2",)),
    ]


@pytest.mark.parametrize(
    ("wording", "name"),
    [
        ("would unilaterally transfer the bodies", "unilateral"),
        ("a Unilateral transfer", "unilateral"),
        ("one-sided, with nothing in return", "unilateral"),
        ("an exchange", "exchange"),
        ("an “exchange”", "exchange"),
        ("bodies were swapped", "exchange"),
        ("6,000 for 6,000, agreed in the second round", "exchange"),
        ("300 for 20", "exchange"),
        ("all for all", "exchange"),
        ("not an exchange but a unilateral transfer", "unilateral"),
        ("this is no exchange", None),
        ("not unilateral", None),
        ("a unilateral exchange", None),
        ("brought to the exchange site", None),
        ("the bodies were returned", None),
        ("for 6,000 families", None),
        ("", None),
    ],
)
def test_words_call_it_unilateral_or_an_exchange_or_neither(wording, name):
    assert called(wording) == name


def test_two_characterisations_contradict_each_other_and_one_does_not():
    one = claim("K1", "characterisation", "Velmark", 2, wording="a unilateral transfer", unit="")
    other = claim("K2", "characterisation", "Osterra", 2, wording="an exchange", unit="", direction="both ways")
    same = replace(other, wording="given unilaterally")
    assert [set(found.claims) for found in tally([one, other]).contradictions] == [{"K1", "K2"}]
    assert tally([one, same]).contradictions == ()
    # A remark in a denial or a forecast characterises nothing.
    assert tally([one, replace(other, kind="forecast")]).contradictions == ()


# ---- Our own record ----


def test_our_record_stands_beside_the_claims_and_is_never_mixed_with_them():
    counted = [
        Recorded(series="opened", about=convoy(4), agreement="pact", quantity=9, unit="bags", day=day(6)),
        Recorded(series="opened", about=convoy(4), agreement="pact", quantity=10, unit="bags", day=day(8)),
    ]
    said = [received("K1", 4, 12)]
    for on, expected in ((7, 9), (8, 10)):
        found = tally(said, as_of=day(on), record=counted)
        assert [(row.series, row.basis, row.quantity) for row in found.series if row.about == convoy(4)] == [
            ("received", "claims", 12),
            ("opened", "record", expected),
        ]
        assert found.contradictions == ()
    plain = tally(said, record=counted).to_json(by="recorded")
    assert [row["series"] for row in plain["agreements"][0]["series"]] == ["opened"]
    assert {row["basis"] for row in tally(said, record=counted).to_json(by="said")["agreements"][0]["series"]} == {
        "claims"
    }


# ---- By day ----


def test_the_course_shows_each_day_and_a_sum_that_ends():
    said = [received("K1", 4, 10), received("K2", 5, 20), handed_over("K3", 7, 5), total("K4", "Velmark", 7, 36)]
    shown = course(Index([claim("K0", "promise", "Velmark", 1, quantity=50), *said]), "pact", "to Osterra", "bodies")
    assert [(line.series, line.is_sum, line.points) for line in shown.lines] == [
        ("promised", False, ((day(1), 50),)),
        ("received", True, ((day(4), 10), (day(5), 30), (day(7), None))),
        ("cumulative by Velmark office", False, ((day(7), 36),)),
    ]


def test_the_course_of_an_earlier_day_knows_nothing_of_later_ones():
    index = Index([received("K1", 4, 10), received("K2", 5, 20), total("K3", "Osterra", 5, 31)])
    shown = course(index, "pact", "to Osterra", "bodies", as_of=day(4))
    assert [line.points for line in shown.lines] == [((day(4), 10),)]
    assert shown.contradictions == ()
    assert len(course(index, "pact", "to Osterra", "bodies").contradictions) == 1


def test_there_is_a_course_for_each_direction_and_unit():
    said = [
        received("K1", 4, 10),
        claim("K2", "promise", "joint", 1, direction="both ways", quantity=50),
        claim("K3", "promise", "joint", 1, direction="both ways", quantity=5, unit="prisoners"),
        total("K4", "Velmark", 6, 3, direction="to Velmark"),
    ]
    found = courses(Index(said), "pact")
    assert {(one.direction, one.unit): {line.series for line in one.lines} for one in found} == {
        ("to Osterra", "bodies"): {"promised", "received"},
        ("to Velmark", "bodies"): {"promised", "cumulative by Velmark office"},
        ("both ways", "prisoners"): {"promised"},
    }
    assert courses(Index(said), "no such") == ()


def test_an_index_names_its_subjects():
    lone = received("K2", 5, 20, agreement=None)
    assert Index([received("K1", 4, 10), lone]).subjects() == (PACT, convoy(4), convoy(5))


# ---- Laws ----

SIDES = ("Osterra", "Velmark")
KINDS = (
    *("promise", "declared", "handed over", "received", "received", "cumulative"),
    *("provenance", "accusation", "denial", "characterisation"),
)
days = st.integers(1, 7)


@st.composite
def claims(draw, most: int = 12, agreements: Sequence[str] = ("pact", "truce"), prefix: str = "K") -> list[Claim]:
    """Any claims of two sides and the press in one week: few figures and few days, so that much meets."""
    made: list[Claim] = []
    for number in range(draw(st.integers(0, most))):
        first = draw(days)
        side = draw(st.sampled_from([*SIDES, "joint", "press"]))
        agreement = draw(st.sampled_from(agreements))
        about = draw(
            st.sampled_from([f"agreement:{agreement}", f"{convoy(2)}-{agreement}", f"{convoy(4)}-{agreement}"])
        )
        kind = draw(st.sampled_from(KINDS))
        linked = draw(st.booleans()) and about.startswith("transfer:")
        made.append(
            Claim(
                id=f"{prefix}{number}",
                said=(day(first), day(draw(st.integers(first, 8)) if draw(st.booleans()) else first)),
                speaker=f"{side} {draw(st.sampled_from(['office', 'minister']))}",
                side=side,
                about=about,
                kind=kind,
                quoting=draw(st.sampled_from(["", "", "Osterra office", "Velmark office", "Velmark", "somebody"])),
                agreement=agreement if linked else None,
                quantity=draw(st.none() | st.integers(0, 3)),
                unit=draw(st.sampled_from(["bodies", "bodies", "bodies (remains)"])),
                direction=draw(st.sampled_from(["to Osterra", "to Osterra", "to Velmark", "both ways"])),
                wording=draw(st.sampled_from(["unilateral", "an exchange", "returned"])),
                supersedes=draw(st.none() | st.sampled_from([f"{prefix}{other}" for other in range(most)])),
            )
        )
    return made


def plain(found: Tally) -> str:
    return json.dumps(found.to_json())


@given(claims(), st.randoms(use_true_random=False))
def test_the_order_of_claims_does_not_matter(said, chance):
    shuffled = list(said)
    chance.shuffle(shuffled)
    assert plain(tally(shuffled)) == plain(tally(said))


def swapped(text: str) -> str:
    return text.replace("Osterra", "\0").replace("Velmark", "Osterra").replace("\0", "Velmark")


@given(claims())
def test_swapping_the_sides_swaps_their_names_and_nothing_else(said):
    mirrored = [
        replace(
            one, side=swapped(one.side), speaker=swapped(one.speaker), quoting=swapped(one.quoting),
            direction=swapped(one.direction),
        )
        for one in said
    ]  # fmt: skip
    assert plain(tally(mirrored)) == swapped(plain(tally(said)))


@given(claims(agreements=("pact",)), claims(agreements=("truce",), prefix="T"))
def test_what_is_said_of_another_agreement_changes_nothing_here(said, elsewhere):
    alone = tally(said)
    together = tally([*said, *elsewhere])
    assert [part for part in together.agreements if part.about == PACT] == list(alone.agreements)
    assert [part for part in together.transfers if part.about.endswith("pact")] == list(alone.transfers)


@given(claims(), st.integers(1, 8))
def test_on_a_day_only_what_was_known_by_then_counts(said, on):
    known = [one for one in said if one.said[1] <= day(on)]
    assert plain(tally(said, as_of=day(on))) == plain(tally(known, as_of=day(on)))


@given(claims(), st.integers(0, 12), st.lists(st.integers(1, 8), max_size=3))
def test_an_index_that_grew_answers_as_a_new_one(said, cut, asked):
    grown = Index(said[:cut])
    for on in asked:
        grown.tally(day(on))
    grown.tally()
    grown.extend(said[cut:])
    assert grown.tally() == tally(said)
    for on in range(1, 9):
        assert grown.tally(day(on)) == tally(said, as_of=day(on))


def simple_sum(said: Sequence[Claim], giver: str, receiver: str) -> dict[tuple[str, str], int]:
    """The sums toward one side, read off the definition: no quotations, no corrections, all days past."""
    direction = f"to {receiver}"
    linked = {one.about for one in said if one.agreement == "pact" and one.about.startswith("transfer:")}
    there = [one for one in said if one.about in linked]
    silent = {"promise", "accusation", "denial", "forecast"}
    this_way = {one.about for one in there if one.direction in (direction, "both ways") and one.kind not in silent}
    any_way = {one.about for one in there if one.kind not in silent}
    found: dict[tuple[str, str], int] = {}
    for series, side in (("handed over", giver), ("received", receiver)):
        for unit in ("bodies", "bodies (remains)"):
            total_of_all = 0
            for about in this_way:
                figures = {
                    one.quantity
                    for one in there
                    if (one.about, one.kind, one.unit, one.direction) == (about, series, unit, direction)
                    and one.side in (side, "joint")
                    and one.quantity is not None
                }
                if len(figures) != 1:
                    break
                total_of_all += figures.pop()
            else:
                if this_way and (len(this_way) > 1 or len(any_way) == 1):
                    found[series, unit] = total_of_all
    return found


@given(claims(most=20, agreements=("pact",)))
def test_sums_are_what_their_definition_says(said):
    said = [replace(one, quoting="", supersedes=None) for one in said if one.kind not in ("declared", "cumulative")]
    found = tally(said, [AgreementInfo("pact", parties=SIDES)])
    for receiver, giver in (SIDES, SIDES[::-1]):
        expected = simple_sum(said, giver, receiver)
        told_sums = {(s, unit): q for (s, direction, unit), q in sums(found).items() if direction == f"to {receiver}"}
        # A direction in which nobody said anything of a transfer has no sum of nothing.
        spoken = any(one.direction == f"to {receiver}" for one in said)
        assert told_sums == (expected if spoken else {})


@given(claims(most=20))
def test_a_row_has_one_figure_or_says_that_it_has_none(said):
    known = {one.id: one for one in said}
    for row in tally(said).series:
        assert row.quantities == tuple(sorted(set(row.quantities)))
        assert row.quantity == (row.quantities[0] if len(row.quantities) == 1 else None)
        assert {known[name].unit for name in row.claims} == {row.unit}
        assert {known[name].direction for name in row.claims} == {row.direction}
        if not row.is_sum:
            assert {known[name].quantity for name in row.claims} == set(row.quantities)


@given(claims(most=20))
def test_contradictions_name_the_claims_whose_figures_they_tell(said):
    known = {one.id: one for one in said}
    for one in tally(said).contradictions:
        assert len(one.claims) >= 2
        if one.quantities:
            assert len(one.quantities) >= 2
            assert {known[name].unit for name in one.claims} == {one.unit}
            assert {known[name].direction for name in one.claims} == {one.direction}
        if one.quantities and one.kind != "sum":
            assert {known[name].quantity for name in one.claims} == set(one.quantities)


# ---- The index ----


def test_a_claim_twice_is_refused_and_nothing_of_the_batch_is_taken():
    index = Index([received("K1", 4, 10)])
    with pytest.raises(ValueError, match="the same identifier"):
        index.extend([received("K2", 5, 10), received("K1", 6, 10)])
    assert len(index) == 1


def test_an_index_notices_the_correction_of_a_total_that_came_with_a_transfer():
    index = Index([claim("K1", "cumulative", "Osterra", 4, convoy(4), quantity=990)])
    assert [part.about for part in index.tally().agreements] == [PACT]
    index.extend([replace(claim("K2", "cumulative", "Osterra", 6, quantity=99), supersedes="K1")])
    assert quantity(index.tally(), "cumulative by Osterra office", PACT) == 99


def test_a_claim_about_neither_agreement_nor_transfer_is_refused():
    with pytest.raises(ValueError, match="neither a transfer nor an agreement"):
        Index([claim("K1", "received", "Osterra", 4, "convoy 7", quantity=1)])


def test_an_agreement_on_record_is_shown_before_anybody_speaks_of_it():
    info = AgreementInfo("pact", since=day(3))
    assert tally([], [info], as_of=day(2)).agreements == ()
    assert [part.about for part in tally([], [info], as_of=day(3)).agreements] == [PACT]
