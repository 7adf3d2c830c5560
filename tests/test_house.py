"""The house rules of imports: three floors, and what lives on one of them only."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("lemons", "recsys", "explanations")  # from the ground up
MODULES = sorted(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))
NO_TORCH = (
    "lemons/audiolime",
    "lemons/errors.py",
    "lemons/listeners.py",
    "lemons/config.py",
    "lemons/library",
    "lemons/sampling",
)
DRIVERS = (
    "lemons/config.py",
    "explanations/commands",
    "recsys/experiment.py",
    "recsys/eval.py",
    "recsys/all_listeners.py",
    "recsys/fleet/networks.py",
    "explanations/app.py",
    "explanations/core/precompute.py",
    "explanations/studies/stability.py",
    "explanations/page",
)
MAX_LINES = 300


def name_of(file):
    return file.relative_to(ROOT).as_posix()


@cache
def imports(file):
    """The modules that a file imports, by their full dotted names."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = list(file.relative_to(ROOT).with_suffix("").parts)[: -node.level] if node.level else []
            module = ".".join([*package, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def roots(file):
    return {module.split(".")[0] for module in imports(file)}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_nothing_is_imported_from_a_higher_floor(file):
    floor = FLOORS.index(file.relative_to(ROOT).parts[0])
    if name_of(file) != "lemons/__main__.py":  # ``python -m lemons`` is the command, which is on the roof
        assert not roots(file) & set(FLOORS[floor + 1 :])


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_what_lives_on_one_floor_stays_there(file):
    found = roots(file)
    floor = file.relative_to(ROOT).parts[0]
    assert "streamlit" not in found or floor == "explanations"
    assert "sacred" not in found or floor == "recsys"
    assert not found & {"pickle", "torchaudio", "tensorflow"}
    if name_of(file).startswith(NO_TORCH):
        assert "torch" not in found
    if name_of(file).startswith("lemons/audiolime"):
        assert "lemons.listeners" not in imports(file)


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_only_drivers_and_the_page_read_the_configuration_or_seed_everything(file):
    if name_of(file).startswith(DRIVERS):
        return
    assert not {"lemons.config.read_config", "lemons.config"} & imports(file)
    for seeding in ("torch.manual_seed", "np.random.seed", "random.seed"):
        assert seeding not in file.read_text()


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_stays_short(file):
    assert len(file.read_text().splitlines()) <= MAX_LINES


GROUND = ("audio", "audiolime", "demo", "exact", "fleet", "library", "quality", "separation", "storage", "taggers")
CLOSED = {  # what a room never imports
    **{f"lemons/{room}": ("lemons.explaining", "lemons.render") for room in GROUND},
    "lemons/explaining": ("lemons.render",),
    "explanations/core": ("explanations.render", "explanations.page", "explanations.commands", "explanations.studies"),
    "explanations/render": ("explanations.page", "explanations.commands", "explanations.studies", "streamlit"),
    "explanations/studies": ("explanations.page", "explanations.commands"),
    "explanations/page": ("explanations.commands", "explanations.studies"),
    "explanations/commands": ("explanations.page",),
    "recsys/data": ("recsys.training", "recsys.evaluation", "recsys.records"),
    "recsys/training": ("recsys.evaluation", "recsys.records"),
    "lemons": ("tools",),
    "recsys": ("tools",),
    "explanations": ("tools",),
}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_room_imports_only_what_it_may(file):
    closed = [module for room, modules in CLOSED.items() if name_of(file).startswith(f"{room}/") for module in modules]
    assert not [
        found for found in imports(file) if found.startswith(tuple(f"{one}." for one in closed)) or found in closed
    ]


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions and for type checkers count, too: a circle of thought is one."""
    names = {file: ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in MODULES}
    graph = {}
    for file, name in names.items():  # the packages that a module is in come before it anyway
        graph[name] = {one for one in imports(file) if one in names.values() and not f"{name}.".startswith(f"{one}.")}
    while leaves := {module for module, found in graph.items() if not found}:
        graph = {module: found - leaves for module, found in graph.items() if module not in leaves}
    assert not graph


def test_the_walker_sees_the_rooms():
    """A test of the tests above: they hold for nothing when they see nothing."""
    assert {name_of(file).split("/")[0] for file in MODULES} == set(FLOORS)
    found = imports(ROOT / "lemons" / "audio" / "waveform.py")
    assert {"numpy", "soxr", "lemons.errors.DataError"} <= found
