from service.cli import garbage


def pytest_collection_finish() -> None:
    """Keep the collector off what the modules hold: to look at it was a tenth of the tests' CPU time."""
    garbage.settle()
