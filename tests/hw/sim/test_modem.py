"""The simulated modem says what a modem would; tests of the real reader say the rest."""

from __future__ import annotations

from pathlib import Path

from hw.sim.modem import Modem, Port, obey
from tests.uplink.modem.simulated import modem


def test_commands_and_their_echo() -> None:
    made = Modem()
    assert made.answer("AT+CSQ") == ["AT+CSQ", "+CSQ: 20,99", "OK"]
    assert made.answer("ATE0") == ["ATE0", "OK"]
    assert made.answer("at+csq") == ["+CSQ: 20,99", "OK"]
    assert made.answer("AT+CEREG?") == ["+CEREG: 0,1", "OK"]
    assert made.answer("AT+UNKNOWN") == ["+CME ERROR: 4"]
    assert Modem(lte=False, echo=False).answer("AT+CEREG?") == ["+CME ERROR: 4"]
    assert Modem(mute=True).answer("AT") == []


def test_registration_is_told_unasked_to_those_who_asked_for_it() -> None:
    made = Modem(echo=False)
    assert made.change({"registration": 2}) == []
    made.answer("AT+CEREG=1")
    assert made.change({"registration": 5}) == ["+CEREG: 5"]
    assert made.change({"registration": 5}) == []
    assert made.answer("AT+CEREG?") == ["+CEREG: 1,5", "OK"]


def test_orders_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    made, port = Modem(), Port(tmp_path / "modem")
    try:
        assert obey(b'{"csq": 3}', made, port)["port"] == port.path
        assert made.csq == 3
        assert "nothing is called cqs" in obey(b'{"cqs": 3}', made, port)["error"]
        assert obey(b"[]", made, port) == obey(b"{", made, port)
    finally:
        port.unplug()
    assert not (tmp_path / "modem").is_symlink()


def test_it_runs_by_itself_and_follows_its_plug(tmp_path: Path) -> None:
    with modem(tmp_path) as made:
        assert made.link.is_char_device()
        made.set(plug=False)
        assert not made.link.exists()
        assert made.set(plug=True)["port"] == str(made.link.resolve())
