"""A proof as a picture for a chat, and its page in a notebook."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest

import leakdoc
from leakdoc.cli.main import main
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests.unit.verification_scenes import EPOCH, ages, leaky, noise, pages, sound, trace

PROOF = verify(leaky(ages()), sound(ages()))
PNG = b"\x89PNG\r\n\x1a\n"


def test_picture_of_a_proof_shows_both_sides_and_the_rollout():
    picture = leakdoc.plot(PROOF)
    svg = picture.svg()
    ElementTree.fromstring(svg.encode())
    assert "Normalized: payments" in svg
    assert svg.count(">rollout<") == len(picture.rows)
    assert all(len(plots) == 2 for plots in picture.rows)


def test_png_is_a_png():
    assert leakdoc.plot(PROOF).png().startswith(PNG)


@pytest.mark.parametrize("name", ["proof.png", "proof.svg"])
def test_report_writes_a_picture_by_the_suffix(tmp_path, name, capsys):
    source = write_proof(PROOF, tmp_path / "proof.json")
    assert main(["report", str(source), "-o", str(tmp_path / name)]) == 0
    content = (tmp_path / name).read_bytes()
    assert content.startswith(PNG if name.endswith("png") else b"<?xml")


def test_png_does_not_go_to_standard_output(tmp_path, capsys):
    source = write_proof(PROOF, tmp_path / "proof.json")
    assert main(["report", str(source), "--format", "png", "-o", "-"]) == 2
    assert "no text" in capsys.readouterr().err


def test_notebook_shows_the_page_in_a_frame_that_runs_nothing():
    shown = PROOF._repr_html_()
    frame = re.fullmatch(r'<iframe sandbox title="leakdoc" style="[^"]*" srcdoc="([^"]*)"></iframe>', shown)
    assert frame
    assert html.unescape(frame[1]) == leakdoc.to_html(PROOF)


def test_a_recovery_shows_what_the_incident_lifted_and_where_it_began():
    age = ages(1_200.0, 5.0)
    slow = trace(age, rss_bytes=30e6, latency_p99_s=np.where(age < 600.0, 0.2, 1.6))
    back = trace(age, at=5_000.0, rss_bytes=30e6, latency_p99_s=0.2)
    picture = leakdoc.plot(leakdoc.verify_recovered(slow, back, incident_at=EPOCH + 600.0))
    assert [plots[0].title for plots in picture.rows] == ["Latency p99 s"]
    assert [mark.label for mark in picture.rows[0][0].marks] == ["incident"]
    assert "incident" in leakdoc.to_html(leakdoc.verify_recovered(slow, back, incident_at=EPOCH + 600.0))


def workers(rates, *, at=0.0):
    """One trace of processes side by side, each of which grows by its own rate (bytes a second)."""
    age = ages(60.0)
    grown = [30e6 + rate * age + noise(len(age), 20e3, seed=place) for place, rate in enumerate(rates)]
    starts = tuple(len(age) * place for place in range(1, len(rates)))
    return trace(np.tile(age, len(rates)), at=at, lives=starts, rss_bytes=pages(np.concatenate(grown)))


def test_the_slope_beside_the_lines_of_workers_is_that_of_one_of_them():
    proof = verify(workers([150e3] * 4), workers([0.0] * 4, at=5_000.0))
    assert proof.before.findings[0].slope_per_hour.estimate == pytest.approx(4 * 150e3 * 3_600, rel=0.1)
    before, after = leakdoc.plot(proof).rows[0]
    assert before.slope.estimate == pytest.approx(150e3 * 3_600, rel=0.1)
    assert before.slope.low <= before.slope.estimate <= before.slope.high
    assert after.old_slope == before.slope.estimate
    assert "in each of 4 processes" in leakdoc.to_html(proof)


def test_a_leak_in_one_worker_of_four_is_not_drawn_through_another():
    proof = verify(workers([150e3] * 4), workers([0.0, 0.0, 0.0, 150e3], at=5_000.0))
    before, after = leakdoc.plot(proof).rows[0]
    assert proof.decision == "improved"
    assert before.slope is not None
    assert after.slope is None


def test_a_long_name_ends_where_the_picture_does():
    long = replace(PROOF.after.trace, subject=replace(PROOF.after.trace.subject, name="x" * 300))
    title = leakdoc.plot(verify(PROOF.before.trace, long)).verdict.title
    assert title.startswith(("Inconclusive: xxx", "Normalized: xxx"))
    assert len(title) == 64
    assert title.endswith("…")
