"""``leakdoc doctor [TARGET]``."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines
from leakdoc.cli.targets import add_target

if TYPE_CHECKING:
    from leakdoc.attach.capabilities import Capability
    from leakdoc.model.sample import Sample

_LETTERS: Final = 100  # of a line, at most


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "With TARGET, one sample of it is taken too, to show what can be read.\n\nexample:\n  leakdoc doctor 4242"
    )
    add_target(parser, "try", optional=True, children=False)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Look, and say what works and what mends what does not."""
    from leakdoc.attach.capabilities import capabilities

    found = list(capabilities())
    sample = None if args.target is None else _one_sample(args.target)
    if args.json:
        print_json(_document(found, sample))
    else:
        print_lines([*_lines(found), *_sample_lines(sample)])
    return ANSWERED


def _one_sample(target: str) -> Sample:
    from leakdoc.sampling.sampler import Sampler
    from leakdoc.sampling.target import resolve

    return Sampler(resolve(target)).sample()


def _lines(found: list[Capability]) -> Iterator[str]:
    marks = {True: "ok", False: "missing", None: "?"}
    width = max(len(each.name) for each in found)
    for each in found:
        yield f"{marks[each.works]:<8}{each.name:<{width}}  {each.found} (for {each.used_for})"
        if each.mend is not None:
            yield f"{'':<8}{'':<{width}}  -> {each.mend}"


def _sample_lines(sample: Sample | None) -> Iterator[str]:
    if sample is None:
        return
    readable = ", ".join(sorted({column.metric for column in sample.values}))
    said = f"target  pid {sample.process.pid} can be read: {readable}"
    yield from textwrap.wrap(said, _LETTERS, subsequent_indent=" " * 8)
    for metric, reason in sorted(sample.unavailable.items()):
        yield f"        not {metric}: {reason}"


def _document(found: list[Capability], sample: Sample | None) -> dict[str, object]:
    document: dict[str, object] = {
        "schema": "leakdoc.doctor/1",
        "capabilities": [
            {"name": each.name, "works": each.works, "found": each.found, "used_for": each.used_for, "mend": each.mend}
            for each in found
        ],
    }
    if sample is not None:
        document["target"] = {
            "pid": sample.process.pid,
            "readable": sorted({column.metric for column in sample.values}),
            "unavailable": [{"metric": name, "reason": why} for name, why in sorted(sample.unavailable.items())],
        }
    return document
