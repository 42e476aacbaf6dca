"""Fixtures of offices; a test module asks for them by `pytest_plugins = ("office_fixtures",)`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from postgresql import Server, programs, running

if TYPE_CHECKING:  # reading it sets Django up, which no other test needs
    from antigone.casework.journal.office import Office
    from small_office import Scratch, Template


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A private PostgreSQL server; tests that need it skip visibly where its programs are not installed."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed: there is no initdb, on the path or in /usr/lib/postgresql/*/bin")
    with running(bin_folder) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The small office on SQLite."""
    from small_office import Template

    return Template.build(tmp_path_factory.mktemp("sqlite") / "office")


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The small office on PostgreSQL."""
    from small_office import Template

    return Template.build(tmp_path_factory.mktemp("postgresql") / "office", postgresql)


@pytest.fixture(scope="session")
def sqlite_full_template(tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The small office after every action was done once."""
    from small_office import Template, every_action

    return Template.build(tmp_path_factory.mktemp("sqlite-full") / "office", then=every_action)


@pytest.fixture(scope="session")
def postgresql_full_template(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> "Template":
    """The same on PostgreSQL."""
    from small_office import Template, every_action

    return Template.build(tmp_path_factory.mktemp("postgresql-full") / "office", postgresql, every_action)


@pytest.fixture(params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Office]":
    """A fresh copy of an office in which every action was done, on either database."""
    template: Template = request.getfixturevalue(f"{request.param}_full_template")
    with template.copy(tmp_path / "office") as copied:
        yield copied


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Office]":
    """A fresh copy of the small office, on either database."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    with template.copy(tmp_path / "office") as copied:
        yield copied


@pytest.fixture(scope="session")
def scratch() -> "Iterator[Scratch]":
    """Empty tables for replays."""
    from small_office import Scratch

    made = Scratch()
    yield made
    made.close()
