"""Where configuration comes from, and what is refused."""

from pathlib import Path

import pytest

from service.settings import OpenAIModelSettings, SettingsError, load_settings

FILE = """
[models.local]
engine = "embedded"
path = "weights/g"
role = "generator"

[models.far]
engine = "openai"
base_url = "http://far:8000/v1"
model = "critic"
api_key_env = "FAR_KEY"

[defaults]
generator = "local"
critic = "far"
rounds = 2

[server]
port = 9000
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _file(tmp_path: Path, text: str = FILE) -> Path:
    path = tmp_path / "ctrl.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_there_are_the_mini_models_on_loopback() -> None:
    settings = load_settings()

    assert set(settings.models) == {"mini-generator", "mini-critic"}
    assert (settings.defaults.generator, settings.defaults.critic) == ("mini-generator", "mini-critic")
    assert (settings.server.host, str(settings.sandbox.url)) == ("127.0.0.1", "http://127.0.0.1:8080/")


def test_the_file_in_the_repository_says_what_is_built_in() -> None:
    spelled_out = load_settings(Path(__file__).parents[3] / "ctrl.toml")

    assert spelled_out == load_settings()


def test_a_file_wins_over_what_is_built_in_and_its_paths_start_beside_it(tmp_path: Path) -> None:
    settings = load_settings(_file(tmp_path))

    assert settings.server.port == 9000
    assert set(settings.models) == {"local", "far"}
    local = settings.models["local"]
    assert local.engine == "embedded"
    assert local.path == tmp_path / "weights/g"


def test_the_working_directorys_file_is_found(tmp_path: Path) -> None:
    _file(tmp_path)

    assert load_settings().defaults.rounds == 2


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTRL_SERVER__PORT", "9001")
    monkeypatch.setenv("CTRL_MODELS__FAR__BASE_URL", "http://near:1/v1")
    monkeypatch.setenv("CTRL_CONFIG", str(_file(tmp_path)))

    settings = load_settings()

    far = settings.models["far"]
    assert settings.server.port == 9001
    assert isinstance(far, OpenAIModelSettings)
    assert (str(far.base_url), far.model) == ("http://near:1/v1", "critic")


def test_a_real_model_can_be_named_by_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTRL_MODELS__GPT__ENGINE", "openai")
    monkeypatch.setenv("CTRL_MODELS__GPT__BASE_URL", "https://far/v1")
    monkeypatch.setenv("CTRL_MODELS__GPT__MODEL", "4o")
    monkeypatch.setenv("CTRL_DEFAULTS__GENERATOR", "gpt")

    settings = load_settings()

    assert set(settings.models) == {"mini-generator", "mini-critic", "gpt"}


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("CTRL_SERVER__PROT", "server.prot"),
        ("CTRL_SERVERS__PORT", "CTRL_SERVERS__PORT"),
        ("CTRL_SANDBOX_URL", "CTRL_SANDBOX_URL"),
        ("CTRL_MODELS__FAR__API_KEY", "api_key"),
        ("CTRL_MCP__ALLOWED_HOSTS", "lists and tables are JSON there"),
    ],
)
def test_a_misspelt_variable_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, says: str
) -> None:
    monkeypatch.setenv(variable, "sk-secret")

    with pytest.raises(SettingsError) as refused:
        load_settings(_file(tmp_path))

    assert says in str(refused.value)
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("port = 9000", "prot = 9000"), r"^server\.prot: there is no such key; there are host, port, "),
        (("[server]", "[surfer]"), r"^surfer: there is no such key; there are server, models, "),
        (('model = "critic"', 'modell = "critic"'), r"(?m)^models\.far\.model: is missing$"),
        (
            ('model = "critic"', 'modell = "critic"'),
            r"(?m)^models\.far\.modell: there is no such key; .* base_url,",
        ),
        (("[server]\nport = 9000", "[[log]]"), r"^log: must be a table$"),
        (("[models.far]", '[models."f ar"]'), r"^models\.f ar: holds what a name may not"),
        (("[server]\nport = 9000", '[mcp]\nallowed_hosts = "a"'), r"^mcp\.allowed_hosts: must be a list"),
        (("port = 9000", "port = 99999"), "server.port"),
        (("port = 9000", "request_seconds = inf"), "server.request_seconds"),
        (("[server]\nport = 9000", "[store]\nttl_s = 1e300"), "store.ttl_s"),
        (('critic = "far"', 'critic = "near"'), "defaults.critic names 'near'"),
        (('engine = "embedded"', ""), "models.local needs engine"),
        (('engine = "embedded"', 'engine = "magic"'), "models.local"),
        (('role = "generator"', 'template = "t.toml"'), "template needs role"),
        (("rounds = 2", "rounds = 17"), "defaults.rounds"),
        (
            ("http://far:8000/v1", "http://far:8000/v1?api-version=1"),
            r"base_url: .* leave out what follows \?",
        ),
        (("http://far:8000/v1", "http://far:8000/v1#top"), "models.far.base_url: "),
        (("[server]\nport = 9000", '[sandbox]\nurl = "http://box:1/?"'), "sandbox.url: "),
        (("rounds = 2", 'refine_when = "sometimes"'), "defaults.refine_when"),
        (("[models.far]", "[models.refine]"), "that name is the loop's own"),
        (("[server]", "[server"), "ctrl.toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_key(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_settings(_file(tmp_path, FILE.replace(*change)))


@pytest.mark.parametrize(
    "host", ["ctrl.example.org:8000", "https://ctrl.example.org", "*.example.org", "*", "", "[::1]"]
)
def test_a_name_that_no_request_could_have_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match=r"^mcp\.allowed_hosts\.0: must be a name such as"):
        load_settings(_file(tmp_path, f'{FILE}\n[mcp]\nallowed_hosts = ["{host}"]'))


@pytest.mark.parametrize(
    "origin", ["ide.example.org", "*", "https://*.example.org", "https://a/b", "", "null"]
)
def test_an_origin_that_no_page_could_have_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SettingsError, match=r"^mcp\.allowed_origins\.0: must be an origin such as"):
        load_settings(_file(tmp_path, f'{FILE}\n[mcp]\nallowed_origins = ["{origin}"]'))


def test_names_and_origins_are_taken_as_they_come(tmp_path: Path) -> None:
    hosts, origins = (
        ("ctrl", "Ctrl.example.org", "10.0.0.1", "fd00::1", "b\u00fccher.example"),
        ("http://a:3000", "https://B/", "vscode-webview://x1"),
    )
    text = f"{FILE}\n[mcp]\nallowed_hosts = {list(hosts)}\nallowed_origins = {list(origins)}"

    mcp = load_settings(_file(tmp_path, text)).mcp

    assert (mcp.allowed_hosts, mcp.allowed_origins) == (hosts, origins)


def test_the_mark_that_some_editors_begin_a_file_with_is_no_part_of_it(tmp_path: Path) -> None:
    assert load_settings(_file(tmp_path, f"\ufeff{FILE}")).server.port == 9000


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.toml"):
        load_settings(tmp_path / "nothing.toml")


def test_a_key_comes_from_the_environment_and_is_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAR_KEY", "sk-secret")
    far = load_settings(_file(tmp_path)).models["far"]
    assert isinstance(far, OpenAIModelSettings)

    key = far.api_key("far")

    assert key is not None
    assert key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in repr((far, key))


def test_a_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    far = load_settings(_file(tmp_path)).models["far"]
    assert isinstance(far, OpenAIModelSettings)

    with pytest.raises(SettingsError, match=r"^models\.far\.api_key_env: .*FAR_KEY is not set"):
        far.api_key("far")


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(_file(tmp_path))

    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1


def _far(tmp_path: Path, lines: str) -> OpenAIModelSettings:
    model = load_settings(_file(tmp_path, FILE.replace('api_key_env = "FAR_KEY"', lines))).models["far"]
    assert isinstance(model, OpenAIModelSettings)
    return model


def test_a_key_may_come_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "far.key").write_text("sk-9\n", encoding="utf-8")

    key = _far(tmp_path, 'api_key_file = "far.key"').api_key("far")

    assert key is not None
    assert key.get_secret_value() == "sk-9"


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file"), (b" \n", "is empty"), (b"\xff", "no text")]
)
def test_a_key_file_that_holds_none_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "far.key").write_bytes(content)

    with pytest.raises(SettingsError, match=rf"^models\.far\.api_key_file: .*far\.key.*{says}"):
        _far(tmp_path, 'api_key_file = "far.key"').api_key("far")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('api_key_env = "A"\napi_key_file = "b"', "exclude each other"),
        ("pinned = true", "needs a manifest"),
        ("hedge_s = 5.0", "hedge_s needs two base_urls or more"),
    ],
)
def test_settings_of_an_endpoint_that_contradict_each_other_are_refused(
    tmp_path: Path, lines: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        _far(tmp_path, lines)


def test_a_complaint_says_what_is_wrong_and_no_word_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[defaults]\ncritic = "nobody"\n', encoding="utf-8")

    with pytest.raises(SettingsError, match=r"^configuration: defaults.critic names 'nobody'"):
        load_settings(path)
    with pytest.raises(SettingsError, match=r"none.toml: No such file or directory$"):
        load_settings(tmp_path / "none.toml")
