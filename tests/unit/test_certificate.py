"""The certificate of a search: all that was accepted was used, and whatever differs from its case is named."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antigone.cli import app
from antigone.execution.engine import engine
from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.formats.errors import InputError
from antigone.genetics.mutation import NO_MUTATION
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import conclusions as concluding
from antigone.matching.batched_tables import TableBatches
from antigone.matching.certificate import (
    IncompleteSearchError,
    certificate_of,
    certify,
    digest_of_statement,
    recomputed,
)
from antigone.matching.conclusions import conclude
from antigone.matching.operation import Individual, LeftOut, Operation
from antigone.matching.plain_search import search_plainly
from antigone.matching.search import search
from antigone.matching.sweep import Sweep
from antigone.report.certificate import certificate_text, read_certificate
from antigone.report.certificate_differences import differences
from antigone.report.results import write_results
from antigone.report.supplements import supplement
from small_operation import profile, small_operation

ENGINE = {"antigone": "1"}


def of(operation: Operation, **options):
    return certify(operation, search(operation, **options), ENGINE, doubtful=(), reassociation=False)


def changed(operation: Operation) -> tuple[str, ...]:
    """What the certificate of the small operation has against this one."""
    return differences(of(small_operation()).statement(), of(operation).statement())


def with_individual(which: int, **changes) -> Operation:
    operation = small_operation()
    dead = list(operation.individuals)
    dead[which] = replace(dead[which], **changes)
    return replace(operation, individuals=tuple(dead))


def with_family(which: int, **changes) -> Operation:
    operation = small_operation()
    families = list(operation.families)
    families[which] = replace(families[which], **changes)
    return replace(operation, families=tuple(families))


# --- what it states ---------------------------------------------------------------------------------------------------


def test_it_counts_the_pairs_as_a_product_and_block_by_block():
    stated = of(small_operation()).statement()
    assert stated["pairs"] == {"individuals": 3, "missing_persons": 2, "product": 6, "blocks": [6], "sum": 6}
    assert stated["used"] == {"remains": 3, "samples_of_families": 3}
    assert list(stated["remains"]) == ["R1", "R2", "=R3"]
    assert list(stated["families"]["F1"]["samples"]) == ["F1-FA", "F1-MO"]
    assert stated["left_out"] == []


def test_the_plain_search_counts_the_same():
    def counts(result):
        one = result.comparisons
        return one.by_individual.tolist(), one.by_missing.tolist(), sum(one.by_block), one.said.tolist(), one.samples

    assert counts(search(small_operation())) == counts(search_plainly(small_operation())) == (
        [2, 2, 2], [3, 3], 6, [[True] * 3] * 2,
        {"F1": frozenset({"F1-FA", "F1-MO"}), "F2": frozenset({"F2-S1"})},
    )  # fmt: skip


def many_families() -> Operation:
    """More missing persons than stand in one block."""
    operation = small_operation()
    family = operation.families[1]
    return replace(operation, families=tuple(replace(family, name=f"G{k}") for k in range(700)))


def test_the_same_input_gives_the_same_bytes_on_any_number_of_threads():
    operation = many_families()
    texts = {certificate_text(of(operation, threads=threads)) for threads in (1, 2, 3)}
    assert len(texts) == 1
    assert json.loads(texts.pop())["pairs"]["blocks"] == [512 * 3, 188 * 3]


def test_remains_that_were_put_together_are_each_accounted_for():
    operation = small_operation()
    part = replace(operation.individuals[0], id="R4", bag="B9", samples=("S9",))
    both = replace(operation, individuals=(*operation.individuals, part), settings=replace(operation.settings))
    joined = replace(
        operation.individuals[0], id="R1+R4", remains=("R1", "R4"),
        profile=operation.individuals[0].profile.joined(part.profile, "S1;S9"),
    )  # fmt: skip
    searched = replace(both, individuals=(joined, *operation.individuals[1:]))
    certificate = certify(both, search(searched), ENGINE, doubtful=(), reassociation=True)
    assert certificate.individuals["R1+R4"] == ("R1", "R4")
    assert (certificate.remains_used, certificate.pairs.individuals) == (4, 3)
    # … and with everything that was read of each.
    without = replace(joined, profile=operation.individuals[0].profile)
    searched = replace(both, individuals=(without, *operation.individuals[1:]))
    with pytest.raises(IncompleteSearchError, match="remains R1 and R4, all that was read at AMEL, D3S1358, FGA, TH01"):
        certify(both, search(searched), ENGINE, doubtful=(), reassociation=True)


# --- what was left out, and why ---------------------------------------------------------------------------------------


def test_who_has_too_few_markers_is_listed_with_the_reason():
    operation = with_individual(2, profile=profile("S3", vWA=(16, 17)))
    family = operation.families[0]
    family = replace(family, profiles={**family.profiles, "F1-MO": profile("S5", vWA=(16, 17))})
    certificate = of(replace(operation, families=(family, operation.families[1])))
    assert [(one.what, one.id) for one in certificate.left_out] == [
        ("individual", "=R3"),
        ("sample", "F1-MO, family F1"),
    ]
    assert all(one.reason.startswith("too few markers") for one in certificate.left_out)
    assert (certificate.remains_used, certificate.samples_used) == (2, 2)


def test_a_missing_person_whose_family_gave_nothing_is_listed_though_compared():
    certificate = of(with_family(1, profiles={}))
    assert [(one.what, one.id) for one in certificate.left_out] == [("missing person", "F2-M1, family F2")]
    assert certificate.left_out[0].reason.startswith("too few markers")
    assert certificate.pairs.sum == 6


def test_a_mixture_stands_among_what_was_left_out_or_is_an_error():
    mixture = Individual("R9", profile("S9", TH01=(6, 7)))
    told = LeftOut("individual", "R9", "more than two alleles at 3 markers: a mixture waits for resampling")
    operation = replace(small_operation(), mixtures=(mixture,), left_out=(told,))
    assert told in of(operation).left_out
    with pytest.raises(IncompleteSearchError, match="remains R9, a mixture"):
        of(replace(operation, left_out=()))


def test_a_family_that_contradicts_itself_is_counted_and_not_named():
    """Which marker of which family it is can tell of parentage, and a certificate is made to be handed on."""
    family = small_operation().families[0]
    torn = {**family.profiles, "F1-M1": profile("S9", D3S1358=(11, 12))}
    operation = with_family(0, profiles=torn)
    operation = replace(operation, settings=replace(operation.settings, mutation=NO_MUTATION))
    certificate = of(operation)
    assert certificate.left_out_in_one_family == 1
    # The sample that has nothing but this marker could not be used; by the certificate nobody learns why.
    assert [(one.id, one.reason) for one in certificate.left_out] == [
        ("F1-M1, family F1", "no marker of it could be used")
    ]


def test_a_family_that_is_too_large_is_left_out_with_its_samples(monkeypatch):
    operation = small_operation()
    result = search(operation)
    reason = LeftOut("missing person", "F2-M1, family F2", "too large")
    counted = result.comparisons
    halved = replace(
        result, missing=result.missing[:1], not_searched=(reason,),
        comparisons=replace(
            counted, by_individual=counted.by_individual - 1, by_missing=counted.by_missing[:1], by_block=(3,),
            said=counted.said[:1],
        ),
    )  # fmt: skip
    certificate = certify(operation, halved, ENGINE, doubtful=(), reassociation=False)
    assert [(one.what, one.id) for one in certificate.left_out] == [
        ("missing person", "F2-M1, family F2"),
        ("sample", "F2-S1, family F2"),
    ]
    with pytest.raises(IncompleteSearchError, match="missing person F2-M1, family F2"):
        certify(operation, replace(halved, not_searched=()), ENGINE, doubtful=(), reassociation=False)


# --- accepted and not searched: an error that names it ----------------------------------------------------------------


def test_remains_that_the_search_forgot_are_named():
    operation = small_operation()
    result = search(replace(operation, individuals=operation.individuals[:2]))
    with pytest.raises(IncompleteSearchError, match="remains =R3") as error:
        certify(operation, result, ENGINE, doubtful=(), reassociation=False)
    assert "R1" not in str(error.value)


def test_a_donor_whom_the_tables_forgot_is_named(monkeypatch):
    init = TableBatches.__init__

    def forgetful(self, missing, *rest):
        init(self, missing, *rest)
        family = missing[0][0]
        mother = family.pedigree.position("F1-MO")
        self.codes[id(family)] = [(k, codes) for k, codes in self.codes[id(family)] if k != mother]

    monkeypatch.setattr(TableBatches, "__init__", forgetful)
    with pytest.raises(IncompleteSearchError, match=r"accepted and not searched: the sample of F1-MO, family F1\."):
        of(small_operation())


def test_a_donor_whom_the_operation_forgot_on_its_way_is_named():
    operation = small_operation()
    fewer = with_family(0, profiles={"F1-FA": operation.families[0].profiles["F1-FA"]})
    with pytest.raises(IncompleteSearchError, match="the sample of F1-MO, family F1"):
        certify(operation, search(fewer), ENGINE, doubtful=(), reassociation=False)


def test_a_missing_person_whom_a_block_forgot_is_named(monkeypatch):
    over = Sweep.over

    def forgetful(self, block, *rest):
        # As if the person had been refused, and nobody had written it down.
        swept = over(self, replace(block, refused={1: None}), *rest)
        return replace(swept, block=block)

    monkeypatch.setattr(Sweep, "over", forgetful)
    with pytest.raises(IncompleteSearchError) as error:
        of(small_operation())
    assert "missing person F2-M1, family F2, compared with 0 of 3 individuals" in error.value.what
    assert "remains R1, compared with 1 of 2 missing persons" in error.value.what


def test_pairs_that_a_block_did_not_count_are_an_error():
    operation = small_operation()
    result = search(operation)
    fewer = replace(result, comparisons=replace(result.comparisons, by_block=(5,)))
    with pytest.raises(IncompleteSearchError, match="some of 3 × 2 = 6 pairs, as counted by blocks 5"):
        certify(operation, fewer, ENGINE, doubtful=(), reassociation=False)
    fewer = replace(result, comparisons=replace(result.comparisons, by_individual=np.array([2, 2, 1])))
    with pytest.raises(IncompleteSearchError, match="remains =R3, compared with 1 of 2 missing persons"):
        certify(operation, fewer, ENGINE, doubtful=(), reassociation=False)


def doubtful_operation() -> Operation:
    """A daughter of the second family who cannot be her parents' child: at no marker."""
    people = Pedigree.build(
        [
            Person("F3-FA", sex=Sex.MALE), Person("F3-MO", sex=Sex.FEMALE),
            Person("F3-M1", "F3-FA", "F3-MO", Sex.MALE), Person("F3-S1", "F3-FA", "F3-MO", Sex.FEMALE),
        ],
        family="F3",
    )  # fmt: skip
    operation = small_operation()
    samples = {
        "F3-FA": profile("S7", D3S1358=(14, 15), TH01=(6, 7), FGA=(20, 21)),
        "F3-MO": profile("S8", D3S1358=(14, 15), TH01=(6, 7), FGA=(20, 21)),
        "F3-S1": profile("S9", D3S1358=(17, 18), TH01=(8, 9), FGA=(23, 25)),
    }
    family = replace(operation.families[0], name="F3", pedigree=people, missing=("F3-M1",), profiles=samples)
    return replace(operation, families=(replace(family, missing_since={}), operation.families[1]))


def test_a_family_that_does_not_fit_was_searched_sample_by_sample_or_it_is_an_error():
    found = conclude(doubtful_operation(), reassociation=False)
    assert certificate_of(found, ENGINE).provisional == ("F3",)
    # Three samples alone, three times two of them, at least: with three individuals each.
    assert found.provisional_pairs["F3"] >= 6 * 3
    with pytest.raises(IncompleteSearchError, match="family F3, sample by sample"):
        certificate_of(replace(found, provisional_pairs={}), ENGINE)


# --- what differs is named --------------------------------------------------------------------------------------------


def test_nothing_differs_from_the_same_case():
    assert changed(small_operation()) == ()


def test_one_allele_of_the_dead_is_named():
    other = profile("S3", D3S1358=(18, 18), TH01=(7, 8))
    assert "remains =R3: its profile is not the one that was searched" in changed(with_individual(2, profile=other))


def test_one_allele_of_a_donor_is_named_and_no_other_donor():
    samples = small_operation().families[0].profiles
    mother = profile("S5", D3S1358=(16, 17), TH01=(9, 9), FGA=(22, 24))
    said = changed(with_family(0, profiles={**samples, "F1-MO": mother}))
    assert said[0] == "family F1: the profile of F1-MO is not the one that was searched"
    assert not any("F1-FA" in line or "F2" in line or "remains" in line for line in said)


def test_a_donor_who_went_and_one_who_came_are_named():
    samples = small_operation().families[0].profiles
    fewer = with_family(0, profiles={"F1-FA": samples["F1-FA"]})
    assert "family F1: the sample of F1-MO was searched and is gone" in changed(fewer)
    back = differences(of(fewer).statement(), of(small_operation()).statement())
    assert "family F1: the sample of F1-MO was not searched" in back
    assert "used, samples_of_families: 2 in the certificate, 3 now" in back


def test_remains_that_went_and_remains_that_came_are_named():
    operation = small_operation()
    fewer = replace(operation, individuals=operation.individuals[:2])
    said = changed(fewer)
    assert "remains =R3: searched, says the certificate; not among what the case holds" in said
    assert "pairs, product: 6 in the certificate, 4 now" in said
    back = differences(of(fewer).statement(), of(operation).statement())
    assert "remains =R3: in the case; the certificate does not name it, so it was not searched" in back


def test_one_setting_is_named_with_both_values():
    operation = small_operation()
    said = changed(replace(operation, settings=replace(operation.settings, theta=0.01)))
    assert "setting theta: 0.0 in the certificate, 0.01 now" in said
    assert not any("remains" in line or "family" in line for line in said)


def test_a_pedigree_and_what_stands_beside_it_are_named():
    family = small_operation().families[0]
    brother = Pedigree.build([*family.pedigree.persons, Person("F1-B1", "F1-FA", "F1-MO", Sex.MALE)], family="F1")
    assert changed(with_family(0, pedigree=brother))[0] == "family F1: its pedigree is not the one that was searched"
    assert changed(with_family(0, missing_since={"F1-M1": 2023}))[0].startswith(
        "family F1: what is recorded beside pedigree and profiles"
    )
    assert changed(with_individual(0, age_min=21))[0].startswith("remains R1: what is recorded beside its profile")


def test_another_engine_and_another_reason_are_named():
    one = of(small_operation()).statement()
    other = certify(
        replace(small_operation(), left_out=(LeftOut("sample", "S77", "no profile"),)),
        search(small_operation()), {"antigone": "2"}, doubtful=(), reassociation=False,
    ).statement()  # fmt: skip
    said = differences(one, other)
    assert "engine antigone: 1 in the certificate, 2 now" in said
    assert "left out now, and the certificate does not say so: sample S77: no profile" in said
    assert "left out, says the certificate, and not now: sample S77: no profile" in differences(other, one)


# --- the file and the command -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def searched(tmp_path_factory) -> Path:
    """A folder with a case and its report."""
    folder = tmp_path_factory.mktemp("searched")
    write_case_folder(small_operation(), folder / "case")
    found = conclude(read_case_folder(folder / "case"))
    write_results(found, folder / "report", seconds=dict, beside=supplement(found))
    return folder


@pytest.fixture
def check(capsys, monkeypatch):
    def run(*arguments: object) -> tuple[int, list[str], str]:
        monkeypatch.setattr(sys, "argv", ["antigone", "certificate", "check", "--quiet", *map(str, arguments)])
        try:
            app.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        printed = capsys.readouterr()
        return status, printed.out.splitlines(), printed.err

    return run


def copied(searched: Path, tmp_path: Path) -> Path:
    for folder in ("case", "report"):
        (tmp_path / folder).mkdir()
        for file in (searched / folder).iterdir():
            (tmp_path / folder / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_certificate_holds_for_its_case(searched, check):
    status, said, _ = check(searched / "report" / "certificate.json")
    assert status == 0
    (line,) = said
    assert line == (
        "The certificate holds: 3 individuals × 2 missing persons = 6 pairs, counted 6; 3 profiles of the dead and "
        "3 samples of families used; 0 entries left out."
    )


def test_the_file_is_what_is_computed_again(searched):
    again = recomputed(read_case_folder(searched / "case"), engine(), reassociation=True)
    assert (searched / "report" / "certificate.json").read_text() == certificate_text(again)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("profiles.csv", "S3,,TH01,7,7", "S3,,TH01,7,8", "remains =R3: its profile is not the one that was searched"),
        (
            "profiles.csv", "S6,,TH01,7,8", "S6,,TH01,7,9",
            "family F2: the profile of F2-S1 is not the one that was searched",
        ),
        ("case.toml", "threshold = 0.5", "threshold = 0.75", "setting threshold: 0.5 in the certificate, 0.75 now"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_case_is_named_and_the_status_is_1(searched, tmp_path, check, file, old, new, said):
    changed_file = copied(searched, tmp_path) / "case" / file
    text = changed_file.read_text()
    assert text.count(old) == 1
    changed_file.write_text(text.replace(old, new))
    status, lines, _ = check(tmp_path / "report" / "certificate.json")
    assert status == 1
    assert said in lines
    assert lines[-1].startswith("The certificate does not hold: ")


def test_a_certificate_that_was_changed_by_hand_is_refused(searched, tmp_path, check):
    file = copied(searched, tmp_path) / "report" / "certificate.json"
    file.write_text(file.read_text().replace('"product": 6', '"product": 8'))
    status, _, err = check(file)
    assert status == 2
    assert "certificate.json, column digest: found" in err
    assert "the file was changed since it was written" in err


def test_a_certificate_with_a_fitting_digest_and_false_counts_does_not_hold(searched, tmp_path, check):
    file = copied(searched, tmp_path) / "report" / "certificate.json"
    stated = json.loads(file.read_text())
    del stated["remains"]["R2"]
    stated["pairs"] |= {"product": 4, "sum": 4}
    file.write_text(json.dumps({**stated, "digest": digest_of_statement(stated)}))
    status, said, _ = check(file)
    assert status == 1
    assert "remains R2: in the case; the certificate does not name it, so it was not searched" in said
    assert "pairs, sum: 4 in the certificate, 6 now" in said


def test_which_case_it_is_must_be_said_where_several_lie_beside_it(searched, tmp_path, check):
    folder = copied(searched, tmp_path)
    write_case_folder(small_operation(), folder / "other")
    status, _, err = check(folder / "report" / "certificate.json")
    assert status == 2
    assert "2 case folders beside ‘report’ (case, other); expected --case CASE" in err
    assert check(folder / "report" / "certificate.json", "--case", folder / "case")[0] == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "certificate.json, line 1, column 2"),
        ("[]", "certificate.json, line 1: found ‘[]’"),
        ("{}", "certificate.json, column format: found no ‘format’"),
        ('{"format": "antigone completeness certificate", "version": 9}', "column version: found ‘9’"),
        ('{"format": "antigone completeness certificate", "version": true}', "column version: found ‘True’"),
        (
            '{"format": "antigone completeness certificate", "version": 1, "reassociation": "no"}',
            "column reassociation: found ‘no’",
        ),
        (
            '{"format": "antigone completeness certificate", "version": 1, "reassociation": true, "x": NaN}',
            "NaN is not a JSON number",
        ),
        (b'{"format": "\xff"}', "certificate.json: found 'utf-8' codec can't decode"),
    ],
)
def test_a_file_that_is_no_certificate_is_told_where_and_how(tmp_path, text, found):
    file = tmp_path / "certificate.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as error:
        read_certificate(file)
    assert found in str(error.value)


def test_an_incomplete_search_writes_nothing_and_is_said_in_words(tmp_path, monkeypatch, capsys):
    write_case_folder(small_operation(), tmp_path / "case")
    search_all = concluding.search

    def forgetful(operation, **options):
        return search_all(replace(operation, individuals=operation.individuals[:2]), **options)

    monkeypatch.setattr(concluding, "search", forgetful)
    arguments = ["antigone", "identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet"]
    monkeypatch.setattr(sys, "argv", [str(one) for one in arguments])
    with pytest.raises(SystemExit) as stop:
        app.main()
    assert stop.value.code == 2
    assert "accepted and not searched: remains =R3" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_the_order_in_which_markers_were_written_is_no_difference():
    one = small_operation().individuals[2].profile
    turned = Profile(one.sample, dict(reversed(one.readings.items())))
    assert changed(with_individual(2, profile=turned)) == ()
