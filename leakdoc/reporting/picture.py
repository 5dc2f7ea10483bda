"""``leakdoc.plot``: a verdict as a picture that can be pasted into the incident's channel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.reporting.pictures import diagnosis_plots, proof_plots
from leakdoc.reporting.plot import Plot
from leakdoc.reporting.png_file import png_of
from leakdoc.reporting.svg_file import svg_of
from leakdoc.reporting.verdict_lines import Verdict, verdict_of, verdict_of_proof


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A verdict and the plots that it rests on, ready to be drawn; a notebook shows it by itself.

    Args:
        rows: a row for each metric: one plot, or before and after.
    """

    verdict: Verdict
    rows: tuple[tuple[Plot, ...], ...]

    def svg(self) -> str:
        """Return it as an SVG document."""
        return svg_of(self.verdict, self.rows)

    def png(self) -> bytes:
        """Return it as a PNG.

        Raises:
            UsageError: matplotlib is not installed.
        """
        return png_of(self.verdict, self.rows)

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file; its suffix says how, ``.svg`` or ``.png``.

        Raises:
            UsageError: the suffix is another one.
            LeakdocError: it cannot be written.
        """
        target = Path(path)
        content = self.png() if suffix_of(target) == ".png" else self.svg().encode()
        try:
            target.write_bytes(content)
        except OSError as error:
            raise LeakdocError(
                f"{inert(os.fspath(target))} cannot be written: {inert(error.strerror or str(error))}",
                help="Name another file.",
            ) from error
        return target


def suffix_of(path: Path) -> str:
    """Return ``.svg`` or ``.png``.

    Raises:
        UsageError: the path has another suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        raise UsageError(
            f"no picture is known by the suffix of {inert(os.fspath(path))}", help="Name it *.svg or *.png."
        )
    return suffix


def plot(value: Any, path: str | os.PathLike[str] | None = None, *, trace: Trace | None = None) -> Picture:
    """Draw a verdict: the readings, the fitted growth with its interval, the limit, restarts, and the reason in words.

    Args:
        value: a proof, what a watch returned, a diagnosis with its `trace`, or anything that `leakdoc.diagnose` takes.
        path: the SVG or PNG file to write it to, by its suffix; null to write none.
        trace: the samples that a diagnosis rests on.

    Returns:
        The picture, which has `svg`, `png` and `save`, and shows itself in a notebook.

    Raises:
        UsageError: it is a diagnosis without its samples, or the file's suffix is unknown.
        SourceError: the source cannot be read.
    """
    picture = _of_proof(value) if isinstance(value, Proof) else _of_verdict(value, trace)
    if path is not None:
        picture.save(path)
    return picture


def _of_proof(proof: Proof) -> Picture:
    return Picture(verdict=verdict_of_proof(proof), rows=tuple(tuple(plots) for plots in proof_plots(proof)))


def _of_verdict(value: Any, trace: Trace | None) -> Picture:
    judged, samples = getattr(value, "diagnosis", value), trace if trace is not None else getattr(value, "trace", None)
    if not isinstance(judged, Diagnosis):
        import leakdoc

        samples = leakdoc.load_trace(value)
        judged = leakdoc.diagnose(samples)
    if samples is None:
        raise UsageError(
            "a diagnosis alone has no readings to draw", help="Give its samples: plot(diagnosis, trace=trace)."
        )
    return Picture(verdict=verdict_of(judged), rows=tuple((each,) for each in diagnosis_plots(judged, samples)))
