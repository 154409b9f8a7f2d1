"""Loading a file of answers. What keeps it from loading is the student's to see, in a line or two."""

import importlib.util
import sys

from . import grading


def load(path):
    """The module of answers at `path`. Raises `Wrong` that says what keeps it from loading, and in which line."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # a dataclass looks for its module there
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        advice = "save the file as UTF-8" if "utf-8" in str(error) else f"    {(error.text or '').strip()}".rstrip()
        raise grading.Wrong(f"{path.name}{where}: Python cannot read this: {error.msg}", *[advice] * bool(advice)) from None
    except UnicodeDecodeError as error:
        raise grading.Wrong(f"{path.name}: Python cannot read this: {error}", "save the file as UTF-8") from None
    except SystemExit:
        raise grading.Wrong(f"{path.name} ends Python while it is loaded: remove exit() from it") from None
    except Exception as error:
        _, place = grading._error(error)
        raise grading.Wrong(f"{path.name} stops while it is loaded, with {type(error).__name__}: {error}",
                            *[place] * bool(place)) from None
    return module
