"""Recipes: their files are read by what reads such files, and every leakdoc command in them is one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from leakdoc.cli.parser import parse

FOLDER = Path(__file__).parents[2] / "docs" / "recipes"
NAMES = ("docker-compose", "github-actions", "kubernetes", "systemd")
TEXTS = {name: (FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXTS[name], re.DOTALL | re.MULTILINE)


def words_of(command: str) -> list[str]:
    """Return the words of a command up to what ends it in a shell."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;>")
    lexer.whitespace_split = True
    found: list[str] = []
    for word in lexer:
        if word and set(word) <= set("|&;>"):
            break
        found.append(word)
    return found


def written(text: str) -> list[str]:
    """Return every leakdoc command in a text of any kind, folded lines joined."""
    joined = re.sub(r"\s*\n\s+", " ", text.replace("\\\n", " "))
    starts = re.finditer(r"(?<![\w./-])(?:/usr/bin/)?leakdoc (?=[a-z])", joined)
    ends = (re.split(r"'(?=\s|$)|\"(?=\s*pid:)|\s#\s|\n", joined[each.end() :])[0] for each in starts)
    found = (_balanced(each.strip()) for each in ends)
    return [each for each in found if not each.startswith("sh -c")]  # the service of that name, not the command


def _balanced(text: str) -> str:
    """Cut off a quote that closes what began ahead of the command."""
    for quote in ("'", '"'):
        if text.count(quote) % 2:
            text = text[: text.rindex(quote)]
    return text.strip()


def commands() -> list[tuple[str, str]]:
    kinds = [(name, text) for name in TEXTS for language in ("sh", "ini") for text in blocks(name, language)]
    return [(name, line) for name, text in kinds for single in text.splitlines() for line in written(single)]


def yaml_commands() -> list[tuple[str, str]]:
    found = []
    for name in TEXTS:
        for text in blocks(name, "yaml"):
            found += [(name, command) for value in _strings(YAML(typ="safe").load(text)) for command in written(value)]
    return found


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [line for line in value.splitlines() if line.strip()]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for part in parts for each in _strings(part)]


def test_they_say_what_was_tried() -> None:
    every = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert not [name for name, text in every.items() if "\nTried: " not in text]


@pytest.mark.parametrize(("name", "command"), [*commands(), *yaml_commands()])
def test_every_command_is_one(name: str, command: str) -> None:
    parse([word.strip('"') for word in words_of(command.replace("$${SIDE:-before}", "before"))])


def test_there_are_commands_in_each() -> None:
    assert {name for name, _ in [*commands(), *yaml_commands()]} == set(TEXTS)


def test_job_of_kubernetes_is_a_job_whose_arguments_are_a_command() -> None:
    job = YAML(typ="safe").load(blocks("kubernetes", "yaml")[0])
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    args = parse(job["spec"]["template"]["spec"]["containers"][0]["args"])
    assert args.wait


def test_workflow_has_steps() -> None:
    workflow = YAML(typ="safe").load(blocks("github-actions", "yaml")[0])
    steps = workflow["jobs"]["normalized"]["steps"]
    assert all(("uses" in each) != ("run" in each) for each in steps)


SERVE = "import time\nkept = []\nwhile True:\n    {keep}kept.append(bytes(100_000)); time.sleep(0.02)\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone with a base that leaks, checked out at a branch that does not, and `leakdoc` on the path."""
    origin, clone, programs = (tmp_path / name for name in ("origin", "clone", "bin"))
    programs.mkdir()
    (programs / "leakdoc").write_text(f'#!/bin/sh\nexec {sys.executable} -m leakdoc "$@"\n', encoding="utf-8")
    (origin / "ci").mkdir(parents=True)
    (origin / "serve.py").write_text(SERVE.format(keep=""), encoding="utf-8")
    start = origin / "ci" / "serve-under-load"
    start.write_text(f'#!/bin/sh\nexec {sys.executable} "$1/serve.py"\n', encoding="utf-8")
    for each in (start, programs / "leakdoc"):
        each.chmod(0o755)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "base"]):
        subprocess.run([*git, "-C", origin, *words], check=True, timeout=60)
    subprocess.run([*git, "clone", "-q", origin, clone], check=True, timeout=60)
    (clone / "serve.py").write_text(SERVE.format(keep="kept.clear(); "), encoding="utf-8")
    return clone


def test_the_steps_of_the_workflow_run_one_after_the_other(repository: Path) -> None:
    """As a runner runs them: each by ``bash -e``, what is marked `always()` after a failure too."""
    steps = YAML(typ="safe").load(blocks("github-actions", "yaml")[0])["jobs"]["normalized"]["steps"]
    summary = repository / "summary.md"
    path = f"{repository.parent / 'bin'}:{os.environ['PATH']}"
    told = {**os.environ, "PATH": path, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    failed, said = False, ""
    for step in (each for each in steps if "run" in each and "pip install" not in each["run"]):
        if failed and step.get("if") != "always()":
            continue
        script = step["run"].replace("${{ github.base_ref }}", "main").replace("--for 10m", "--for 3s --interval 50ms")
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=repository, env=told, capture_output=True, text=True, timeout=60
        )
        said += done.stdout + done.stderr
        failed = failed or done.returncode != 0
    assert failed, said  # three seconds prove nothing: `verify` is inconclusive, and its job fails
    assert (repository / "proof.html").stat().st_size > 10_000, said
    assert json.loads((repository / "proof.json").read_text(encoding="utf-8"))["decision"] == "inconclusive"
    assert "<testsuite" in (repository / "leakdoc.xml").read_text(encoding="utf-8")
    assert "::warning title=leakdoc" in said or "::error title=leakdoc" in said
    assert "nconclusive" in summary.read_text(encoding="utf-8")


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="units were not verified: systemd-analyze is missing"
)
def test_units_are_units(tmp_path: Path) -> None:
    for text in blocks("systemd", "ini"):
        name = text.splitlines()[0].rpartition("/")[2].replace("@", "@payments")
        (tmp_path / name).write_text(text.replace("/usr/bin/leakdoc", "/bin/true"), encoding="utf-8")
    (tmp_path / "payments.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, timeout=120, env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    wrong = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "leakdoc-" in line]
    assert not wrong, done.stderr


def _compose() -> list[str] | None:
    if shutil.which("docker") is None:
        return None
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=120)
    return ["docker", "compose"] if done.returncode == 0 else None


def test_compose_file_is_one(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(blocks("docker-compose", "yaml")[0], encoding="utf-8")
    compose = _compose()
    if compose is None:
        services = YAML(typ="safe").load(file.read_text(encoding="utf-8"))["services"]
        assert services["leakdoc"]["pid"] == "service:payments"
        return
    done = subprocess.run([*compose, "-f", str(file), "config"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
