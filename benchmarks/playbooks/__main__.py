"""Figures of playbooks that grow out of records: ``python -m benchmarks.playbooks [--data DIR] [--page FILE]``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path

from benchmarks.playbooks.layouts import LAYOUTS, write
from benchmarks.playbooks.measuring import (
    Figures,
    Truth,
    covered_by_others,
    figures,
    playbook_of,
    reached_by_labels,
)
from benchmarks.playbooks.page import Measured, by_incident, page
from benchmarks.playbooks.source import all_written
from benchmarks.playbooks.struggling import lines, taught
from leakdoc.errors import LeakdocError
from leakdoc.playbook.records.extracting import read_incident
from leakdoc.playbook.records.writing import as_yaml

CLASSES = {"pool_exhaustion": "connection_pool_exhaustion"}

CHANGES = {
    "write_fix": "fix", "tune_pool": "tune", "regression_test": "regression_test", "deploy_staging": "staging",
    "deploy_canary": "rollout", "promote": "rollout", "mitigate": "mitigate", "add_monitoring": "monitoring",
    "post_summary": "summary",
}  # fmt: skip


def own(folder: Path) -> dict[Path, Truth]:
    """Write the incidents that are kept here, and return their truths."""
    truths = {}
    for each in all_written():
        path = write(each, folder, "claude")
        truths[path] = Truth(
            essential=each.ids("essential"),
            dead_ends=each.ids("dead_end"),
            parameters=each.parameters,
            secrets=each.secrets,
            literals=each.literals,
            incident_class=each.about["class"],
            changes=each.changes(),
            labels=each.labels(),
        )
    return truths


def given(folder: Path) -> dict[Path, Truth]:
    """Return the truths of a folder of incidents in Claude's layout, each with its `.truth.json`."""
    truths = {}
    for path in sorted(folder.glob("*.truth.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        name = data["incident_class"]
        truths[path.with_name(path.name.replace(".truth.json", ".claude.jsonl"))] = Truth(
            essential={each["ids"]["claude"] for each in data["essential_steps_in_order"]},
            dead_ends={each["ids"]["claude"] for each in data["dead_ends"]},
            parameters={each["name"]: (each["value"], each["source"].partition(":")[0]) for each in data["parameters"]},
            secrets=[form for each in data["secrets"] for form in each["forms"]],
            literals=[*data["must_not_survive_in_generalised_commands"], *data["pii"]],
            incident_class=CLASSES.get(name, name),
            changes={
                each["ids"]["claude"]: CHANGES.get(each["kind"], "")
                for each in data["essential_steps_in_order"]
                if each["tool"] in ("exec", "edit")
            },
            labels={each["ids"]["claude"]: each["kind"] for each in data["essential_steps_in_order"]},
        )
    return truths


def told(measured: Figures, left_out: float | None, by_hand: float | None = None) -> str:
    """Return one line of the table."""
    other = " ".join("   –" if each is None else f"{each:4.2f}" for each in (left_out, by_hand))
    shares = [measured.precision, measured.events_precision, measured.dead_ends_out]
    shares += [measured.changes_right, measured.parameters, measured.parameters_precision, measured.origins]
    right = "yes" if measured.right_class else "NO"
    figures = " ".join(f"{each:4.2f}" for each in shares)
    return f"{measured.name[:38]:38} {measured.covered:4.2f} {other} {figures} {len(measured.survivors):3} {right}"


def measure(truths: dict[Path, Truth], *, verbose: bool) -> list[tuple[Figures, float | None, float | None]]:
    """Print a table of the figures of some incidents, each also covered by the others of its class, and return it."""
    print(f"{'incident':38} self loo  hand prec evpr dead chng parm ppre orig lit class")
    rows = []
    for path, truth in truths.items():
        measured = figures(path, truth)
        others = [
            each for each, known in truths.items() if each != path and known.incident_class == truth.incident_class
        ]
        by_hand = reached_by_labels(truth, [truths[each] for each in others]) if others else None
        left_out = None
        try:
            left_out = covered_by_others(path, truth, others) if others else None
        except LeakdocError as error:
            print(f"  {path.name}: the others do not merge: {error.message}")
        rows.append((measured, left_out, by_hand))
        print(told(measured, left_out, by_hand))
        if verbose:
            for name in ("missed", "stray", "missing_parameters", "unknown_parameters", "wrong_changes", "survivors"):
                if getattr(measured, name):
                    print(f"    {name}: {sorted(getattr(measured, name))}")
    for name in (
        "covered",
        "precision",
        "events_precision",
        "dead_ends_out",
        "changes_right",
        "parameters",
        "parameters_precision",
        "origins",
    ):
        print(f"mean {name}: {sum(getattr(row, name) for row, _, _ in rows) / len(rows):.3f}")
    for place, what in ((1, "covered by the others of its class"), (2, "of kinds, labelled by hand, that those have")):
        of_others = [row[place] for row in rows if row[place] is not None]
        if of_others:
            print(f"mean {what}: {sum(of_others) / len(of_others):.3f} (least {min(of_others):.2f})")
    print(f"survivors: {sum(len(row.survivors) for row, _, _ in rows)}")
    return rows


def measured(name: str, truths: dict[Path, Truth], layouts: list[list[Path]], *, verbose: bool) -> Measured:
    """Measure a set of incidents, what those that struggled teach, and every layout; print and return it."""
    rows = measure(truths, verbose=verbose)
    found = list(taught(truths))
    for line in (*lines(found), *by_incident(found)):
        print(line)
    same = sum(len({_bare(path) for path in paths}) == 1 for paths in layouts)
    print(f"the same playbook out of every layout: {same} of {len(layouts)}")
    return Measured(name=name, rows=rows, taught=found, layouts=(same, len(layouts)))


def _bare(path: Path) -> str:
    data = playbook_of(read_incident(path))
    return as_yaml({key: value for key, value in data.items() if key != "provenance"})


def _load() -> str:
    return f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.0f}, Python {platform.python_version()}."


def main() -> int:
    """Measure our own incidents, and those of `--data`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="a folder of incidents with their truth")
    parser.add_argument("--verbose", action="store_true", help="name what was missed")
    parser.add_argument("--page", type=Path, help="write the table of figures to this file, as Markdown")
    args = parser.parse_args()
    sets = []
    with tempfile.TemporaryDirectory() as folder:
        print("== our own incidents")
        truths = own(Path(folder))
        layouts = [[write(each, Path(folder), layout) for layout in LAYOUTS] for each in all_written()]
        sets.append(measured("our own", truths, layouts, verbose=args.verbose))
        if args.data:
            print("== those of", args.data)
            truths = given(args.data)
            layouts = [
                [Path(str(path).replace(".claude.jsonl", f".{end}")) for end in LAYOUTS.values()] for path in truths
            ]
            sets.append(measured("given", truths, layouts, verbose=args.verbose))
    if args.page:
        args.page.write_text(page(sets, where=_load()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
