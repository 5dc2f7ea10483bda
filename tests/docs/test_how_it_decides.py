"""Every threshold of the growth judge stands in its page, with its unit, its default and its reason."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from leakdoc.detection.stats.policy import GrowthPolicy

PAGE = (Path(__file__).parents[2] / "docs" / "how-it-decides.md").read_text()


def test_every_threshold_is_told_as_it_is() -> None:
    for field in fields(GrowthPolicy):
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{field.name}` |")]
        assert len(rows) == 1, field.name
        _, _, unit, default, why, _ = (cell.strip() for cell in rows[0].split("|"))
        assert (unit, why) == (field.metadata["unit"], field.metadata["why"])
        told = None if default == "–" else float(default.split()[0])
        assert told == (None if field.default is None else float(f"{field.default:g}")), field.name


def test_every_module_that_the_page_names_is_there() -> None:
    stats = Path(__file__).parents[2] / "leakdoc" / "detection" / "stats"
    named = {"tidying", "regular", "lives", "envelope", "binning", "basis", "shapes", "whitening", "stage", "fitting"}
    named |= {"trials", "ensemble", "mixtures", "measuring", "tail", "staircase", "rules", "verdicts"}
    assert all((stats / f"{name}.py").is_file() and f"`{name}`" in PAGE for name in named)
