"""Following a refinement event by event, over as many connections as it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.api.refinement import RefinementOut
from service.client.answers import read
from service.client.asking import job
from service.client.errors import GatewayError, JobCancelledError, ProblemError, UnreachableError
from service.client.patience import Waits
from service.client.sse import Json, ServerEvent

ENDS = frozenset({"refinement.completed", "refinement.failed", "refinement.cancelled"})
INTERRUPTED = "refinement.interrupted"


@dataclass(slots=True)
class Following:
    """Where a follower stands. It begins with a request of its own, or with a job that is at work already.

    A job goes on without us, so that a broken connection is no loss.
    """

    waits: Waits
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    job_id: str | None = None
    last_id: str = ""
    is_over: bool = False
    _is_moving: bool = False

    def request(self) -> tuple[str, str, Json | None, Mapping[str, str]]:
        """Say how to connect: method, path, body, headers."""
        if self.body is not None:
            return "POST", "/refine", self.body | {"stream": True}, self.headers
        assert self.job_id is not None
        after = {"Last-Event-ID": self.last_id} if self.last_id else {}
        return "GET", f"{job(self.job_id).path}/events", None, after

    def heard(self, event: ServerEvent) -> bool:
        """Take note of an event; return whether it is worth telling. Raise the end of what has no result."""
        self.waits.progressed()
        if event.event == INTERRUPTED:
            self._moved(event.data)
            return False
        self.last_id = event.id or self.last_id
        self.is_over = event.event in ENDS
        if event.event == "refinement.failed":
            raise ProblemError(event.data.get("problem", {}), 500)
        if event.event == "refinement.cancelled":
            raise JobCancelledError(f"refinement {event.data.get('id')} was cancelled")
        return True

    def left(self) -> None:
        """Take note that a stream has ended: it may, after its last event or when told to go on elsewhere."""
        if not self.is_over and not self._is_moving:
            raise UnreachableError("the stream ended before the refinement did")
        self._is_moving = False

    def broken(self, error: GatewayError) -> float:
        """Return how long to wait before connecting again; raise what cannot be mended that way."""
        # What has begun in the foreground is over when its connection is: nobody knows it by an id.
        has_begun = self.body is not None and self.last_id != ""
        wait_s = None if has_begun or self.is_over else self.waits.after(error)
        if wait_s is None:
            raise error
        return wait_s

    def _moved(self, data: Json) -> None:
        """Go on where the gateway that stops says that the refinement goes on."""
        if not data.get("resumable"):
            raise UnreachableError("the gateway stopped before the refinement ended; send it again")
        self._is_moving = True
        self.job_id, self.body = str(data["id"]), None
        self.last_id = str(data.get("last_event_id", self.last_id))


def result_of(event: ServerEvent) -> RefinementOut | None:
    """Read the result out of the event that carries it."""
    return read(event.data, RefinementOut) if event.event == "refinement.completed" else None
