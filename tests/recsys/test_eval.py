import json

import pytest

from lemons.errors import NotKeptError, ParameterError
from recsys.checkpoints import save_checkpoint
from recsys.eval import ex
from recsys.model import FCN


@pytest.fixture
def paths(toy_library, tmp_path):
    return {"data_path": str(toy_library), "experiments_path": str(tmp_path / "runs")}


def test_an_evaluation_stands_beside_the_listeners_own_model_alone(paths, tmp_path):
    save_checkpoint(tmp_path / "nina" / "best_model.pt", FCN(), {"user": "nina"})
    updates = paths | {"user_name": "marko", "model_load_path": str(tmp_path / "nina" / "best_model.pt")}
    with pytest.raises(ParameterError, match=r"best_model\.pt is nina's model and not marko's"):
        ex.run(config_updates=updates)
    assert [file.name for file in (tmp_path / "nina").iterdir()] == ["best_model.pt"]
    save_checkpoint(tmp_path / "any" / "best_model.pt", FCN(), {})  # of no listener, such as the published ones
    updates["model_load_path"] = str(tmp_path / "any" / "best_model.pt")
    assert ex.run(config_updates=updates).result["user"] == "marko"


def test_the_measures_are_the_result_and_in_the_log(paths, tmp_path, caplog):
    caplog.set_level("INFO", logger="recsys.eval")
    save_checkpoint(tmp_path / "marko" / "best_model.pt", FCN(), {"user": "marko"})
    run = ex.run(config_updates=paths | {"model_load_path": str(tmp_path / "marko" / "best_model.pt")})
    results = json.loads((tmp_path / "marko" / "evaluation.json").read_text())
    assert run.result["measures"] == results["measures"]
    assert f"marko, 4 test tracks: roc_auc {results['roc_auc']:.3f}, average_precision" in caplog.text
    assert run.info["model"] == str(tmp_path / "marko" / "best_model.pt")


def test_measures_that_cannot_be_written_are_in_the_log(paths, tmp_path, caplog):
    caplog.set_level("INFO", logger="recsys.eval")
    save_checkpoint(tmp_path / "marko" / "best_model.pt", FCN(), {"user": "marko"})
    (tmp_path / "marko" / "evaluation.json").mkdir()
    with pytest.raises(NotKeptError):
        ex.run(config_updates=paths | {"model_load_path": str(tmp_path / "marko" / "best_model.pt")})
    assert "marko, 4 test tracks: roc_auc " in caplog.text
    assert caplog.text.rstrip().endswith("; not written")
