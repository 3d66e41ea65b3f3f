"""Fill the holes that a start leaves in memory, so that what a fork allocates lies side by side.

Both allocators of an interpreter hand out first what was given back to them, and a fork copies a page for
each such place that it writes to. Filled, they cost nothing more: their pages are there already.
"""

import ctypes

# Of CPython's `obmalloc`, which gives blocks of one size from one pool. Where they are others, nothing fits,
# and nothing is filled.
_POOL_BYTES, _POOL_HEADER_BYTES = 16_384, 48
_LARGEST_BLOCK, _STEP = 512, 16
_BYTES_OVERHEAD = 33
_MOST_PLUGS = 10_000
_plugs: list[list[bytes]] = []


def fill() -> None:
    """Take every hole, for good."""
    _fill_heap()
    _plugs.extend(_plugs_of(size) for size in range(3 * _STEP, _LARGEST_BLOCK + 1, _STEP))


def _plugs_of(size: int) -> list[bytes]:
    """Objects of one size, as many as there are holes: what follows fills a fresh pool from its beginning."""
    full = (_POOL_BYTES - _POOL_HEADER_BYTES) // size
    plugs: list[bytes] = []
    last = in_a_row = 0
    while in_a_row < full:
        if len(plugs) == _MOST_PLUGS:
            return []
        plugs.append(bytes(size - _BYTES_OVERHEAD))
        place = id(plugs[-1])
        if place % _POOL_BYTES == _POOL_HEADER_BYTES:
            in_a_row = 1
        else:
            in_a_row = in_a_row + 1 if in_a_row and place == last + size else 0
        last = place
    return plugs[:-full]


def _fill_heap() -> None:
    """The same for the C library, which gives from the end of the heap where it has no hole."""
    libc = ctypes.PyDLL(None)
    libc.malloc_trim(0)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    end = libc.malloc(ctypes.c_size_t(100_000))
    for size in (65_536, 16_384, 4_096, 2_048, *range(1_024, 8, -16)):
        for _ in range(_MOST_PLUGS):
            place = libc.malloc(ctypes.c_size_t(size))
            if place > end:
                libc.free(place)
                break
    libc.free(end)
