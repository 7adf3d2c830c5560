"""What README and docs/ tell people to type works: examples in Python, commands and their options, files."""

import pkgutil
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
import typer.main

from explanations.cli import app
from lemons.audio import quantize, write_flac
from lemons.library import open_library
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
README_LINES = 180
STEMS = ("vocals", "drums", "bass")  # the demo has five; three take an eighth of the time


def blocks(text, language):
    """The code blocks of a text."""
    return re.findall(rf"^```{language}\n(.*?)^```", text.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands(text):
    """Commands to type into a shell, without their comments; lines that end with a backslash are joined."""
    lines = "\n".join(blocks(text, "shell")).replace("\\\n", " ").splitlines()
    words = [shlex.split(line.split(" &&")[0], comments=True) for line in lines]
    return [[word for i, word in enumerate(line) if i or "=" not in word] for line in words if line]


@pytest.fixture
def demo(tmp_path, monkeypatch, rng):
    """A working folder as `make demo` leaves it: a library with true stems, and marko's model, which knows nothing."""
    folder = tmp_path / "data" / "demo"
    for i in range(20):
        stems = {name: quantize(rng.uniform(-0.1, 0.1, 8 * 16000)) for name in STEMS[: 3 if i == 0 else 1]}
        write_flac(folder / f"audio/D02{19 + i}.flac", sum(stems.values()))
        for name, y in stems.items():
            write_flac(folder / f"stems/D02{19 + i}/{name}.flac", y)
    tracks = "".join(f"D02{19 + i},Song,Band,rock,audio/D02{19 + i}.flac\n" for i in range(20))
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + tracks)
    (folder / "listens.csv").write_text(
        "user,track_id,playcount\n" + "".join(f"marko,D02{19 + i},1\n" for i in range(10))
    )
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(7)
        run = new_run(tmp_path / "experiments", "marko")
        save_checkpoint(run / MODEL_FILE, FCN(), {})
    finish_run(run, {"user": "marko", "library": open_library(folder).fingerprint, "best": {"score": 0.5}})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_of_the_readme_runs(demo):
    (example,) = blocks(ROOT / "README.md", "python")
    names = {}
    exec(example, names)
    table, stems = names["table"], names["stems"]
    assert table.lime().weights.reshape(5, len(stems)).shape == (5, 3)
    # Shapley values share out the difference between the full mix and silence; float32 logits
    full, silence = np.asarray(table.logits(np.array([15 * [1], 15 * [0]])))
    assert table.shapley().sum() == pytest.approx(full - silence, abs=1e-4)


def test_the_example_of_the_docs_writes_an_explanation(demo):
    (example,) = blocks(ROOT / "docs" / "explaining.md", "python")
    exec(example, {})
    told = re.findall(
        r"^\| (.*?) \|", (ROOT / "docs" / "explaining.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    files = {file for cell in told for file in re.findall(r"`([\w.]+)`", cell)}
    assert {file.name for file in (demo / "why").iterdir()} == files


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_command_of_lemons_exists_with_its_options(text):
    told = [line[1:] for line in commands(text) if line[0] == "lemons"]
    # in a sentence, too
    told += [
        shlex.split(line)[1:]
        for line in re.findall(r"`(lemons [^`]+)`", text.read_text(encoding="utf-8"))
        if "_" not in line[:8]
    ]
    for line in told:
        command, rest = typer.main.get_command(app), line
        while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
            assert rest[0] in command.commands, f"lemons {' '.join(line)}"
            command, rest = command.commands[rest[0]], rest[1:]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word.split("=")[0] for word in rest if word.startswith("--")} <= options | {"--help"}, (
            f"lemons {' '.join(line)}"
        )


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_program_and_make_target_exists(text):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    sentences = [
        line.split()
        for line in re.findall(r"`((?:python|make|streamlit run) [^`]+)`", text.read_text(encoding="utf-8"))
    ]
    for line in commands(text) + sentences:
        words = " ".join(line)
        if line[0] == "make":
            assert {word for word in line[1:] if "=" not in word} <= set(targets), words
        for file in re.findall(r"\b(?:recsys|bench|explanations|tools)/[\w/]+\.py\b", words):
            assert (ROOT / file).is_file(), words
        for module in re.findall(r"-m ((?:tools|explanations|recsys|lemons)[\w.]*)", words):
            assert (ROOT / (module.replace(".", "/") + ".py")).is_file() or (ROOT / module).is_dir(), words


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_module_and_name_that_is_told_exists(text):
    told = re.findall(r"`((?:lemons|recsys|explanations)(?:\.\w+)+)`", text.read_text(encoding="utf-8"))
    for name in told:
        assert pkgutil.resolve_name(name) is not None


def test_every_file_and_name_that_contributing_points_to_exists():
    told = re.findall(r"`([^`\s]+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    files = [ROOT / one for one in told if re.fullmatch(r"[\w./-]+/[\w./-]*", one)]
    assert [file for file in files if not file.exists() and file.name not in ("site", ".venv")] == []
    source = "\n".join(
        file.read_text() for file in [*files, ROOT / "lemons/separation/separator.py"] if file.suffix == ".py"
    )
    names = [one for one in told if re.fullmatch(r"[A-Z_]{4,}|_?[a-z]+_[a-z_]+", one)]
    assert len(names) > 10
    assert [name for name in names if not re.search(rf"\b{name}\b", source)] == []
