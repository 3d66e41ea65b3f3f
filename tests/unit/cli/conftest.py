"""The fake gateway's log is heard here too, and kept out of what `ctrl` prints."""

from tests.unit.api.conftest import log

__all__ = ["log"]
