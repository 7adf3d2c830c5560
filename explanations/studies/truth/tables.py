"""The study's tables in Markdown: docs/truth_tables.md."""

from collections.abc import Sequence
from typing import Any

from explanations.studies.truth.agreement import DIRECTIONS, QUESTIONS, TRUTHS
from explanations.studies.truth.methods import METHODS

__all__ = [
    "Rows",
    "agreement_table",
    "closed_table",
    "facts_table",
    "gate_table",
    "methods_table",
    "report",
    "training_table",
]

Rows = Sequence[dict[str, Any]]
PARTS = {  # of a study, and their titles
    "constructed": "Constructed models",
    "without_nuisances": "Constructed models without nuisances",
    "trained": "Trained models",
}
TITLES = {"auc": "AUC", "top1": "top-1"}


def report(found: dict[str, Any]) -> str:
    """All tables of a study: a page.

    Parameters
    ----------
    found : dict
        what `explanations.studies.truth.study.write_truth` returns
    """
    texts = ["# Tables of the truth bench", "What they say, and how they came about, is in [truth.md](truth.md)."]
    texts += [", ".join(f"`{name}` {value}" for name, value in found["settings"].items())]
    texts += ["## Closed forms", closed_table(found["closed_forms"])]
    for part, title in PARTS.items():
        rows = found[part]
        if part == "trained" and rows:
            texts += [f"## {title}", training_table(rows)]
        for kind in dict.fromkeys(row["kind"] for row in rows):
            some = [row for row in rows if row["kind"] == kind and "methods" in row]
            if some:
                texts += [f"## {title}, {kind}"]
                if part != "without_nuisances":  # there any positive weight wins
                    texts += ["Top-1:", methods_table(some, "top1"), "AUC:", methods_table(some, "auc")]
                    texts += ["Gate:", gate_table(some)]
                texts += ["Facts:", facts_table(some)]
    for part, by_kind in found["agreement"].items():
        for kind, its in by_kind.items():
            for truth in TRUTHS:
                title = f"Agreement of measures with {TITLES[truth]}: {PARTS.get(part, 'all models')}, {kind}"
                texts += [f"## {title}", agreement_table(its, truth)]
    return "\n\n".join(texts) + "\n"


def methods_table(rows: Rows, measure: str) -> str:
    """A row for each method, a column for each case: the mean over tracks, and its interval.

    Parameters
    ----------
    rows : sequence of dict
        cases with ``case`` and ``methods``
    measure : {"auc", "top1", "top3"}
    """
    cells = [[name, *(_interval(row["methods"][name][measure]) for row in rows)] for name in METHODS]
    return _table(["method", *(row["case"] for row in rows)], cells)


def facts_table(rows: Rows) -> str:
    """A row for each case: whether the smallest set is the planted one, and that of the model by brute force."""
    cells = []
    for row in rows:
        for which in row["facts"]["planted"]:
            found = row["facts"][which]
            numbers = [_interval(found[name]) for name in ("exact", "model", "precision", "recall")]
            size = found["size"]  # None where no track has such a set
            cells.append([row["case"], which, *numbers, "" if size is None else f"{size:.1f}"])
    head = ["planted, exactly", "the model's, exactly", "precision", "recall", "size, where there is one"]
    return _table(["case", "smallest set", *head], cells)


def gate_table(rows: Rows) -> str:
    """A row for each case: how often the gate refuses, and what it reads."""
    cells = []
    for row in rows:
        gate = row["gate"]
        right, n = gate["n_right"], gate["refused"]["n"]
        cells.append([
            row["case"],
            _interval(gate["refused"]),
            f"{gate['n_right_refused']} of {right}",
            f"{gate['n_wrong_refused']} of {n - right}",
            *(f"{gate[name]['mean']:.2f}" for name in ("r2", "r2_p", "ratio", "pair_planted")),
        ])  # fmt: skip
    head = ["refused", "right refused", "wrong refused", "R²", "R² of p", "interaction", "planted pair strongest"]
    return _table(["case", *head], cells)


def training_table(rows: Rows) -> str:
    """A row for each trained case: what was learned, and how many candidates count; a number for each seed."""
    cells = []
    for row in {row["case"]: row for row in rows}.values():
        seeds = row["seeds"]
        learned = [" / ".join(f"{its['test_auc']:.2f}" for its in seeds), str(seeds[0]["n_test"])]
        silence = " / ".join(f"{its['silence']:+.1f}" for its in seeds)
        counted = [" / ".join(str(its[name]) for its in seeds) for name in ("checked", "recommended", "passed")]
        cells.append([row["case"], *learned, silence, *counted])
    head = ["test AUC", "tracks", "logit of silence", "candidates", "recommended", "twin check passed"]
    return _table(["case", *head], cells)


def agreement_table(found: dict[str, Any], truth: str = "auc") -> str:
    """A row for each measure: its rank correlation with a score of truth, by question.

    Parameters
    ----------
    found : dict
        what `explanations.studies.truth.agreement.agreement` returns
    truth : {"auc", "top1"}
    """
    cells = [
        [measure, DIRECTIONS[measure], *(_interval(its[one][truth]) if truth in its[one] else "" for one in QUESTIONS)]
        for measure, its in found.items()
    ]
    return _table(["measure", "better", *QUESTIONS], cells)


def closed_table(rows: Rows) -> str:
    """A row for each form: what is true, and how far the engine is from it."""
    names = ("lime_pair", "lime_other", "shapley_pair", "interaction", "fidelity", "leave_one_out", "one_at_a_time")
    head = ["LIME", "LIME, others", "Shapley", "interaction", "R²", "leave one out", "one at a time"]
    cells = [[row["form"], *(f"{row[name]:.4f}" for name in names), f"{row['difference']:.0e}"] for row in rows]
    return _table(["form", *head, "engine's largest difference"], cells)


def _interval(mean: dict[str, float]) -> str:
    """The interval is left out where it is a single number."""
    if mean["low"] == mean["high"]:
        return f"{mean['mean']:.2f}"
    return f"{mean['mean']:.2f} [{mean['low']:.2f}, {mean['high']:.2f}]"


def _table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
