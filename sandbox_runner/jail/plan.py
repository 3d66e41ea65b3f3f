"""Which walls this machine gives a box, strongest first. The launcher takes the first plan that works."""

import os
from dataclasses import dataclass

from sandbox_runner.jail import credentials, filesystem, first
from sandbox_runner.jail.filesystem import View
from sandbox_runner.jail.libc import (
    CLONE_NEWCGROUP,
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    unshare,
)

_EVERY_NAMESPACE = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP
# User ids for boxes, far above those that systems, containers and subuid ranges hand out.
_FIRST_BOX_UID = 2_000_000_000
_BOX_UIDS = 60_000
_NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Plan:
    """The walls of a box that are up before it is one."""

    name: str
    namespaces: int = 0
    first_uid: int | None = None
    """The first of the user ids that boxes take; None stays who the launcher is."""
    uids: int = 1
    mapped_ids: tuple[int, int] | None = None
    """The ids to keep in a user namespace, made by the launcher and again by each box."""

    @property
    def isolated(self) -> bool:
        return self.namespaces != 0

    @property
    def has_own_user(self) -> bool:
        return self.first_uid is not None or self.mapped_ids is not None

    def uid_of(self, box: int) -> int | None:
        return None if self.first_uid is None else self.first_uid + box % self.uids

    def prepare(self, view: View) -> None:
        """Move this process to where boxes with these walls can be made from."""
        credentials.drop_bounding_set()
        if not self.isolated:
            return
        # One empty network serves all boxes: it is dear to make, and no program may open a socket in it.
        unshare(CLONE_NEWNS | CLONE_NEWNET | (CLONE_NEWUSER | CLONE_NEWPID if self.mapped_ids else 0))
        if self.mapped_ids is not None:
            credentials.write_identity_map(*self.mapped_ids)
            first.be_born()
        filesystem.enter_minimal_root(view, own_processes=self.mapped_ids is not None)


def candidates(*, namespaces: bool) -> list[Plan]:
    """All plans worth a trial, strongest first."""
    return [plan for plan in _all() if namespaces or not plan.isolated]


def _all() -> list[Plan]:
    in_user_namespace = Plan("user namespaces", _EVERY_NAMESPACE, mapped_ids=(os.geteuid(), os.getegid()))
    unaided = Plan("landlock and seccomp")
    if os.geteuid() != 0:
        return [in_user_namespace, unaided]
    return [
        Plan("namespaces", _EVERY_NAMESPACE, _FIRST_BOX_UID, _BOX_UIDS),
        Plan("namespaces, one user", _EVERY_NAMESPACE, _NOBODY),
        in_user_namespace,
        Plan("landlock and seccomp, own user", first_uid=_FIRST_BOX_UID, uids=_BOX_UIDS),
        Plan("landlock and seccomp, one user", first_uid=_NOBODY),
        unaided,
    ]
