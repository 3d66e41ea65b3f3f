"""What a stage says when it cannot do its work."""


class StageError(RuntimeError):
    """A stage cannot do its work; the message says what it lacks and what to do."""
