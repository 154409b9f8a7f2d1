"""The package as it is published: one version, every dependency declared, and the lessons and exercises inside.

The wheel itself is built and tried in an empty environment by .ci/run.
"""

import ast
import configparser
import importlib.util
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import tinygan
from tinygan import exercises, lessons
from tinygan.__main__ import main

ROOT = Path(__file__).resolve().parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
FIRST = "01_generative_or_discriminative.py"
NAMES = sorted(path.name for path in (ROOT / "lessons").glob("*.py"))


def entries(section, option):
    """The lines of a list in setup.cfg, without comments."""
    return [line.strip() for line in SETUP[section][option].splitlines() if line.strip() and not line.lstrip().startswith("#")]


def command(capsys, *words):
    """The exit code of a command, and what it printed and complained."""
    return main(list(map(str, words))), *capsys.readouterr()


# ---- the lessons are found


def test_the_folder_of_the_lessons_is_found_in_a_clone_and_in_an_installed_package(tmp_path):
    assert lessons.folder() == ROOT / "lessons" and exercises.FOLDER == ROOT / "lessons" / "exercises"
    package = tmp_path / "tinygan"
    (tmp_path / "lessons").mkdir()  # of another package in the same environment
    package.mkdir()
    assert lessons.folder(package) == tmp_path / "lessons"
    (package / lessons.INSTALLED).mkdir()
    assert lessons.folder(package) == package / lessons.INSTALLED


def test_an_installed_package_lists_the_names_of_its_lessons(tmp_path, monkeypatch, capsys):
    inside = tmp_path / lessons.INSTALLED
    lessons.copy_to(inside)
    monkeypatch.setattr(lessons, "folder", lambda: inside)
    code, out, _ = command(capsys, "lessons")
    assert code == 0 and [line for line in out.splitlines() if line.endswith(".py")] == NAMES


@pytest.mark.parametrize("words", [["lessons"], ["lessons", "mine"], ["exercises", "mine"]])
def test_a_package_without_lessons_says_so(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lessons, "folder", lambda: tmp_path / "none")
    monkeypatch.setattr(exercises, "FOLDER", tmp_path / "none")
    code, out, err = command(capsys, *words)
    assert (code, out) == (2, "") and f"in {tmp_path / 'none'}. The installation of tinygan is not complete. Install it" in err
    assert os.listdir(tmp_path) == []


# ---- and copied


def test_lessons_are_copied_and_the_first_is_named(tmp_path, capsys):
    folder = tmp_path / "my lessons"
    code, out, err = command(capsys, "lessons", folder)
    assert (code, err) == (0, "") and sorted(os.listdir(folder)) == NAMES and len(NAMES) >= 15
    assert f"{len(NAMES)} files copied into {folder}\n" in out and out.endswith(f' "{folder / FIRST}"\n')
    assert all((folder / name).read_bytes() == (ROOT / "lessons" / name).read_bytes() for name in NAMES)


def test_what_is_there_stays_as_it_is_and_is_counted(tmp_path, capsys):
    (tmp_path / FIRST).write_text("mine")
    _, out, _ = command(capsys, "lessons", tmp_path)
    assert f"{len(NAMES) - 1} files copied into {tmp_path}; 1 were there already and are as they were\n" in out
    _, out, _ = command(capsys, "lessons", tmp_path)
    assert f"All {len(NAMES)} files are in {tmp_path} already; nothing was changed\n" in out
    assert (tmp_path / FIRST).read_text() == "mine"


HALF = """\
import os
from pathlib import Path
from tinygan import exercises, lessons
write = Path.write_bytes
def half(path, text):
    write(path, text[:9])
    if "02_" in path.name:
        os._exit(9)  # as if the machine were switched off
    return write(path, text)
Path.write_bytes = half
{}.copy_to("mine")
"""


@pytest.mark.parametrize("kind", [lessons, exercises], ids=["lessons", "exercises"])
def test_a_copy_that_was_cut_off_is_completed_the_next_time(kind, tmp_path, monkeypatch):
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    code = HALF.format(kind.__name__.split(".")[1])
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path}).returncode == 9
    monkeypatch.chdir(tmp_path)
    copied, kept = kind.copy_to("mine")
    source = lessons.folder() if kind is lessons else exercises.FOLDER
    assert copied and kept, "it was not cut off in the middle"
    assert all(Path("mine", name).read_bytes() == (source / name).read_bytes() for name in copied + kept)


@pytest.mark.parametrize("words", ["lessons", "exercises"])
def test_a_full_disk_is_told_by_the_name_of_the_copy(words, tmp_path, monkeypatch, capsys):
    def full(path, text):
        raise OSError(28, "No space left on device", "source.py")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = command(capsys, words, tmp_path / "mine")
    assert (code, out) == (1, "") and re.fullmatch(rf"tinygan: {re.escape(str(tmp_path))}\S+\.py: No space left on device\n", err)
    assert not [path for path in (tmp_path / "mine").rglob("*") if path.is_file()]


@pytest.mark.parametrize("words", ["lessons", "exercises"])
@pytest.mark.parametrize("below", [".", "deeper"])
def test_a_file_in_the_place_of_the_folder(words, below, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    folder = tmp_path / "file" / below
    code, out, err = command(capsys, words, folder)
    assert (code, out) == (2, "") and err.startswith(f"tinygan: cannot copy into the folder {folder}: ")
    assert err.endswith(". Choose another FOLDER\n") and (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("there", [True, False])
def test_without_pytest_the_exercises_say_how_to_get_it(there, tmp_path, monkeypatch, capsys):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: find(name, *more) if there or name != "pytest" else None)
    code, out, _ = command(capsys, "exercises", tmp_path / "mine")
    assert code == 0 and ('-m pip install "tinygan[test]"' in out) == (not there) and " -m pytest " in out


# ---- one version


def test_the_version_is_the_same_everywhere(capsys):
    assert command(capsys, "--version") == (0, f"tinygan {tinygan.__version__}\n", "")
    assert re.fullmatch(r"\d+\.\d+\.\d+", tinygan.__version__)
    assert SETUP["metadata"]["version"] == "attr: tinygan.version.__version__"
    written = [path.name for path in (ROOT / "tinygan").rglob("*.py") if "__version__ =" in path.read_text("utf-8")]
    assert written == ["version.py"]


def installed_from(root):
    """The versions of tinygan that this environment holds and that come from the folder `root`."""
    for one in metadata.distributions(name="tinygan"):
        source = json.loads(one.read_text("direct_url.json") or "{}").get("url")
        if source == root.as_uri() or Path(one.locate_file("")).resolve() == root:
            yield one.version


def test_the_installed_version_is_that_of_the_code():
    installed = set(installed_from(ROOT))
    if not installed:
        pytest.skip("what is tested here is not installed in this environment")
    assert installed == {tinygan.__version__}, "install again:  python -m pip install -e ."


def test_the_change_log_and_the_citation_have_the_version():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert headings[0] == tinygan.__version__ and "0.1.0" in headings
    fields = dict(re.findall(r"^([\w-]+): *(.+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M))
    assert fields["version"].strip('"') == tinygan.__version__ and fields["license"] == SETUP["metadata"]["license"]
    assert {"cff-version", "message", "title"} <= set(fields)


# ---- what the wheel holds, and what it needs


def packages(root):
    """The packages below a folder, by their dotted names; the folders of lessons by their names in the wheel."""
    found = {".".join(path.parent.relative_to(root).parts) for path in (root / "tinygan").rglob("__init__.py")}
    scripts = {path.parent.relative_to(root / "lessons").parts for path in (root / "lessons").rglob("*.py")}
    return found | {".".join(["tinygan", lessons.INSTALLED, *parts]) for parts in scripts}


def test_setup_cfg_lists_every_package_and_every_folder_of_lessons():
    listed = entries("options", "packages")
    assert sorted(listed) == sorted(packages(ROOT)), "correct the list of packages in setup.cfg"
    assert entries("options", "package_dir") == [f"tinygan.{lessons.INSTALLED} = lessons"]
    others = {path.name for path in (ROOT / "lessons").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert others == {"GALLERY_HEADER.rst"}, "a lesson's other files must be named in package_data, and copied"


def test_a_folder_that_setup_cfg_lacks_is_noticed(tmp_path):
    for name in ("tinygan/__init__.py", "tinygan/new/__init__.py", "lessons/01_a.py", "lessons/more/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert packages(tmp_path) == {"tinygan", "tinygan.new", "tinygan.lessons_files", "tinygan.lessons_files.more"}


DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "distributed": "dask"}  # where the name of the import differs
EXTRAS = {"pytest": "test", "distributed": "cluster", "pyarrow": "parquet"}  # imports that an extra brings


def third_party(package):
    """The names of everything that a package imports and that neither it nor Python has."""
    found = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {package.name}


def names_of(requirements):
    return {re.match(r"[\w-]+", line)[0] for line in requirements}


def undeclared(package):
    """What a package imports and setup.cfg does not declare."""
    base = names_of(entries("options", "install_requires"))
    extras = {name: names_of(entries("options.extras_require", extra)) for name, extra in EXTRAS.items()}
    return sorted(name for name in third_party(package) if DISTRIBUTIONS.get(name, name) not in base | extras.get(name, set()))


def test_every_import_is_declared_and_everything_declared_is_imported():
    assert undeclared(ROOT / "tinygan") == []
    used = {DISTRIBUTIONS.get(name, name) for name in third_party(ROOT / "tinygan")}
    assert names_of(entries("options", "install_requires")) <= used
    assert all(">=" in line for line in entries("options", "install_requires")), "each has a lower bound"


@pytest.mark.parametrize("code, found", [
    ("import torch", ["torch"]), ("def f():\n    from yaml.nodes import Node", ["yaml"]), ("import hypothesis", ["hypothesis"]),
    ("import scipy.special, os.path\nfrom PIL import Image\nfrom . import losses\nimport pytest", [])])
def test_an_import_that_is_not_declared_is_noticed(code, found, tmp_path):
    (tmp_path / "losses.py").write_text(code)
    assert undeclared(tmp_path) == found
