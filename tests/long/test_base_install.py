"""`pip install antigone`, as somebody has it who is not a developer."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.long


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A fresh environment with the pinned packages of the base install and a wheel of this checkout."""
    folder = tmp_path_factory.mktemp("base")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    pip = (folder / "env" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "base.txt", cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    return folder


def test_the_base_install_simulates_and_identifies(installed):
    antigone = installed / "env" / "bin" / "antigone"
    run(antigone, "simulate", "--scale", "0.005", "--missing", "10", "--out", "case", cwd=installed)
    run(antigone, "identify", "case", "--out", "report", "--quiet", cwd=installed)
    assert (installed / "report" / "report.html").stat().st_size > 10_000


def test_the_science_needs_no_web_framework(installed):
    program = (
        "import sys, antigone.genetics.hypotheses, antigone.matching.hits; "
        "print([m for m in ('django', 'jinja2', 'polars', 'pydantic', 'typer', 'matplotlib') if m in sys.modules])"
    )
    assert run(installed / "env" / "bin" / "python", "-c", program, cwd=installed).strip() == "[]"


def test_commands_of_the_office_say_that_it_is_missing(installed):
    antigone = installed / "env" / "bin" / "antigone"
    done = subprocess.run([antigone, "backup"], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert "pip install 'antigone[office]'" in done.stderr
