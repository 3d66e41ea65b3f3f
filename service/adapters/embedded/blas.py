"""How many threads numpy's matrix products use.

The matrices here are so small that handing them to other threads costs more than it saves.
The setting is the whole process's: OpenBLAS has no other.
"""

import ctypes
from pathlib import Path

import numpy as np

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)


def limit_blas_threads(count: int = 1) -> bool:
    """Tell numpy's own OpenBLAS to use `count` threads.

    False: numpy came with another BLAS, which its own environment variable controls
    (`OMP_NUM_THREADS`, `MKL_NUM_THREADS`, `VECLIB_MAXIMUM_THREADS`).
    """
    for library in _bundled_libraries():
        handle = ctypes.CDLL(str(library))
        for name in _SETTERS:
            if (setter := getattr(handle, name, None)) is not None:
                setter(ctypes.c_int(count))
                return True
    return False


def _bundled_libraries() -> list[Path]:
    """Return the OpenBLAS that numpy's wheels carry: beside the package, or in it on macOS."""
    package = Path(np.__file__).parent
    folders = (package.parent / "numpy.libs", package / ".dylibs")
    return [library for folder in folders for library in sorted(folder.glob("*openblas*"))]
