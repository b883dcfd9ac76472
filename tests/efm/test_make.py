"""The two commands: what make installs, when it does, and what it says when it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Stands for Python: notes what it is asked, and makes a .venv that holds itself.
PYTHON = """#!/bin/sh
case "$*" in
*"import ensurepip"*) [ -z "$NO_VENV" ] ; exit ;;
*"import sys, pip"*|*"version_info"*) [ -z "$TOO_OLD" ] ; exit ;;
"-c ") exit 0 ;;
"--version") echo "Python 3.11.99" ; exit ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && chmod +x .venv/bin/python ;;
*"pip"*"--require-hashes"*) [ -z "$NO_NETWORK" ] || { echo "no route" >&2; exit 1; } ;;
esac
echo "PORT=$PORT $*" >> asked
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project folder with spaces in its path, and a tool folder with a Python of ours."""
    folder = tmp_path / "a project's Größe"
    folder.mkdir()
    for name in ("Makefile", "setup.cfg", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "cmp", "cp", "rm", "mkdir", "chmod", "sed", "echo", "printf"):
        found = shutil.which(name)
        assert found is not None, name
        (tools / name).symlink_to(found)
    (tools / "python3").write_text(PYTHON, encoding="utf-8")
    (tools / "python3").chmod(0o755)
    return folder


def make(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed here")
    environ = {"PATH": os.fspath(folder.parent / "tools"), **environ}
    return subprocess.run(
        [program, *words], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def asked(folder: Path) -> list[str]:
    """What Python was asked since the last look."""
    path = folder / "asked"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def test_help_names_every_target(project: Path) -> None:
    done = make(project)
    assert done.returncode == 0
    for target in ("run", "test", "lint", "types", "lock"):
        assert f"  {target} " in done.stdout


def test_the_first_run_installs_and_the_second_only_serves(project: Path) -> None:
    done = make(project, "run")
    assert done.returncode == 0, done.stderr
    first = asked(project)
    assert [line for line in first if "--require-hashes -r requirements.txt" in line]
    assert [line for line in first if "--no-deps --no-build-isolation --editable ." in line]
    assert first[-1] == "PORT= -m efm serve"
    assert make(project, "run").returncode == 0
    assert asked(project) == ["PORT= -m efm serve"]


def test_a_changed_lock_is_installed_again(project: Path) -> None:
    make(project, "run")
    asked(project)
    with (project / "requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write("# changed\n")
    make(project, "run")
    assert [line for line in asked(project) if "--require-hashes" in line]


def test_an_interrupted_installation_is_done_again(project: Path) -> None:
    done = make(project, "run", NO_NETWORK="1")
    assert done.returncode != 0
    assert "Is the network reached?" in done.stderr
    asked(project)
    assert make(project, "run").returncode == 0
    assert [line for line in asked(project) if "--require-hashes" in line]


def test_port_and_host_are_passed_on_either_way(project: Path) -> None:
    make(project, "run", "PORT=8001")
    assert asked(project)[-1] == "PORT=8001 -m efm serve"
    make(project, "run", PORT="8002")
    assert asked(project)[-1] == "PORT=8002 -m efm serve"


def test_tests_have_a_lock_of_their_own(project: Path) -> None:
    done = make(project, "test", "ARGS=-k 'one two'")
    assert done.returncode == 0, done.stderr
    lines = asked(project)
    assert [line for line in lines if "-r requirements-dev.txt" in line]
    assert lines[-1] == "PORT= -m pytest -k one two"


def test_without_a_fitting_python_it_says_so(project: Path) -> None:
    done = make(project, "run", TOO_OLD="1")
    assert done.returncode != 0
    assert "Python 3.11 or later was not found" in done.stderr
    assert "PYTHON=/path/to/python3 make run" in done.stderr
    assert not (project / ".venv").exists()


def test_a_python_without_venv_is_named_with_the_remedy(project: Path) -> None:
    done = make(project, "run", NO_VENV="1")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr


def test_another_python_is_taken_when_the_first_does_not_fit(project: Path) -> None:
    tools = project.parent / "tools"
    (tools / "python3").rename(tools / "python3.12")
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (tools / "python3").chmod(0o755)
    assert make(project, "run").returncode == 0
    assert asked(project)[-1] == "PORT= -m efm serve"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_locks_name_no_address_and_hash_everything(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    pins = [index for index, line in enumerate(lines) if "==" in line]
    assert len(pins) > 40
    assert all("--hash=sha256:" in lines[index + 1] for index in pins)
