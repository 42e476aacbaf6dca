"""The manual builds without a warning, and shows its formulas without a network."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.long


def test_the_manual_builds_and_needs_no_network(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", ROOT / "docs", tmp_path]
    built = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter
    assert built.returncode == 0, built.stderr
    methods = (tmp_path / "methods.html").read_text()
    assert "<math" in methods
    assert '<script src="https:' not in methods
    assert "office.html" in (tmp_path / "index.html").read_text()
