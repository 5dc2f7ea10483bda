"""The example package of a company's own steps, made findable as an installed one is, without an installer."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "acme-steps"


def installed_in(directory: Path) -> Path:
    """Lay the package out in a directory as pip does, with its entry points, and return the directory."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    shutil.copytree(EXAMPLE / "acme_steps", directory / "acme_steps", ignore=shutil.ignore_patterns("__pycache__"))
    info = directory / f"acme_steps-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    return directory


def environment_with(directory: Path) -> dict[str, str]:
    """Return an environment in which a new process finds the package."""
    return {**os.environ, "PYTHONPATH": f"{directory}:{os.environ.get('PYTHONPATH', '')}"}


def service_in(directory: Path, *, errors: dict[str, float | None]) -> Path:
    """Make a service that runs v1, and say how many requests fail with each revision; null is not counted."""
    directory.mkdir()
    (directory / "revision").write_text("v1")
    for revision, count in errors.items():
        if count is not None:
            (directory / f"errors-{revision}").write_text(str(count))
    return directory


def deploys(service: Path) -> list[str]:
    """Return what was rolled out, in order."""
    log = service / "deploys.log"
    return [line.split()[-1] for line in log.read_text().splitlines()] if log.exists() else []
