"""Whose bytes cost money, and who says so."""

from __future__ import annotations

from edge.uplink.metered import metered


def test_a_person_s_word_goes_first() -> None:
    assert metered("yes", "eth0", None, "no").metered is True
    assert metered("no", "wwan0", "wwan0", "yes").metered is False
    assert metered("yes", None, None, None).metered is True
    assert metered("no", None, None, None).reason == '[uplink] metered is "no"'


def test_networkmanager_s_settings_are_a_person_s_word_too() -> None:
    assert metered("auto", "wwan0", "wwan0", "no").metered is False
    assert metered("auto", "wlan0", None, "yes").metered is True
    assert metered("auto", None, None, "yes").metered is True


def test_mobile_networks_are_metered_and_of_others_nothing_is_known() -> None:
    for interface in ("wwan0", "wwp0s20u4", "ppp0"):
        assert metered("auto", interface, None, None).metered is True
    assert metered("auto", "usb0", "usb0", None).metered is True
    assert metered("auto", "usb0", None, None).metered is None
    assert metered("auto", "wlan0", "wwan0", None).metered is None
    assert metered("auto", None, "wwan0", None).metered is None


def test_a_guess_counts_where_nothing_better_is_known() -> None:
    assert metered("auto", "wwan0", None, "guess no").metered is True
    assert metered("auto", "usb0", "usb0", "guess no").metered is True
    assert metered("auto", "wlan0", None, "guess yes").metered is True
    assert metered("auto", "eth0", None, "guess no").metered is False
    assert metered("auto", "eth0", None, "guess no").reason == "NetworkManager guesses so"
