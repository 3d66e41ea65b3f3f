"""A tenant's own part of a server's prefix cache: vLLM's `cache_salt`, which tenants never choose themselves.

In a shared cache the time to a first token tells whether somebody asked the same before.
"""

from hashlib import sha256

from service.caller import caller

SALT = "cache_salt"


def cache_salt() -> str:
    """Return the caller's: the same on every gateway, and no name of anybody."""
    return sha256(f"ctrl-refine/cache\0{caller().tenant}".encode()).hexdigest()[:32]
