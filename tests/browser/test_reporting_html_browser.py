"""Pages in Chromium: nothing leaves the screen at any width, nothing is asked of a network, no error is logged."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from leakdoc.model.decision import Decision
from leakdoc.reporting.html import to_html
from tests import reporting_values as values

pytestmark = pytest.mark.browser
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--enable-logging=stderr",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=2000",
    "--allow-file-access-from-files", "--disable-dev-shm-usage",
)  # fmt: skip
WIDTHS = (320, 375, 768, 1200)
LONG = "a" * 300
LEAK = values.trace(grows_per_hour=60 * values.MIB)
PAGES = {
    "diagnosis": to_html(values.diagnosis(), trace=LEAK),
    "proof": to_html(values.proof()),
    "long": to_html(values.diagnosis(reason=LONG, name=LONG), trace=LEAK),
}
REACHES_OUT = PAGES["proof"].replace("</main>", '<img src="http://127.0.0.1:9/x.png" alt=""></main>')


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("pages were not looked at in a browser: apt-get install -y chromium")
    return found


def dumped(chromium: str, folder: Path, page: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Return the document that Chromium ends with, and on standard error what it logged."""
    (folder / "frame.html").write_text(page, encoding="utf-8")
    words = [chromium, *OPTIONS, f"--user-data-dir={folder / 'profile'}", *more]
    return subprocess.run(
        [*words, "--dump-dom", (folder / "frame.html").as_uri()], capture_output=True, text=True, timeout=300
    )


def framed(names: list[str]) -> str:
    """Write a page that loads each page at each width, and says how wide window and content are."""
    frames = "".join(
        f'<iframe src="{name}.html" data-name="{name}" style="width:{width}px;height:800px;border:0"></iframe>'
        for name in names
        for width in WIDTHS
    )
    return f"""<!doctype html>{frames}<p id="out"></p><script>
    addEventListener("load", function () {{
      document.getElementById("out").textContent = JSON.stringify(
        Array.from(document.querySelectorAll("iframe"), function (frame) {{
          var root = frame.contentDocument.documentElement;
          return [frame.dataset.name, frame.offsetWidth, root.clientWidth, root.scrollWidth,
            frame.contentDocument.querySelectorAll("figure svg").length];
        }}));
    }});</script>"""


def test_nothing_is_wider_than_the_window_at_any_width_and_nothing_is_logged(chromium: str, tmp_path: Path) -> None:
    for name, page in PAGES.items():
        (tmp_path / f"{name}.html").write_text(page, encoding="utf-8")
    done = dumped(chromium, tmp_path, framed(list(PAGES)))
    found = re.search(r'<p id="out">(.+?)</p>', done.stdout)
    assert found, done.stderr
    measured = json.loads(found[1])
    assert len(measured) == len(PAGES) * len(WIDTHS)
    for name, width, window, content, pictures in measured:
        assert width - 20 <= window <= width, name
        assert content <= window, (name, width)
        assert pictures > 0, name
    assert "CONSOLE" not in done.stderr


def test_no_verdict_breaks_in_two(chromium: str, tmp_path: Path) -> None:
    lines = """<script>
    addEventListener("load", function () {
      var words = document.createRange(), out = document.createElement("p");
      words.selectNodeContents(document.querySelector('td[data-label="Decision"]'));
      out.textContent = words.toString() + " in " + words.getClientRects().length;
      out.id = "out";
      document.body.append(out);
    });</script></body>"""
    for each in (Decision.INCONCLUSIVE, Decision.UNRESPONSIVE):
        told = replace(values.diagnosis(), decision=each, findings=(replace(values.LEAK, decision=each),))
        page = re.sub("<meta http-equiv[^>]*>", "", to_html(told, trace=LEAK)).replace("</body>", lines)
        done = dumped(chromium, tmp_path, page, "--window-size=1100,900")
        assert re.search(r'id="out">(.+?)</p>', done.stdout)[1] == f"{str(each).capitalize()} in 1", done.stderr


def requests_of(folder: Path) -> set[str]:
    log = json.loads((folder / "net.json").read_text(encoding="utf-8"))
    urls = (each.get("params", {}).get("url", "") for each in log["events"])
    return {url for url in urls if url.startswith(("http:", "https:", "ws:", "wss:"))}


@pytest.mark.parametrize(("page", "logs"), [(PAGES["proof"], False), (REACHES_OUT, True)], ids=["page", "control"])
def test_no_request_leaves_the_page(chromium: str, tmp_path: Path, page: str, logs: bool) -> None:
    done = dumped(chromium, tmp_path, page, f"--log-net-log={tmp_path / 'net.json'}")
    assert ("CONSOLE" in done.stderr) is logs  # what reaches out is refused by the page's own policy, and logged
    assert not [url for url in requests_of(tmp_path) if "127.0.0.1" in url]
    assert "<h1" in done.stdout


@pytest.mark.parametrize("scheme", [0, 1])
def test_a_picture_is_painted_in_light_and_in_dark(chromium: str, tmp_path: Path, scheme: int) -> None:
    (tmp_path / "page.html").write_text(PAGES["proof"], encoding="utf-8")
    picture = tmp_path / "page.png"
    words = [chromium, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=375,1200"]
    words += [f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}"]
    subprocess.run([*words, (tmp_path / "page.html").as_uri()], capture_output=True, timeout=300, check=True)
    assert picture.stat().st_size > 10_000
