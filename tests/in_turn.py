"""Which tests come one after the other, in two queues beside each other."""

from xdist.scheduler import LoadScopeScheduling


class InTurn(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no annotations
    """A queue for the tests of jails, and one for those that start services: a worker has all of one."""

    def _split_scope(self, nodeid: str) -> str:
        return "jails" if nodeid.startswith("tests/isolation/") else "services"
