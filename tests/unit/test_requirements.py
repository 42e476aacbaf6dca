"""Pinned versions: every package with digests, and no host and no path of anybody's machine."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["base", "dev"])
def test_pins_name_no_host_and_no_path(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host|/home/|/root/", text)


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_pin_has_a_digest(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^\s;]+", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_an_extra_that_a_pinned_package_asks_for_is_pinned_with_it():
    pinned = (ROOT / "requirements" / "dev.txt").read_text()
    installed = {distribution.name.lower(): distribution for distribution in distributions()}
    asked = {
        (match[1].lower(), extra.strip())
        for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", pinned, re.MULTILINE)
        if name.lower() in installed
        for requirement in installed[name.lower()].requires or ()
        if "extra ==" not in requirement and (match := re.match(r"([A-Za-z0-9._-]+)\s*\[([^]]+)\]", requirement))
        for extra in match[2].split(",")
    }
    for package, extra in asked:
        assert re.search(rf"^{package}\[[^]]*{extra}[^]]*\]==", pinned, re.MULTILINE | re.IGNORECASE), package


def test_what_the_project_needs_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements" / "base.txt").read_text(), re.MULTILINE))
    for requirement in project["dependencies"]:
        assert re.split(r"[<>=~!\s\[]", requirement)[0].lower() in pinned
