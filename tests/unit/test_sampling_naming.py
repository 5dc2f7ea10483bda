"""What a process is called on screen."""

from __future__ import annotations

import pytest

from leakdoc.sampling.naming import display_name


@pytest.mark.parametrize(
    ("argv", "comm", "name"),
    [
        (["python3", "payments.py", "--port", "80"], "python3", "payments"),
        (["/usr/bin/python3.12", "-m", "payments.server"], "python3.12", "payments.server"),
        (["python", "-um", "payments"], "python", "payments"),
        (["python", "-mpayments"], "python", "payments"),
        (["python", "-W", "error", "-Xdev", "-B", "/srv/app/payments.py"], "python", "payments"),
        (["python", "-X", "dev", "--check-hash-based-pycs", "always", "a.py"], "python", "a"),
        (["python", "/venv/bin/gunicorn", "app:app"], "python", "gunicorn"),
        (["python", "/srv/payments/__main__.py"], "python", "payments"),
        (["python", "-c", "password = 'hunter2'"], "python", "python"),
        (["python", "-", "x"], "python", "python"),
        (["python"], "python", "python"),
        (["/usr/lib/postgresql/15/bin/postgres", "-D", "x"], "postgres", "postgres"),
        (["/opt/a-very-long-service-name", "-v"], "a-very-long-ser", "a-very-long-service-name"),
        (["gunicorn: master [app]"], "gunicorn", "gunicorn"),
        ([], "java", "java"),
        ([""], "", "process"),
        (["python", "evil\x1b[31m\u202e.py"], "python", "evil [31m"),
    ],
)
def test_the_name_is_of_the_script_and_inert(argv: list[str], comm: str, name: str) -> None:
    assert display_name(argv, comm) == name
