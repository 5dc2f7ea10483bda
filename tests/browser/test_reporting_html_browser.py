"""Pages in Chromium: nothing leaves the screen at any width, in light and dark, and nothing is asked of a network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from leakdoc.reporting.html import to_html
from tests import reporting_values as values

pytestmark = pytest.mark.browser
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=2000",
)  # fmt: skip
LONG = "a" * 300


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is missing: apt-get install -y chromium"
    return found


def pages() -> dict[str, str]:
    leak = values.trace(grows_per_hour=60 * values.MIB)
    return {
        "diagnosis": to_html(values.diagnosis(), trace=leak),
        "proof": to_html(values.proof()),
        "long": to_html(values.diagnosis(reason=LONG, name=LONG), trace=leak),
    }


def measured(chromium: str, folder: Path, page: str, width: int) -> tuple[int, int]:
    """Return how wide the window is, and how wide its content: the page in a frame of that width, asked by a script."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "frame.html").write_text(
        f"""<!doctype html><iframe id="f" src="page.html" style="width:{width}px;height:800px;border:0"></iframe>
        <script>
        document.getElementById("f").onload = function () {{
          var root = this.contentDocument.documentElement;
          document.title = root.clientWidth + " " + root.scrollWidth;
        }};</script>""",
        encoding="utf-8",
    )
    words = [chromium, *OPTIONS, "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [*words, "--dump-dom", (folder / "frame.html").as_uri()], capture_output=True, text=True, timeout=120
    )
    found = re.search(r"<title>(\d+) (\d+)</title>", done.stdout)
    assert found, done.stderr
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("name", ["diagnosis", "proof", "long"])
@pytest.mark.parametrize("width", [320, 375, 768, 1200])
def test_nothing_is_wider_than_the_window(chromium: str, tmp_path: Path, name: str, width: int) -> None:
    window, content = measured(chromium, tmp_path, pages()[name], width)
    assert width - 20 <= window <= width
    assert content <= window


@pytest.mark.parametrize("scheme", [0, 1])
def test_a_picture_is_painted_in_light_and_in_dark(chromium: str, tmp_path: Path, scheme: int) -> None:
    (tmp_path / "page.html").write_text(pages()["proof"], encoding="utf-8")
    picture = tmp_path / "page.png"
    words = [chromium, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=375,1200"]
    words += [f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}"]
    subprocess.run([*words, (tmp_path / "page.html").as_uri()], capture_output=True, timeout=120, check=True)
    assert picture.stat().st_size > 10_000
