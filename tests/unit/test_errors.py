"""What every error says."""

from __future__ import annotations

from leakdoc.errors import LeakdocError


def test_the_number_of_a_systems_error_is_for_nobody() -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    error = LeakdocError(f"http://127.0.0.1:9 cannot be reached: {refused}", help="Check the address.")
    assert str(error) == "http://127.0.0.1:9 cannot be reached: Connection refused\nCheck the address."
    assert LeakdocError("process [Errno] 7 is gone").message == "process [Errno] 7 is gone"
