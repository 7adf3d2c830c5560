"""What a fleet made of a listener is found by their name, and is what their own network says."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import expit

from lemons.errors import DamagedError, DataError, ParameterError
from lemons.fleet import Results, Unit, run_here
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.find_model import find_model, open_fleet
from recsys.fleet import index as indexing
from recsys.fleet.embeddings import embedding_units
from recsys.fleet.heads import head_units, read_heads
from recsys.fleet.index import Explained, read_index, write_index
from recsys.fleet.tops import top_units
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run
from recsys.relevance import score_tracks


@pytest.fixture
def trunk(slim, tmp_path):
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "trunk.pt", FCN(), {})
    return tmp_path / "trunk.pt"


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


def score(library, trunk, results, **which):
    """Units of heads and lists, which are made."""
    embeddings = embedding_units(library, trunk)
    assert run_here(embeddings, results) == []
    heads, _ = head_units(library, trunk, results, embeddings, **which)
    assert run_here(heads, results) == []
    tops = top_units(library, results, heads, embeddings, n=50)
    assert run_here(tops, results) == []
    return heads, tops


@pytest.fixture
def opened(monkeypatch):
    """The keys of the results that were read."""
    keys, whole = [], Results.read
    monkeypatch.setattr(Results, "read", lambda self, key: keys.append(key) or whole(self, key))
    return keys


def test_a_fleets_model_is_the_trunk_with_the_head_and_its_list_is_read(new_music, trunk, results, tmp_path):
    (heads,), (tops,) = score(new_music, trunk, results)
    write_index(results, new_music, trunk, [tops])
    trunk.unlink()  # wherever the results are opened, it need not be
    model = find_model(new_music, "nina", experiments_path=tmp_path / "experiments", fleet=results.place)

    fitted = read_heads(results, [heads.key])
    row, network = fitted.listeners.index("nina"), model.load()
    np.testing.assert_array_equal(network.fc.weight.detach()[0], fitted.weights[row].astype(np.float32))
    assert not network.training
    own = results.read(tops.key).to_pandas().query("listener == 'nina'")
    found = model.recommend(n=3)
    assert found["track_id"].tolist() == own["track_id"].tolist()[:3]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found.attrs["pool"] == "unheard"
    heard = score_tracks(network, new_music, found["track_id"].tolist())
    np.testing.assert_allclose(found["logit"], heard, atol=0.02)  # of features in float16
    others = model.relevance_of_others(own["track_id"].iloc[1])
    np.testing.assert_array_equal(others, expit(own["logit"].drop(own.index[1]).to_numpy(np.float64)))
    with pytest.raises(ParameterError, match="pool='test'"):
        model.recommend(pool="test")


def test_who_has_a_network_of_their_own_is_asked_by_it(short_library, trunk, results, tmp_path, opened):
    write_index(results, short_library, trunk, score(short_library, trunk, results)[1])
    opened.clear()
    run = new_run(tmp_path / "experiments", "nina")
    save_checkpoint(run / MODEL_FILE, FCN(), {})
    finish_run(run, {"user": "nina", "library": short_library.fingerprint, "best": {"score": 0.5}})
    how = {"experiments_path": tmp_path / "experiments", "fleet": results.place}
    assert find_model(short_library, "nina", **how).checkpoint == run / MODEL_FILE
    assert opened == []
    assert find_model(short_library, "marko", **how).entry is not None


def test_who_is_in_no_results_is_told_so(short_library, trunk, results, tmp_path):
    how = {"experiments_path": tmp_path / "experiments", "fleet": results.place}
    with pytest.raises(DataError, match=r"^no model of nina trained on .*; train one with `[^`]*`$"):
        find_model(short_library, "nina", **how)
    write_index(results, short_library, trunk, score(short_library, trunk, results, listeners=["marko"])[1])
    with pytest.raises(DataError, match="no model of nina .* has no list of nina: `lemons fleet score`"):
        find_model(short_library, "nina", **how)
    with (short_library.path / "listens.csv").open("a") as file:
        file.write("nina,T2,1\n")
    changed = type(short_library)(short_library.path, short_library.rows, short_library.plays)
    with pytest.raises(DataError, match="no model of marko .* are of another library"):
        find_model(changed, "marko", **how)


def test_a_run_renews_its_own_listeners_and_another_trunk_all(short_library, trunk, results):
    heads, tops = score(short_library, trunk, results)
    first = Explained("T1", "source", "explanations/1")
    write_index(results, short_library, trunk, tops, {"nina": [first], "marko": [first]})
    before = read_index(results).entries()
    assert before.keys() == {"marko", "nina"}
    assert before["nina"] == (tops[0].key, heads[0].key, [first])

    write_index(results, short_library, trunk, tops, {"nina": [first._replace(unit="explanations/2")]})
    again = Explained("T1", "time", "explanations/3", "stems/1", "hpss")
    write_index(results, short_library, trunk, tops, {"nina": [again]})
    entry = read_index(results).find("nina")
    assert entry.explained == [first._replace(unit="explanations/2"), again]

    of_one = score(short_library, trunk, results, listeners=["marko"])
    write_index(results, short_library, trunk, of_one[1])
    found = read_index(results).entries()
    assert found["nina"] == entry
    assert found["marko"] == (of_one[1][0].key, of_one[0][0].key, [])  # another head, which explained nothing

    torch.manual_seed(1)
    save_checkpoint(trunk, FCN(), {})
    write_index(results, short_library, trunk, score(short_library, trunk, results, listeners=["marko"])[1])
    assert read_index(results).entries().keys() == {"marko"}


def test_of_ten_thousand_listeners_one_is_found_in_four_files(short_library, trunk, results, opened):
    n, shard = 10_000, 256
    names = [f"listener{i:05}" for i in range(n)]
    features, tops = 2 * 8, []
    for first in range(0, n, shard):
        own = names[first : first + shard]
        heads = pa.array(np.zeros((len(own), features)).tolist(), pa.list_(pa.float64(), features))
        table = {"listener": own, "why": pa.nulls(len(own), pa.string()), "weights": heads, "bias": np.arange(len(own))}
        results.write(f"heads/{first}", pa.table(table))
        table = {"listener": pa.array(own).dictionary_encode(), "rank": [1] * len(own), "track_id": ["T3"] * len(own)}
        unit = Unit("tops", str(first), {"first": first}, print, {"heads": f"heads/{first}"})
        results.write(unit.key, pa.table(table | {"logit": np.full(len(own), 0.5, np.float32)}))
        tops.append(unit)
    write_index(results, short_library, trunk, tops, {name: [Explained("T3", "source", f"explanations/{name}")]
                                                      for name in names})  # fmt: skip
    indexing.kept_trunk.cache_clear()
    opened.clear()
    model = find_model(short_library, names[300], experiments_path="nowhere", fleet=results.place)
    assert opened == ["index"]
    assert model.recommend()["track_id"].tolist() == ["T3"]
    assert model.relevance_of_others("T3").tolist() == []
    assert opened == ["index", tops[1].key]  # of 40 such units
    assert model.load().fc.bias.item() == 300 - 256
    assert opened == ["index", tops[1].key, "heads/256", model.fleet.trunk]
    assert model.explained("T3") == [Explained("T3", "source", f"explanations/{names[300]}")]
    assert (Path(results.place) / "index.parquet").stat().st_size < 100 * n  # bytes


def test_a_damaged_index_is_named_and_replaced(short_library, trunk, results, tmp_path):
    _, tops = score(short_library, trunk, results)
    results.write("index", pa.table({"listener": ["nina"]}))
    with pytest.raises(DamagedError, match="index.parquet is no index of this LEMONS"):
        open_fleet(results.place)
    write_index(results, short_library, trunk, tops)
    assert open_fleet(results.place).find("nina")
    assert open_fleet(tmp_path / "nowhere") is open_fleet(None) is None
    assert pq.read_metadata(tmp_path / "results" / "index.parquet").num_rows == 2
