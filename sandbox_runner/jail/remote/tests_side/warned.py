"""Whether tests record warnings, as `pytest.warns` does: then they are given the program's too."""

import warnings


def _shower() -> object:
    """What shows a warning; a recorder puts its own in this place."""
    return getattr(warnings, "_showwarnmsg_impl", None)


_ours = _shower()


def are_recorded() -> bool:
    return _shower() is not _ours
