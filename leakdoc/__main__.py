"""``python -m leakdoc``."""

from leakdoc.cli.main import run

if __name__ == "__main__":
    run()
