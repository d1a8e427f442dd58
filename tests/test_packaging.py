"""What is declared in several places agrees, and what the README promises is what runs."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    if not (ROOT / "environment.yml").is_file():
        pytest.skip("not a source checkout")
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"])


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def split(requirement: str) -> tuple[str, str]:
    """Name of a package, and when it is needed."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return canonical(name.group()), requirement.partition(";")[2].strip()


def declared(project: dict[str, Any]) -> dict[str, str]:
    requirements = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    return dict(split(r) for r in requirements if not r.startswith("samplemind["))


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {canonical(line.partition("==")[0]): line for line in lines if line and not line.startswith("#")}


def test_conda_environment_names_the_same_packages(project: dict[str, Any]) -> None:
    lines = (ROOT / "environment.yml").read_text().partition("- pip:")[2].splitlines()
    items = [line.strip().removeprefix("- ") for line in lines if line.strip().startswith("- ")]
    assert dict(split(item) for item in items if not item.startswith("-")) == declared(project)


def test_constraints_are_names_and_versions_only() -> None:
    for line in pins().values():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+]+(; python_version [<>=]+ '3\.\d+')?", line), line


def test_everything_the_tests_need_is_constrained(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    needed = {split(r)[0] for r in [*project["dependencies"], *extras["test"], *extras["dev"]]} - {"samplemind"}
    assert needed <= set(pins())


def test_lower_bounds_admit_the_tested_versions(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *extras["test"], *extras["dev"]]:
        requirement = Requirement(text)
        if requirement.name != "samplemind":
            version = pins()[canonical(requirement.name)].partition("==")[2]
            assert requirement.specifier.contains(version, prereleases=True), text


def test_every_import_of_the_package_is_declared(project: dict[str, Any]) -> None:
    known = set(declared(project)) | {"samplemind"}
    for file in (ROOT / "samplemind").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                top = name.partition(".")[0]
                assert top in sys.stdlib_module_names or canonical(top) in known, f"{file}: {name}"


def test_one_version_everywhere(project: dict[str, Any]) -> None:
    import samplemind

    assert project["version"] == samplemind.__version__ == metadata.version("samplemind")
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_readme_has_one_line_to_try_it_and_one_to_test_it(project: dict[str, Any]) -> None:
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("samplemind demo")
    assert "-m pytest" in lines[1]
    for line in lines:
        assert "-c constraints.txt" in line


def test_the_command_and_the_module_are_the_same_program() -> None:
    from samplemind.cli import main

    scripts = metadata.entry_points(group="console_scripts", name="samplemind")
    assert [script.load() for script in scripts] == [main]


def test_the_licence_is_agpl(project: dict[str, Any]) -> None:
    assert project["license"] == "AGPL-3.0-or-later"
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
