"""The player's scripts: without a document in Node, and what they take of each other."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from explanations.page.track_table import SCRIPTS as TRACK_TABLE
from lemons.render.player import player_js
from lemons.render.player.assets import HERE, SCRIPTS

PLAYER = [HERE / f"{name}.js" for name in SCRIPTS]
MODULES = {"player": PLAYER, "track_table": list(TRACK_TABLE)}  # scripts that are joined into one
TESTS = sorted((Path(__file__).parent / "player").glob("*.test.mjs"))


@pytest.fixture(scope="module")
def node():
    """Runs Node with arguments."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("the scripts' own tests need Node.js")
    return lambda *arguments: subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def names_in(kind, script):
    """The names of a script's comments ``/* global ... */`` or ``/* exported ... */``."""
    lists = re.findall(rf"^/\* {kind} ([\w, \n]+) \*/$", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return set(re.findall(r"\w+", " ".join(lists)))


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.name)
def test_the_scripts_pass_their_own_tests(node, test):
    done = node("--test", test)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scripts_that_need_no_document_have_tests():
    assert {"choice.test.mjs", "envelope.test.mjs", "what_if.test.mjs"} <= {test.name for test in TESTS}


@pytest.mark.parametrize("module", MODULES)
def test_the_joined_scripts_are_a_module_that_exports_one_function(node, module, tmp_path):
    """A name twice, or one that is used before its script, would be an error here."""
    file = tmp_path / f"{module}.mjs"
    file.write_text("\n".join(script.read_text(encoding="utf-8") for script in MODULES[module]), encoding="utf-8")
    done = node("--input-type=module", "-e", f"import one from '{file.as_uri()}'; console.log(typeof one)")
    assert done.stdout == "function\n", done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_what_a_script_takes_another_of_its_module_exports(module):
    for script in MODULES[module]:
        others = set().union(*(names_in("exported", other) for other in MODULES[module] if other != script))
        assert names_in("global", script) <= others, script.name


def test_what_a_script_exports_another_takes():
    taken = set().union(*(names_in("global", script) for scripts in MODULES.values() for script in scripts))
    exported = set().union(*(names_in("exported", script) for script in PLAYER))
    assert exported
    assert exported <= taken


def test_every_script_of_the_folder_is_in_the_player():
    assert sorted(PLAYER) == sorted(HERE.glob("*.js"))
    assert player_js() == "\n".join(script.read_text(encoding="utf-8") for script in PLAYER)
