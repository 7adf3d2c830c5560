from pathlib import Path

import pytest

from lemons.config import ROOT, Config, find_config, read_config
from lemons.errors import ConfigError
from lemons.storage import open_folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("LEMONS_CONFIG", raising=False)
    monkeypatch.delenv("LEMONS_LIBRARY", raising=False)
    monkeypatch.delenv("LEMONS_EXPERIMENTS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_need_no_file():
    if (ROOT / "config.py").exists():
        pytest.skip("this repository has a config.py of its own")
    assert read_config() == Config()
    assert Config().library_path == ROOT / "data" / "demo"


def test_the_template_says_the_defaults():
    template = read_config(ROOT / "config_template.py")
    assert template == Config()


def test_relative_paths_count_from_the_file(tmp_path):
    (tmp_path / "mine.py").write_text("library_path = 'music'\nexperiments_path = '/models'\n")
    config = read_config(tmp_path / "mine.py")
    assert config.library_path == tmp_path / "music"
    assert config.experiments_path == Path("/models")
    assert config.mongodb_url == ""


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("", "/models/fleet"),
        ("fleet_path = ''", "/models/fleet"),
        ("fleet_path = '/results'", "/results"),
        ("fleet_path = 'results'", "{}/results"),
        ("fleet_path = 's3://bucket/fleet?region=eu'", "s3://bucket/fleet?region=eu"),
    ],
)
def test_results_of_a_fleet_are_with_the_experiments_in_another_folder_or_far_away(tmp_path, line, place):
    (tmp_path / "mine.py").write_text(f"experiments_path = '/models'\n{line}\n")
    assert str(read_config(tmp_path / "mine.py").fleet_results) == place.format(tmp_path)


def test_the_argument_beats_the_environment_beats_the_repository(tmp_path, monkeypatch):
    for name in ("argument", "environment", "repository/config"):
        (tmp_path / f"{name}.py").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(f"mongodb_db_name = {name!r}\n")
    monkeypatch.setattr("lemons.config.ROOT", tmp_path / "repository")
    assert read_config().mongodb_db_name == "repository/config"
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "environment.py"))
    assert read_config().mongodb_db_name == "environment"
    assert read_config(tmp_path / "argument.py").mongodb_db_name == "argument"


def test_another_programs_config_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr("lemons.config.ROOT", tmp_path)
    (tmp_path / "config.py").write_text("raise SystemExit('not for LEMONS')\n")
    assert find_config() is None


@pytest.mark.parametrize("linked", [False, True])
def test_a_configuration_of_the_working_folder_is_not_run_and_named_once(tmp_path, monkeypatch, caplog, linked):
    monkeypatch.setattr("lemons.config.ROOT", tmp_path / "repository")
    folder = tmp_path / "a library"
    folder.mkdir()
    program = folder / ("theirs.py" if linked else "config.py")
    program.write_text("library_path = 'x'\nopen('ran', 'w')\n")
    if linked:
        (folder / "config.py").symlink_to(program)
    monkeypatch.chdir(folder)
    assert read_config() == read_config() == Config()
    assert not (folder / "ran").exists()
    assert len(caplog.messages) == 1
    assert "config.py was not read" in caplog.text
    assert f"LEMONS_CONFIG='{folder}/config.py'" in caplog.text
    monkeypatch.setenv("LEMONS_CONFIG", "config.py")
    assert read_config().library_path == folder / "x"
    assert (folder / "ran").exists()


def test_the_repositorys_configuration_is_read_in_its_own_folder_without_a_word(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("lemons.config.ROOT", tmp_path)
    (tmp_path / "config.py").write_text("library_path = 'x'\n")
    assert read_config().library_path == tmp_path / "x"
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("libary_path = 'x'", "sets libary_path, which is unknown; known names are library_path"),
        ("library_path = 3", "library_path=3 must be a text"),
        ("library_path =", "fails to run .*SyntaxError"),
        ("import os\nlibrary_path = os.environ['NO_SUCH_NAME']", "fails to run .*KeyError"),
    ],
)
def test_a_wrong_configuration_is_told_what_is_wrong(tmp_path, monkeypatch, text, sentence):
    monkeypatch.setenv("LEMONS_CONFIG", "config.py")
    (tmp_path / "config.py").write_text(f"{text}\n# library_path\n")
    with pytest.raises(ConfigError, match=sentence):
        read_config()


def test_imports_are_not_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("LEMONS_CONFIG", "config.py")
    (tmp_path / "config.py").write_text("from pathlib import Path\nimport os\nlibrary_path = Path('music')\n")
    assert read_config().library_path == tmp_path / "music"


def test_a_named_file_must_exist(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"no such configuration file: .*gone\.py \(argument\)"):
        read_config(tmp_path / "gone.py")
    monkeypatch.setenv("LEMONS_CONFIG", "nowhere.py")
    with pytest.raises(ConfigError, match=r"nowhere\.py \(\$LEMONS_CONFIG\)"):
        read_config()


def test_the_environment_chooses_the_library_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("LEMONS_LIBRARY", "data/own")
    own = tmp_path / "data" / "own"  # in records it must hold in other folders, too
    assert read_config(ROOT / "config_template.py") == Config(library_path=own)
    (tmp_path / "config.py").write_text("library_path = 'music'\nexperiments_path = '/models'\n")
    assert read_config("config.py") == Config(library_path=own, experiments_path=Path("/models"))


def test_experiments_may_be_named_for_one_command_and_be_in_a_bucket(tmp_path, monkeypatch):
    monkeypatch.setenv("LEMONS_EXPERIMENTS", "runs")
    assert read_config().experiments_path == Path("runs").absolute()
    monkeypatch.setenv("LEMONS_EXPERIMENTS", "s3://lab/runs")
    assert open_folder(read_config().experiments_path).place == "s3://lab/runs"


def test_a_url_with_a_password_is_refused_and_not_repeated(tmp_path):
    (tmp_path / "mine.py").write_text("explanations_path = 's3://me:secret@lab/why'\n")
    with pytest.raises(ConfigError, match=r"explanations_path: s3://lab/why holds a password") as caught:
        read_config(tmp_path / "mine.py")
    assert "secret" not in str(caught.value)
