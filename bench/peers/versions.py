"""The versions of the Python peers, as one JSON object by name; libraries that are not installed are absent.

NumPy and SciPy bring a BLAS of their own. Its version and the kernels that it chose for this processor come with theirs.
"""
import ctypes
import importlib
import json
import platform

LIBRARIES = {"NumPy": "numpy", "SciPy": "scipy.linalg", "OpenCV": "cv2", "PyTorch": "torch"}


def loaded(package):
    """The OpenBLAS that a package uses in this process, from its wheel or from the system; None without one."""
    try:
        with open("/proc/self/maps", encoding="utf8") as file:
            paths = sorted({line.split()[-1] for line in file if "openblas" in line})
    except OSError:
        return None
    own = [path for path in paths if f"/{package}.libs/" in path] or [path for path in paths if ".libs/" not in path]
    return ctypes.CDLL(own[0]) if own else None


def ask(library, what):
    """OpenBLAS's answer to openblas_get_WHAT, whose name each build of it decorates in its own way."""
    for prefix in ("scipy_openblas", "openblas"):
        for suffix in ("64_", ""):
            function = getattr(library, f"{prefix}_get_{what}{suffix}", None)
            if function is not None:
                function.restype = ctypes.c_char_p
                return function().decode()
    return "unknown"


def blas(module):
    """Such as "OpenBLAS 0.3.30 with kernels for Haswell"; None if it is unknown."""
    library = loaded(module.__name__)
    if library is not None:
        return f"{' '.join(ask(library, 'config').split()[:2])} with kernels for {ask(library, 'corename')}"
    try:
        built = module.show_config(mode="dicts")["Build Dependencies"]["blas"]
    except (TypeError, KeyError):  # older versions print it instead
        return None
    return f"{built['name']} {built['version']}"


versions = {"Python": platform.python_version()}
for library, name in LIBRARIES.items():
    try:
        importlib.import_module(name)
        module = importlib.import_module(name.split(".")[0])
    except ImportError:
        continue
    math = blas(module) if library in ("NumPy", "SciPy") else None
    versions[library] = module.__version__ if math is None else f"{module.__version__}, {math}"
print(json.dumps(versions))
