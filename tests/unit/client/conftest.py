"""The fake gateway's log is heard here too, and kept out of the output."""

from tests.unit.api.conftest import log

__all__ = ["log"]
