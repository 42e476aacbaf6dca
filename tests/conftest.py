"""What all tests share: Hypothesis profiles, and the folder of peers' answers where it is there."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Ordinary runs look at few examples, long ones at many; of what takes seconds an example (COSTLY) at fewer.
settings.register_profile(
    "default",
    max_examples=12,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("long", settings.get_profile("default"), max_examples=300)
settings.register_profile("costly", settings.get_profile("default"), max_examples=30)
settings.load_profile("default")

# Modules whose examples are whole families, searches or cases. `make test-long` runs them by themselves.
COSTLY = frozenset(
    f"test_{name}"
    for name in (
        "allele_vectors", "answers_power", "assignment", "batched_tables", "coincidences", "consistency",
        "country_search", "descriptions", "discrete_laplace", "exclusion_power", "joint_answer", "lineage_files",
        "lineages", "linked_pairs", "mixtures", "next_sample", "nongenetic", "placings", "power", "quick_looks",
        "reassociation", "references", "resident", "rivals", "tails", "x_line",
    )
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is costly."""
    for item in items:
        if item.path.stem in COSTLY:
            item.add_marker(pytest.mark.costly)


SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the repository with other programs' answers and real files; tests that need it skip visibly."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    return SHARED


@pytest.fixture
def antigone(capsys, monkeypatch):
    """Run a command in this process; gives exit status, what was printed, and what was said as errors."""

    from antigone.cli import app

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["antigone", *map(str, arguments)])
        try:
            app.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def case(tmp_path) -> Path:
    """The folder of an operation small enough to know by heart."""
    from antigone.formats.case_folder import write_case_folder
    from small_operation import small_operation

    write_case_folder(small_operation(), tmp_path / "case")
    return tmp_path / "case"
