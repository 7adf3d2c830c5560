"""The stability study: what it counts, on which masks, and that it goes on where it stopped."""

import itertools
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.image import imread
from scipy.special import expit

from explanations.studies import stability
from explanations.studies.stability import choose_tracks, drawn_weights, study, study_track, unique_components
from explanations.studies.stability_figure import COLOURS, stability_figure
from lemons.audio import quantize
from lemons.console import run
from lemons.errors import DataError, ParameterError
from lemons.exact import score_table
from lemons.exact.lime import fit_lime
from lemons.explaining.explain import explain
from lemons.library import open_library
from lemons.segments import Segments
from recsys.data.splits import load_or_draw_split
from recsys.model import FCN

K = 12
SIZES = (32, 256, 2048)


class NearTies:
    """Answers of a model to which all components matter nearly alike, and pairs of them more: hard for a sample."""

    n_components = n_sounding = K
    sounding = np.ones((3, 4), dtype=bool)

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.effects = 1 + 0.05 * rng.normal(size=K)
        self.pairs = np.triu(rng.normal(size=(K, K)), 1)

    def logits(self, masks):
        return 0.3 * (masks @ self.effects + np.einsum("ni,ij,nj->n", masks, self.pairs, masks) - K / 2)

    def lime(self, *, target):
        masks = np.array(list(itertools.product([0, 1], repeat=K)))
        return fit_lime(masks, expit(self.logits(masks)), alpha=0.0)


@pytest.fixture(scope="module")
def counts():
    """U_n of eight toy tracks."""
    rows = [row for seed in range(8) for row in study_track(NearTies(seed), num_samples=SIZES, repeats=5, k=3)]
    return pd.DataFrame(rows)


def test_the_exact_method_is_stable(counts):
    exact = counts[counts["method"] == "exact"]
    assert len(exact) == 8
    assert set(exact["unique_absolute"]) == {3}
    assert set(exact["unique_positive"]) == {3}


@pytest.mark.parametrize("measure", ["unique_absolute", "unique_positive"])
def test_larger_neighborhoods_are_more_stable(counts, measure):
    means = counts.groupby("num_samples")[measure].mean()
    assert means[32] > means[256] > means[2048] >= means[0] == 3


@pytest.mark.parametrize(("k", "repeats"), [(1, 1), (3, 5), (5, 4), (K + 1, 2)])
def test_bounds_of_the_count(k, repeats):
    for row in study_track(NearTies(0), num_samples=(16,), repeats=repeats, k=k):
        assert min(k, K) <= row["unique_absolute"] <= min(k * repeats, K)
        assert row["unique_positive"] <= min(k * repeats, K)
        assert row["n_components"] == K


def test_the_top_are_the_strongest_or_those_that_are_played():
    weights = np.array([[0.5, -0.9, 0.1, 0.2], [0.5, 0.1, -0.9, -0.2]])
    assert unique_components(weights, 1, positive=False) == 2  # 1 and 2
    assert unique_components(weights, 2, positive=False) == 3  # 0, 1 and 2
    assert unique_components(weights, 1, positive=True) == 1  # 0
    assert unique_components(weights, 3, positive=True) == 4  # 0, 3, 2; and 0, 1, of which no third is positive
    assert unique_components(-np.abs(weights), 3, positive=True) == 0


def test_the_masks_are_those_of_lime(rng):
    """What the study takes from the table is what `explain` finds with the same seed, silent components left out."""
    stems = {name: quantize(0.2 * rng.uniform(-1, 1, 16000)) for name in ("vocals", "drums", "bass")}
    stems["drums"][8000:] = 0
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(0)
        model = FCN().eval()
    model.fc.weight.data *= 0.2  # brings answers away from 0 and 1
    hard = Segments.equal(16000, 2)
    table = score_table(model, np.stack(list(stems.values())), hard)
    for seed in (0, 1):
        options = {"kind": "time+source", "method": "lime", "segments": hard, "n_masks": 40, "seed": seed}
        options["target"] = "probability"  # as published
        expected = [
            c.weight for c in explain(model, stems, **options).components if (c.stem, c.segment) != ("drums", 1)
        ]
        assert np.abs(expected).max() > 0.01
        np.testing.assert_allclose(drawn_weights(table, num_samples=40, seed=seed), expected, atol=1e-5)


def test_tracks_of_the_test_come_first_and_none_that_the_model_learned_from(short_library):
    listens = pd.DataFrame({"user": "marko", "track_id": short_library.tracks.index[:7], "playcount": 1})
    listens.to_csv(short_library.path / "listens.csv", index=False)  # and as many that were not: 6 are strangers
    short_library = open_library(short_library.path)
    split = load_or_draw_split(short_library, "marko").set_index("track_id")["split"]
    tracks = choose_tracks(short_library, "marko", 50)
    n_test = (split == "test").sum()
    assert set(split[tracks[:n_test]]) == {"test"}
    assert len(tracks) - n_test == 6
    assert set(tracks[n_test:]) == set(short_library.tracks.index) - set(split.index)
    assert choose_tracks(short_library, "marko", 1) == tracks[:1]


@pytest.fixture
def asked(monkeypatch):
    """The engine, quickly: a toy table for each track; how often it was asked, and when it should fail."""
    state = SimpleNamespace(times=0, fail_at=None)

    def toy_table(model, stems, n_segments):
        assert stems.shape == (2, 16000)
        assert n_segments == 5
        state.times += 1
        if state.times == state.fail_at:
            raise KeyboardInterrupt
        return NearTies(0)

    monkeypatch.setattr(stability, "score_table", toy_table)
    return state


@pytest.fixture
def paths(tmp_path, model_paths):
    return {"experiments_path": model_paths["experiments_path"], "csv_path": tmp_path / "stability.csv"}


def test_it_goes_on_where_it_was_interrupted(short_library, paths, asked):
    options = {"n_tracks": 2, "num_samples": (8, 16), "repeats": 2} | paths
    asked.fail_at = 3
    with pytest.raises(KeyboardInterrupt):
        study(short_library, **options)
    assert len(pd.read_csv(paths["csv_path"])) == 2 * 3  # two tracks: two sizes, and the exact method
    found = study(short_library, **options)
    assert asked.times == 3 + 2
    pd.testing.assert_frame_equal(found, pd.read_csv(paths["csv_path"]))
    assert list(found["listener"].unique()) == ["marko", "nina"]
    before = paths["csv_path"].read_bytes()
    pd.testing.assert_frame_equal(study(short_library, **options), found)
    assert asked.times == 5
    assert paths["csv_path"].read_bytes() == before


def test_other_parameters_are_other_rows(short_library, paths, asked):
    options = {"n_tracks": 1, "num_samples": (8,), "repeats": 2, "listeners": ["nina"]} | paths
    study(short_library, **options)
    assert set(study(short_library, **options | {"k": 2})["k"]) == {2}
    assert set(study(short_library, **options | {"num_samples": (16,)})["num_samples"]) == {0, 16}
    assert asked.times == 3
    assert len(pd.read_csv(paths["csv_path"])) == 2 + 2 + 1  # the exact answer is no other one for 16 masks


@pytest.mark.parametrize("wrong", [{"n_tracks": 0}, {"repeats": 0}, {"k": 0}, {"num_samples": (512, 0)}])
def test_numbers_out_of_range(short_library, paths, wrong):
    with pytest.raises(ParameterError, match="must be at least 1"):
        study(short_library, **paths, **wrong)


def test_a_file_that_is_no_table_is_named_and_kept(short_library, paths):
    paths["csv_path"].write_text("do,re,mi\n")
    with pytest.raises(DataError, match=r"stability\.csv is no table of this study"):
        study(short_library, **paths)
    assert paths["csv_path"].read_text() == "do,re,mi\n"


def test_the_program_writes_a_table_and_a_picture(tmp_path, short_library, model_paths, monkeypatch, capsys):
    """On real models, from end to end."""
    lines = [
        f"library_path = {str(short_library.path)!r}",
        f"experiments_path = {str(model_paths['experiments_path'])!r}",
    ]
    (tmp_path / "config.py").write_text("\n".join(lines))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))
    stability.main(tracks=1, repeats=2, k=3, num_samples="8,64", picture=tmp_path / "violins.png", listener=["nina"])
    table = pd.read_csv(model_paths["experiments_path"] / "stability.csv")
    assert list(table["num_samples"]) == [8, 64, 0]
    assert list(table["unique_absolute"])[-1] == 3
    assert imread(tmp_path / "violins.png").std() > 0.05  # something is drawn
    assert "exact" in capsys.readouterr().out
    with pytest.raises(SystemExit) as exit_:
        run(partial(stability.main, num_samples="many"))
    assert exit_.value.code == 2
    assert "num_samples='many'" in capsys.readouterr().err


def test_the_picture_shows_every_listener_at_every_size(counts):
    table = counts.assign(track_id="T", k=3, repeats=5)
    measures = ["unique_absolute", "unique_positive"]
    more = table.assign(listener="nina", **{measure: table[measure] + 1 for measure in measures})
    figure = stability_figure(pd.concat([table.assign(listener="marko"), more]))
    for axes, measure in zip(figure.axes, measures, strict=True):
        means = counts.groupby("num_samples")[measure].mean()
        dots = [(round(line.get_xdata()[0]), line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"]
        assert dots == [(i, means[size] + more) for i, size in enumerate((*SIZES, 0)) for more in (0, 1)]
        assert {to_hex(violin.get_facecolor()[0]) for violin in axes.collections} == {c.lower() for c in COLOURS[:2]}
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels == ["32", "256", "2048", "exact: all masks"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Marko", "Nina"]
