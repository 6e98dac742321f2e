"""The page of boards is what the files say, and recordings are read as they were."""

from tests.hw.supported import PAGE, RECORDINGS, page, recorded


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "python -m tests.hw.supported > hw/SUPPORTED.md"


def test_every_recording_names_its_source_and_no_serial_number():
    for folder in RECORDINGS.iterdir():
        assert (folder / "SOURCE.md").read_text("utf-8").strip()
        files = [path for path in folder.rglob("*") if path.is_file() and path.name != "SOURCE.md"]
        assert files
        assert not [path for path in files if "Serial" in path.read_text("utf-8")]


def test_boards_are_recognised_from_what_was_published():
    found = recorded()
    five, four = found["raspberry-pi-5-8gb"], found["raspberry-pi-4-8gb"]
    assert (five.board, five.cpu, five.cores) == ("raspberry-pi-5-8gb", "Cortex-A76", 4)
    assert five.model == "Raspberry Pi 5 Model B Rev 1.0"
    assert "asimddp" in five.cpu_features
    assert (four.board, four.cpu) == ("raspberry-pi-4-8gb", "Cortex-A72")
    assert found["jetson-agx-orin"].l4t == "39.2.0"
