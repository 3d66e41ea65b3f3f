"""What each tenant has of something that is bounded, and all of them together, without counting it again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Shares:
    """Amounts by tenant, with their sum; who has nothing is forgotten."""

    total: int = 0
    _of: dict[str, int] = field(default_factory=dict)

    def add(self, tenant: str, amount: int) -> None:
        """Count in, or out where the amount is negative."""
        self.total += amount
        if left := self.of(tenant) + amount:
            self._of[tenant] = left
        else:
            self._of.pop(tenant, None)

    def of(self, tenant: str) -> int:
        """What one tenant has."""
        return self._of.get(tenant, 0)

    @property
    def largest(self) -> str:
        """Who has most; there must be somebody."""
        return max(self._of, key=self._of.__getitem__)
