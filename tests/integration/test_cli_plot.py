"""``leakdoc diagnose FILE --plot`` and ``leakdoc.plot``: the verdict as a picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import leakdoc
from leakdoc.errors import UsageError

MIB = 2.0**20
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    """A CSV of a leak, with a limit in sight."""
    t = np.arange(400.0)
    values = 100 * MIB + 0.05 * MIB * t + 0.02 * MIB * np.random.default_rng(1).normal(size=len(t))
    rows = [f"{1.7e9 + at},{value:.0f},{200 * MIB:.0f}" for at, value in zip(t, values, strict=True)]
    path = tmp_path / "service <b>.csv"
    path.write_text("\n".join(["time,rss_bytes,limit_bytes", *rows]) + "\n")
    return path


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leakdoc", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_an_svg_says_the_verdict_and_draws_readings_growth_and_limit(leaking: Path, tmp_path: Path) -> None:
    done = call("diagnose", leaking, "--plot", tmp_path / "out.svg", "--limit", "130MiB")
    assert done.returncode == 1, done.stderr
    root = ElementTree.parse(tmp_path / "out.svg").getroot()
    assert root.tag == f"{SVG}svg"
    words = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "Leaking: service <b>" in words
    assert "grows" in words
    assert "limit 130 MiB" in words
    classes = {element.get("class") for element in root.iter(f"{SVG}path")}
    assert {"line", "fit", "band", "limit"} <= classes


def test_a_png_is_a_png_of_a_size_to_paste(leaking: Path, tmp_path: Path) -> None:
    done = call("diagnose", leaking, "--plot", tmp_path / "out.png", "--json")
    assert done.returncode == 1, done.stderr
    content = (tmp_path / "out.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert 600 <= width <= 2_000
    assert 300 <= height <= 2_000
    assert len(content) > 10_000


@pytest.mark.parametrize(("name", "told"), [("out.jpg", "no picture is known"), ("there.svg", "is there already")])
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_read(
    leaking: Path, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "there.svg").write_text("somebody's")
    done = call("diagnose", leaking, "--plot", tmp_path / name)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert (tmp_path / "there.svg").read_text() == "somebody's"


def test_a_folder_that_is_not_there_is_an_error_not_a_verdict(leaking: Path, tmp_path: Path) -> None:
    done = call("diagnose", leaking, "--plot", tmp_path / "no" / "out.svg")
    assert done.returncode == 4
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_files_are_not_drawn_into_one(leaking: Path, tmp_path: Path) -> None:
    done = call("diagnose", leaking, leaking, "--plot", tmp_path / "out.svg")
    assert done.returncode == 2


def test_in_python_a_path_a_diagnosis_or_a_trace_is_drawn(leaking: Path, tmp_path: Path) -> None:
    from_path = leakdoc.plot(leaking, tmp_path / "a.svg")
    trace = leakdoc.load_trace(leaking)
    from_diagnosis = leakdoc.plot(leakdoc.diagnose(trace), trace=trace)
    assert (tmp_path / "a.svg").read_text() == from_path.svg() == from_diagnosis.svg() == leakdoc.plot(trace).svg()
    assert from_path._repr_svg_() == from_path.svg()


def test_a_diagnosis_without_its_samples_is_refused(leaking: Path) -> None:
    with pytest.raises(UsageError, match="no readings to draw"):
        leakdoc.plot(leakdoc.diagnose(leaking))


def test_what_has_no_readings_is_drawn_as_words(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("time,rss_bytes\n1,\n2,\n")
    picture = leakdoc.plot(path)
    assert "Inconclusive" in picture.svg()
    assert picture.png().startswith(b"\x89PNG")


def test_what_must_last_is_asked_on_the_command_line(tmp_path: Path) -> None:
    t = np.arange(900.0)
    values = 300 * MIB + 0.1 * MIB * np.random.default_rng(2).normal(size=len(t))
    path = tmp_path / "flat.csv"
    path.write_text("time,rss_bytes\n" + "\n".join(f"{at},{value:.0f}" for at, value in zip(t, values, strict=True)))
    assert call("diagnose", path, "--limit", "301MiB").returncode == 0
    done = call("diagnose", path, "--limit", "301MiB", "--must-last", "30d")
    assert done.returncode == 3
    assert "sooner than the 30 days" in done.stdout
    assert call("diagnose", path, "--must-last", "soon").returncode == 2
