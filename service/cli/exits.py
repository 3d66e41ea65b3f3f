"""How a command ends: an exit code, and one sentence on stderr."""

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from http import HTTPStatus

import typer

from service.client import AddressError, GatewayError, JobCancelledError, ProblemError
from service.settings import API_KEY_VARIABLE


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    DONE = 0
    """Solved, judged, listed."""
    NOT_SOLVED = 1
    USAGE = 2
    INFRASTRUCTURE = 3
    STOPPED = 130
    """By Ctrl-C or SIGTERM."""
    UNREAD = 141
    """Whoever read the output has gone: what a shell tells of a program that SIGPIPE ended."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Why a disk takes no more."""


class UsageError(Exception):
    """What was asked for cannot be; the message says what to change."""


class StackError(Exception):
    """The local stack cannot be started, or fell over; the message says what to do."""


@contextmanager
def explained() -> Generator[None, None, None]:
    """Turn what can go wrong into a sentence and an exit code."""
    try:
        with _may_be_unread():
            yield
    except ProblemError as error:
        unknown = error.status == HTTPStatus.UNAUTHORIZED
        hint = f"; `ctrl` sends what {API_KEY_VARIABLE} holds" if unknown else ""
        typer.echo(f"ctrl: {error}{hint}", err=True)
        raise typer.Exit(Exit.USAGE if error.status < 500 else Exit.INFRASTRUCTURE) from None
    except (UsageError, AddressError) as error:
        typer.echo(f"ctrl: {error}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    except OSError as error:
        if error.errno not in FULL:
            raise
        # Files are named where they are written.
        typer.echo(f"ctrl: {error.filename or 'standard output'}: {error.strerror}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    except JobCancelledError as error:
        typer.echo(f"ctrl: {error}", err=True)
        raise typer.Exit(Exit.NOT_SOLVED) from None
    except (GatewayError, StackError) as error:
        typer.echo(f"ctrl: {error}", err=True)
        raise typer.Exit(Exit.INFRASTRUCTURE) from None
    except KeyboardInterrupt:
        typer.echo("ctrl: stopped", err=True)
        raise typer.Exit(Exit.STOPPED) from None


@contextmanager
def _may_be_unread() -> Generator[None, None, None]:
    """Tell a reader that has gone, as `head` does, from a verdict."""
    try:
        yield
    except BrokenPipeError:
        # What is still buffered would be tried again as Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.UNREAD) from None
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich's way, with an exit code of its own
            raise typer.Exit(Exit.UNREAD) from None
        raise
