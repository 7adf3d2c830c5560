"""The programs, on the toy library, as a user calls them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from lemons.errors import ParameterError
from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint
from recsys.parameters import RULES, check_parameters

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("slim")


@pytest.fixture
def paths(toy_library, tmp_path):
    return {"data_path": str(toy_library), "experiments_path": str(tmp_path / "runs")}


@pytest.fixture
def process(toy_library, tmp_path):
    """Run a program in a process of its own, with a configuration that points to the toy library."""
    (tmp_path / "config.py").write_text(f"library_path = {str(toy_library)!r}\nexperiments_path = 'runs'\n")
    environment = os.environ | {"LEMONS_CONFIG": str(tmp_path / "config.py")}

    def run(*command, cwd=ROOT):
        command = [sys.executable, *command]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)

    return run


def test_a_run_leaves_its_model_its_record_and_the_way_to_repeat_it(paths):
    updates = paths | {"n_epochs": 1, "input_length": 8000, "user_name": "nina", "num_workers": 1}
    run = training_driver.ex.run(config_updates=updates, named_configs=["demo"])
    checkpoint = best_checkpoint(paths["experiments_path"], "nina")
    _, meta = load_checkpoint(checkpoint)
    assert meta["config"]["schedule"] == "onecycle"  # the demo's
    assert meta["config"]["n_epochs"] == 1  # in place of the demo's
    assert meta["user"] == "nina"
    assert meta["scores"] == run.result
    record = json.loads(checkpoint.with_name("training.json").read_text())
    assert record["best"] == run.result
    assert record["stopped"] == ""


def test_workers_change_no_weight(paths):
    updates = paths | {"n_epochs": 1, "input_length": 8000, "user_name": "nina"}
    models = [training_driver.ex.run(config_updates=updates | {"num_workers": n}).info["model"] for n in (0, 3)]
    first, second = (load_checkpoint(model)[0].state_dict() for model in models)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_listeners_head_is_tuned_on_the_features_of_another(paths):
    updates = paths | {"n_epochs": 1, "input_length": 8000, "precision": "float32"}
    nina = training_driver.ex.run(config_updates=updates | {"user_name": "nina"}).info["model"]
    before = load_checkpoint(nina)[0].state_dict()
    tuning = updates | {"user_name": "marko", "model_load_path": nina, "freeze": True}
    marko = training_driver.ex.run(config_updates=tuning).info["model"]
    after = load_checkpoint(marko)[0].state_dict()
    # neither the trunk's weights nor the means, variances and counts of its normalizations
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"fc.weight", "fc.bias"}
    all_of_it = training_driver.ex.run(config_updates=tuning | {"freeze": False}).info["model"]
    trunk = load_checkpoint(all_of_it)[0].layer5.conv.weight
    assert not torch.equal(trunk, before["layer5.conv.weight"])
    assert torch.linalg.norm(trunk - before["layer5.conv.weight"]) < 0.5 * torch.linalg.norm(trunk)  # from nina's on


def test_training_and_evaluation_from_inside_their_folder(process, tmp_path):
    settings = ["user_name=marko", "n_epochs=1", "input_length=8000", "use_tensorboard=True"]
    trained = process("experiment.py", "with", "demo", *settings, cwd=ROOT / "recsys")
    assert trained.returncode == 0, trained.stderr
    assert "marko: validation ROC-AUC" in trained.stderr
    record = json.loads((tmp_path / "runs" / "sacred" / "1" / "run.json").read_text())["experiment"]
    assert {"recsys/experiment.py", "lemons/audio/waveform.py"} <= {name for name, _ in record["sources"]}
    assert list((tmp_path / "runs" / "tensorboard").glob("*_marko/events*"))

    evaluated = process("eval.py", "with", "user_name=marko", cwd=ROOT / "recsys")
    assert evaluated.returncode == 0, evaluated.stderr
    (run,) = (tmp_path / "runs").glob("*_marko")
    results = json.loads((run / "evaluation.json").read_text())
    assert results["n_tracks"] == 4
    assert pd.read_csv(run / "evaluation.csv").at[0, "roc_auc"] == results["roc_auc"]
    assert len(np.load(run / "relevance.npy")) == 4
    assert f"average_precision {results['average_precision']:.3f}" in evaluated.stderr
    again = process("eval.py", "with", "user_name=marko", cwd=ROOT / "recsys")
    assert "track/s" in evaluated.stderr  # a bar of the tracks that were heard ...
    assert "track" not in again.stderr.replace("test tracks", "")  # ... and none when all are remembered


@pytest.mark.parametrize("user", ["1e3", "null", "'quoted'"])
def test_a_listener_is_who_the_command_line_says_to_the_letter(program, toy_library, tmp_path, user):
    listens = pd.read_csv(toy_library / "listens.csv").replace({"user": {"nina": user.strip("'")}})
    listens.to_csv(toy_library / "listens.csv", index=False)
    settings = ("n_epochs=1", "input_length=8000")
    assert program(training_driver, "with", "demo", f"user_name={user}", *settings).status == "COMPLETED"
    assert program(evaluation_driver, "with", f"user_name={user}").status == "COMPLETED"
    (record,) = (tmp_path / "runs").glob("*/training.json")
    assert json.loads(record.read_text())["config"]["user_name"] == user.strip("'")
    assert json.loads(record.read_text())["config"]["n_epochs"] == 1  # a number stays one
    assert json.loads(record.with_name("evaluation.json").read_text())["user"] == user.strip("'")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["-m", "recsys.experiment", "with", "user_name=bob"], "lemons: listener='bob' is not in "),
        (["recsys/eval.py", "with", "user_name=nina"], "lemons: no model of nina trained on "),
    ],
)
def test_what_a_user_can_mend_is_one_sentence_and_exit_code_two(process, command, sentence):
    failed = process(*command)
    assert failed.returncode == 2
    assert failed.stderr.startswith(sentence)
    assert len(failed.stderr.splitlines()) == 1
    assert failed.stdout == ""


@pytest.mark.parametrize("driver", [training_driver, evaluation_driver])
@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_a_device_that_is_not_there_is_refused(paths, driver, device):
    with pytest.raises(ParameterError, match=f"device='{device}' cannot be used here"):
        driver.ex.run(config_updates=paths | {"device": device})


@pytest.mark.parametrize(
    ("driver", "setting", "sentence"),
    [
        (training_driver, "freeze=false", "freeze='false' must be True or False"),
        (evaluation_driver, "num_workers=abc", "num_workers='abc' must be a whole number of at least 0"),
    ],
)
def test_a_wrong_parameter_is_one_sentence_before_anything_is_made(
    program, tmp_path, capsys, driver, setting, sentence
):
    assert program(driver, "with", setting, "user_name=nina") == 2
    assert capsys.readouterr().err == f"lemons: {sentence}\n"
    assert not (tmp_path / "runs").exists()
    program(driver, "print_config", "with", setting)  # whoever looks for the mistake sees it
    assert setting.split("=")[1] in capsys.readouterr().out


@pytest.mark.parametrize("driver", [training_driver, evaluation_driver])
def test_every_parameter_has_a_rule_which_its_default_and_the_demos_value_keep(driver):
    parameters = driver.experiment_config()
    assert set(parameters) - {"__doc__"} <= set(RULES)
    check_parameters(parameters)
    for named in driver.ex.named_configs.values():
        check_parameters(named())


@pytest.mark.parametrize("driver", [training_driver, evaluation_driver])
def test_every_parameter_says_what_it_means(driver):
    summary = driver.experiment_config()
    assert [name for name in summary if name != "__doc__" and not summary.docs.get(name)] == []


def test_the_parameters_are_the_papers():
    parameters = training_driver.experiment_config()
    paper = {
        "batch_size": 20,
        "n_epochs": 1000,
        "n_crops": 1,
        "n_quiet": 0,
        "input_length": 16000,
        "lr": 1e-3,
        "wd": 1e-4,
    }
    assert {name: parameters[name] for name in paper} == paper
    assert parameters["schedule"] == "constant"
    assert parameters["training_seed"] == 1930289
