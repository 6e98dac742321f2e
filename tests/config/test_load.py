"""The configuration file as a person writes it."""

import re
from pathlib import Path

import pytest

from edge.config import Config, CredentialFile, format_effective, load
from edge.config.load import DEFAULTS
from edge.errors import ConfigError

CLOUD = '[upstreams.cloud]\ndialect = "anthropic"\nurl = "https://api.anthropic.com"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def loaded(file: Path, text: str) -> Config:
    file.write_text(text)
    return load(file)


def complaint(file: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(file, text)
    return str(caught.value).removeprefix(f"{file}: ")


def test_the_shipped_defaults() -> None:
    config = load(None)
    assert (config.server.host, config.server.port) == ("127.0.0.1", 4141)
    assert config.server.max_body_bytes == 32 * 1024 * 1024
    assert config.model.models_dir is None
    assert config.model.idle_unload_seconds == 0
    assert config.safeguards.policy == "rules"
    assert config.lan.announce is True
    assert config.upstreams == {}
    assert config.routes["default"].order == ("local",)


def test_the_uplink_s_table(file: Path) -> None:
    uplink = load(None).uplink
    assert (uplink.watch, uplink.probe_url, uplink.modem, uplink.metered) == (True, "", "", "auto")
    url = "http://user:word@example.com/ok"
    for wrong in (url, "ftp://example.com", "example.com", "http://"):
        said = complaint(file, f'[uplink]\nprobe_url = "{wrong}"\n')
        assert said.startswith("uplink.probe_url: expected http:// or https:// and a host")
        assert "word" not in said
    said = complaint(file, '[uplink]\nmodem = "ttyUSB2"\n')
    assert said == 'uplink.modem: expected "auto" or the path of a device'
    good = '[uplink]\nmodem = "/dev/ttyUSB2"\nprobe_url = "http://example.com/ok?x=1"\n'
    assert loaded(file, good).uplink.modem == "/dev/ttyUSB2"


def test_the_budget_s_table(file: Path) -> None:
    budget = load(None).budget
    assert (budget.dollars_a_day, budget.tokens_a_day, budget.upstreams) == (None, None, {})
    text = (
        CLOUD
        + "[budget]\ndollars_a_day = 10\n[budget.cloud]\ntokens_a_day = 5_000\n"
        + "price = { input = 1, output = 2 }\n"
    )
    config = loaded(file, text)
    assert config.budget.dollars_a_day == 10.0
    cloud = config.budget.upstreams["cloud"]
    assert (cloud.dollars_a_day, cloud.tokens_a_day) == (None, 5_000)
    assert cloud.price is not None
    assert (cloud.price.output, cloud.price.cache_read) == (2.0, None)
    assert loaded(file, format_effective(config)) == config
    assert "[budget.cloud]" in format_effective(config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[budget.clod]\n",
            'budget.clod: no upstream is called "clod"; did you mean budget.cloud?',
        ),
        ("[budget.x]\n", 'budget.x: no upstream is called "x"'),
        ("[budget]\ndollars = 3\n", "budget.dollars: unknown key; did you mean"),
        ("[budget]\nupstreams = 3\n", "budget: expected a table, got the number 3"),
        ("[budget]\ndollars_a_day = -1\n", "budget.dollars_a_day: expected a number from 0 to"),
        ('[budget]\ndollars_a_day = "5"\n', "budget.dollars_a_day: expected a number, got a text"),
        ("[budget.cloud]\ntokens_a_day = 1.5\n", "budget.cloud.tokens_a_day: expected a whole"),
        (
            "[budget.cloud]\nprice = { input = 1 }\n",
            "budget.cloud.price.output: this key is missing",
        ),
        ("[budget.cloud]\ndollar_a_day = 1\n", "budget.cloud.dollar_a_day: unknown key; did you"),
    ],
)
def test_a_budget_that_is_none(file: Path, text: str, said: str) -> None:
    assert complaint(file, CLOUD + text).startswith(said)


def test_the_commented_budget_is_valid(file: Path) -> None:
    block = re.search(r"^# \[budget\.cloud\]\n(?:#.*\n)+", DEFAULTS.read_text(), re.MULTILINE)
    assert block is not None
    config = loaded(file, CLOUD + re.sub(r"^# ", "", block[0], flags=re.MULTILINE))
    assert config.budget.upstreams["cloud"].dollars_a_day == 5.0


def test_the_commented_example_is_valid(file: Path) -> None:
    block = re.search(r"^# \[upstreams\.cloud\]\n(?:#.*\n)+", DEFAULTS.read_text(), re.MULTILINE)
    assert block is not None
    config = loaded(file, re.sub(r"^# ", "", block[0], flags=re.MULTILINE))
    assert config.upstreams["cloud"].credential == "pass"
    assert config == loaded(file, CLOUD), "the example shows the defaults"


def test_the_commented_example_of_the_other_dialect_is_valid(file: Path) -> None:
    block = re.search(r"^# \[upstreams\.open\]\n(?:#.*\n)+", DEFAULTS.read_text(), re.MULTILINE)
    assert block is not None
    upstream = loaded(file, re.sub(r"^# ", "", block[0], flags=re.MULTILINE)).upstreams["open"]
    assert (upstream.dialect, upstream.model) == ("openai", "qwen/qwen3-coder")
    assert upstream.models == {"claude-opus-5": "moonshotai/kimi-k2"}
    assert upstream.reasoning_effort is False
    assert upstream.max_tokens_name == "auto"


def test_names_of_models_are_printed_so_that_they_load(file: Path) -> None:
    models = '[upstreams.cloud.models]\n"claude-3.5 \\"x\\"" = "qwen/a"\nplain = "b"\n'
    config = loaded(file, CLOUD + models)
    assert config.upstreams["cloud"].models == {'claude-3.5 "x"': "qwen/a", "plain": "b"}
    assert loaded(file, format_effective(config)) == config
    said = complaint(file, CLOUD + "[upstreams.cloud.models]\na = 7\n")
    assert said == "upstreams.cloud.models.a: expected a text, got the number 7"


def test_a_file_names_only_what_it_changes(file: Path) -> None:
    config = loaded(file, "[server]\nport = 80\n")
    assert config.server.port == 80
    assert config.server.host == load(None).server.host


def test_upstreams_come_before_local_unless_said_otherwise(file: Path) -> None:
    assert loaded(file, CLOUD).routes["default"].order == ("cloud", "local")
    local = CLOUD + '[routes.default]\norder = ["local"]\n'
    assert loaded(file, local).routes["default"].order == ("local",)


def test_a_credential_is_a_file_beside_the_configuration(file: Path) -> None:
    config = loaded(file, CLOUD + 'credential = { file = "cloud.key" }\n')
    assert config.upstreams["cloud"].credential == CredentialFile(file.parent / "cloud.key")


def test_the_effective_configuration_loads_to_itself(file: Path) -> None:
    config = loaded(
        file,
        CLOUD
        + 'credential = { file = "/run/keys/a \\"b\\"" }\n'
        + '[lan]\nname = "B\u00f6x \U0001f697 \\u0007\\u007f"\n[model]\nmodels_dir = "gguf"\n',
    )
    assert loaded(file, format_effective(config)) == config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[server]\nprot = 1\n", "server.prot: unknown key; did you mean server.port?"),
        ("port = 80\n", "port: unknown key; did you mean server.port?"),
        ("[sever]\nport = 1\n", "sever: unknown key; did you mean server?"),
        ("[server]\nport = 65536\n", "server.port: expected a number from 0 to 65535, got 65536"),
        (
            '[server]\nport = "80"\n',
            "server.port: expected a whole number, got a text",
        ),
        ("server = 5\n", "server: expected a table, got the number 5"),
        ("upstreams = 5\n", "upstreams: expected a table, got the number 5"),
        (
            '[safeguards]\npolicy = "rule"\n',
            'safeguards.policy: expected "rules", "deny" or "off", got "rule"',
        ),
        (
            '[routes.default]\norder = ["clod"]\n' + CLOUD,
            'routes.default.order: no engine is called "clod"; did you mean "cloud"?',
        ),
        (
            '[routes.default]\norder = ["local", "local"]\n',
            "routes.default.order: an engine stands in it twice",
        ),
        (
            CLOUD.replace("https", "ftp"),
            "upstreams.cloud.url: expected http:// or https:// and a host",
        ),
        (
            CLOUD.replace(".com", ".com:99999"),
            "upstreams.cloud.url: expected http:// or https:// and a host",
        ),
        (
            CLOUD.replace(".cloud", ".local"),
            'upstreams.local: an upstream is named in a-z, 0-9, "-" and "_", and not "local"',
        ),
        ("port = 1\nport = 1\n", "is not TOML: Cannot overwrite a value (at line 2, column 9)"),
    ],
)
def test_what_is_wrong_is_named(file: Path, text: str, expected: str) -> None:
    assert complaint(file, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        CLOUD + 'credential = "sk-ant-secret"\n',
        CLOUD.replace("https://", "https://me:sk-ant-secret@"),
        CLOUD.replace(".com", ".com/?key=sk-ant-secret"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(file: Path, text: str) -> None:
    said = complaint(file, text)
    assert "upstreams.cloud" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = " + 100_000 * "[", "its lists or tables are nested too deeply"),
        ("a = " + 100_000 * "{b=", "its lists or tables are nested too deeply"),
        ("[server]\nport = " + 5_000 * "9", "a number in it has too many digits"),
        ("[server]\nport = 0x" + 5_000 * "f", "server.port: a whole number has 64 bits at most"),
        ("server = 0x" + 5_000 * "f", "server: a whole number has 64 bits at most"),
    ],
)
def test_what_python_itself_gives_up_on_is_a_sentence_too(
    file: Path, text: str, expected: str
) -> None:
    assert complaint(file, text) == expected


def test_a_file_that_cannot_be_read(file: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(file)
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(file)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(file.parent)
