"""Whose bytes cost money."""

from edge.uplink.metered import metered


def test_a_person_s_word_goes_first() -> None:
    assert metered("yes", "eth0", None) is True
    assert metered("no", "wwan0", "wwan0") is False
    assert metered("yes", None, None) is True


def test_mobile_networks_are_metered_and_of_others_nothing_is_known() -> None:
    assert metered("auto", "wwan0", None) is True
    assert metered("auto", "wwp0s20u4", None) is True
    assert metered("auto", "ppp0", None) is True
    assert metered("auto", "usb0", "usb0") is True
    assert metered("auto", "usb0", None) is None
    assert metered("auto", "wlan0", "wwan0") is None
    assert metered("auto", None, "wwan0") is None
