import json
import re

import pytest

from lemons.errors import DataError
from lemons.hashing import fingerprint
from lemons.library import open_library
from recsys.checkpoints import save_checkpoint
from recsys.data.splits import draw_split, load_or_draw_split
from recsys.model import FCN
from recsys.model_runs import best_checkpoint, check_split, finish_run, finished_runs, new_run, runs_of


def make_run(experiments, score, *, user="marko", library="other", finished=True):
    run = new_run(experiments, user)
    save_checkpoint(run / "best_model.pt", FCN(), {"user": user})
    if finished:
        finish_run(run, {"user": user, "library": library, "best": {"score": score}})
    return run


def test_the_best_of_a_listeners_finished_runs_is_chosen(tmp_path):
    make_run(tmp_path, 0.7)
    best = make_run(tmp_path, 0.9)
    make_run(tmp_path, 0.8)
    make_run(tmp_path, 0.95, user="nina")
    make_run(tmp_path, 0.99, finished=False)
    assert best_checkpoint(tmp_path, "marko") == best / "best_model.pt"


def test_of_equal_runs_the_newest_is_chosen(tmp_path):
    _, newest = make_run(tmp_path, 0.9), make_run(tmp_path, 0.9)
    assert best_checkpoint(tmp_path, "marko").parent == newest


def test_of_equal_scores_the_lower_loss_is_chosen(tmp_path):
    runs = {loss: make_run(tmp_path, 1.0) for loss in (94.0, 0.64, 1e16)}  # the newest learned with lr=1e6
    for loss, run in runs.items():
        finish_run(run, {"user": "marko", "library": "other", "best": {"score": 1.0, "loss": loss}})
    assert best_checkpoint(tmp_path, "marko").parent == runs[0.64]


def test_models_of_another_library_do_not_count(tmp_path, toy_library):
    library = open_library(toy_library)
    make_run(tmp_path, 0.99)
    ours = make_run(tmp_path, 0.6, library=library.fingerprint)
    assert best_checkpoint(tmp_path, "marko", library=library).parent == ours
    with pytest.raises(DataError, match=r"no model of nina trained on .*toy .* user_name=nina`"):
        best_checkpoint(tmp_path, "nina", library=library)


def test_models_of_another_split_do_not_count(tmp_path, toy_library):
    library = open_library(toy_library)
    ours, other = (
        load_or_draw_split(library, "marko"),
        draw_split(library.played("marko"), library.tracks.index, seed=3),
    )
    other = other.drop(columns="seed")
    record = {"user": "marko", "library": library.fingerprint}
    for score, split in ((0.6, ours), (0.99, other)):
        finish_run(make_run(tmp_path, score), record | {"split": fingerprint(split), "best": {"score": score}})
    assert load(tmp_path, library)["split"] == fingerprint(ours)
    (tmp_path / "other").mkdir()
    other.to_csv(tmp_path / "other" / "marko.csv", index=False)
    assert load(tmp_path, library, splits_path=tmp_path / "other")["split"] == fingerprint(other)
    other.to_csv(library.path / "splits" / "marko.csv", index=False)  # and the library's is replaced
    assert load(tmp_path, library)["split"] == fingerprint(other)
    draw_split(library.played("marko"), library.tracks.index, seed=4).to_csv(library.path / "splits" / "marko.csv")
    with pytest.raises(
        DataError, match=r"no model of marko trained on .*toy and the split in .*splits in .* train one"
    ):
        best_checkpoint(tmp_path, "marko", library=library)


def load(experiments, library, **where):
    run = best_checkpoint(experiments, "marko", library=library, **where).parent
    return json.loads((run / "training.json").read_text())


@pytest.mark.parametrize(("meta_path", "counts"), [("", True), ("elsewhere", False)])
def test_a_run_that_recorded_no_split_is_of_the_librarys_own(tmp_path, toy_library, meta_path, counts):
    library = open_library(toy_library)
    record = {"user": "marko", "library": library.fingerprint, "config": {"meta_path": meta_path}}
    finish_run(make_run(tmp_path, 0.9), record | {"best": {"score": 0.9}})
    assert len(finished_runs(tmp_path, "marko", library=library, split=load_or_draw_split(library, "marko"))) == counts


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"user": "marko", "library": "x"})])
def test_foreign_records_are_passed_over(tmp_path, text):
    (make_run(tmp_path, 0.9) / "training.json").write_text(text)
    with pytest.raises(DataError, match=r"no model of marko .* `python recsys/experiment\.py with user_name=marko`"):
        best_checkpoint(tmp_path, "marko")


def test_two_runs_of_one_second_have_their_own_folders(tmp_path):
    assert len({make_run(tmp_path, 0.5) for _ in range(3)}) == 3


def test_a_run_that_saves_nothing_leaves_nothing(tmp_path):
    new_run(tmp_path, "marko")
    assert list(tmp_path.iterdir()) == []


def test_a_new_run_has_the_date_and_the_listener_in_its_name(tmp_path):
    run = new_run(tmp_path, "DJ / 1")
    assert run.parent == tmp_path
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_.*", run.name)
    assert not run.exists()


def test_a_damaged_record_is_rebuilt_from_the_models_description(tmp_path, caplog):
    run = new_run(tmp_path, "marko")
    best = {"score": 0.9, "loss": 0.4}
    about = {"user": "marko", "library": "L", "split": "S", "config": {"lr": 0.001}}
    save_checkpoint(run / "best_model.pt", FCN(), about | {"scores": best})
    finish_run(run, about | {"best": best})
    content = (run / "training.json").read_text()
    (run / "training.json").write_text(content.replace('"score": 0.9', '"score": 0.1'))
    for _ in range(2):
        ((found, record),) = finished_runs(tmp_path, "marko")
    assert (found, record["best"]) == (run, best)
    assert caplog.text.count("the description in best_model.pt beside it is used in its place") == 1


def test_a_damaged_model_is_named_and_no_model_of_the_listener(tmp_path, caplog):
    run = make_run(tmp_path, 0.9)
    (run / "best_model.pt").write_bytes(b"no model")
    assert finished_runs(tmp_path, "marko") == []
    with pytest.raises(DataError, match=r"no model of marko in .*, but a run that is damaged \(.*best_model\.pt"):
        best_checkpoint(tmp_path, "marko")
    assert "best_model.pt cannot be read as a model" in caplog.text


def test_only_models_of_the_listeners_own_split_are_evaluated_on_it(tmp_path, toy_library):
    library = open_library(toy_library)
    split = load_or_draw_split(library, "marko")
    other = draw_split(library.played("marko"), library.tracks.index, seed=3).drop(columns="seed")
    save_checkpoint(tmp_path / "best_model.pt", FCN(), {"user": "marko", "split": fingerprint(split)})
    check_split(tmp_path / "best_model.pt", "marko", split)
    check_split(tmp_path / "best_model.pt", "nina", other)  # a model of another listener
    with pytest.raises(DataError, match="trained on another split, which may hold test tracks of this; train it again"):
        check_split(tmp_path / "best_model.pt", "marko", other)


def test_a_run_is_looked_for_where_no_other_name_is_on_it(tmp_path):
    dates = [f"2026-11-27_20-00-0{second}" for second in range(3)]
    names = [f"{dates[0]}_marko", f"{dates[1]}_marko-2", f"{dates[2]}_nina", "copied", "notes.txt"]
    for name in names:
        (tmp_path / name).mkdir() if "." not in name else (tmp_path / name).write_text("")
    assert [run.name for run in runs_of(tmp_path, "marko")] == [names[0], names[1], "copied"]
    assert runs_of(tmp_path / "none", "marko") == []
    assert finished_runs(tmp_path, "marko") == []
