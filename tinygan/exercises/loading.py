"""Loading a file of answers. What keeps it from loading is the student's to see, in a line or two.

    load(path)          the module
    inside(folder)      in this block the files of a folder find each other: `import ex02_...` and `from .ex02_... import f`

Each folder is a package of its own, so that the files of two students do not meet, whatever they are called.
"""

import contextlib
import importlib.util
import sys
import tokenize
import types
from pathlib import Path

from . import calling, grading

SECONDS = 10.0  # for what stands outside of functions
UTF8 = "save the file in the encoding UTF-8: editors offer it under Save As, or at the lower edge of the window"
KEPT = ("__main__", "conftest")  # modules in a folder of answers that are none
PACKAGES = {}  # folder -> the name of its package


def load(path, stuck=None):
    """The module of answers at `path`, executed anew.

    Raises `Wrong`, which says what keeps it from loading and in which line: what Python cannot read, an encoding other than
    UTF-8, an error, exit(), a loop without end. `stuck` is that of `calling.run`. What the file prints is lost.
    """
    path = Path(path)
    name = f"{package(path.parent)}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks for its module there
    top = f"the top level of {path.name}"
    try:
        with inside(path.parent), calling.quiet():
            calling.run(lambda: exec(_compiled(path), vars(module)), SECONDS, top, it=top, stuck=stuck)
    except calling.Stopped as stopped:
        del sys.modules[name]
        if isinstance(stopped.__cause__, SyntaxError):  # it may be that of a file that this one imports
            raise _unreadable(path, stopped.__cause__) from None
        raise grading.Wrong(*stopped.lines) from None
    return module


@contextlib.contextmanager
def inside(folder):
    """In this block the files of a folder can be imported, and those of another folder with the same names cannot."""
    folder, before = str(Path(folder).absolute()), sys.path[:]
    for name, module in list(sys.modules.items()):
        home = str(Path(getattr(module, "__file__", None) or "").parent)
        if "." not in name and name not in KEPT and home in PACKAGES and home != folder:
            del sys.modules[name]
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path[:] = before


def package(folder):
    """The name of the package that a folder is."""
    folder = str(Path(folder).absolute())
    if folder not in PACKAGES:
        PACKAGES[folder] = f"answers_{len(PACKAGES)}"
        made = types.ModuleType(PACKAGES[folder])
        made.__path__ = [folder]
        sys.modules[made.__name__] = made
    return PACKAGES[folder]


def _compiled(path):
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise grading.Wrong(f"{path.name}: this is not in UTF-8, perhaps in UTF-16, which some editors call Unicode", UTF8)
    if found := _not_utf8(path):  # in a comment, compile would not mind
        raise found
    return compile(data, str(path), "exec", dont_inherit=True)


def _unreadable(path, error):
    """`Wrong` for a file that Python cannot read."""
    file = Path(error.filename or path)
    if file.is_file() and (found := _not_utf8(file)):
        return found
    said = f"Python cannot read this: {error.msg}"
    if not error.lineno:
        return grading.Wrong(f"{file.name}: {said}", UTF8)
    advice = "indent with spaces only: how many spaces a tab stands for is not clear" * isinstance(error, TabError)
    return grading.Wrong(f"{file.name}, line {error.lineno}: {said}", f"    {(error.text or '').strip()}"[:100].rstrip(), advice)


def _not_utf8(file):
    """`Wrong` for the first line that is not UTF-8, in a file that does not name another encoding; None if there is none."""
    try:
        with tokenize.open(file) as text:  # as the file says itself
            text.read()
    except UnicodeDecodeError:
        pass
    except SyntaxError as error:  # raised for the first two lines, and for an encoding that does not exist
        if "unknown encoding" in error.msg:
            return None
    else:
        return None
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            shown = f"    {line.decode('latin-1').strip()}"[:100]
            return grading.Wrong(f"{file.name}, line {number}: a letter here is not in UTF-8", shown, UTF8)
    return None
