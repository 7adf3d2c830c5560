"""The separators by name: which exist, which can run now, and what the others lack."""

import os
from dataclasses import dataclass
from pathlib import Path

from lemons.errors import MissingWeightsError, ParameterError
from lemons.extras import how_to_install, missing, require
from lemons.separation.given import Given
from lemons.separation.hpss import HPSS
from lemons.separation.separator import Separator
from lemons.separation.weights import how_to_get, is_there, weights_folder

__all__ = ["SeparatorRecord", "get_separator", "list_separators"]

STEMS = {  # of the separators known by name; `given` has those of its folder
    "given": (),
    "hpss": HPSS.stems,
    "spleeter:2stems": ("vocals", "accompaniment"),
    "spleeter:4stems": ("vocals", "drums", "bass", "other"),
    "spleeter:5stems": ("vocals", "piano", "drums", "bass", "other"),
    "demucs:htdemucs": ("drums", "bass", "other", "vocals"),
    "demucs:htdemucs_6s": ("drums", "bass", "other", "vocals", "guitar", "piano"),
}
PACKAGES = {  # that a family of separators needs, and the extra that has them
    "hpss": (("librosa",), "separation"),
    "spleeter": (("torch", "safetensors", "google_crc32c"), "separation"),
    "demucs": (("demucs",), "demucs"),
}
WITHOUT_WEIGHTS = "hpss, or given with a folder of stems"


@dataclass(frozen=True)
class SeparatorRecord:
    """What is known of a separator before it is made.

    Attributes
    ----------
    name : str
        as `get_separator` takes it
    stems : tuple of str
        its stems in their order; empty where they depend on a folder
    ready : bool
        whether it can run now, without further arguments
    lacks : str
        what is missing and how to get it; empty when it is ready
    """

    name: str
    stems: tuple[str, ...]
    ready: bool
    lacks: str


def get_separator(name: str, weights: str | os.PathLike | None = None, device: str | None = None) -> Separator:
    """Make a separator.

    Parameters
    ----------
    name : str
        ``given``, ``hpss``, ``spleeter:2stems``, ``spleeter:4stems``, ``spleeter:5stems`` or ``demucs:<model>``
    weights : path-like, optional
        for ``given`` the folder of stems; for Spleeter a folder with a TensorFlow checkpoint or with
        ``variables.safetensors``; for Demucs a safetensors file or a folder of them; by default those in
        `lemons.separation.weights.weights_folder`
    device : str, optional
        where networks compute; the processor by default

    Returns
    -------
    Separator

    Raises
    ------
    ParameterError
        if there is no separator of this name, or it takes no weights
    MissingWeightsError
        if there are no weights; the sentence says how to get them, and what works without
    MissingDependencyError
        if an optional package is missing
    DataError
        if the weights are damaged, or those of something else

    Examples
    --------
    >>> get_separator("hpss").stems
    ('harmonic low', 'harmonic mid', 'harmonic high', 'percussive low', 'percussive high')
    """
    family, _, model = name.partition(":")
    if name not in STEMS and not (family == "demucs" and model):
        known = ", ".join(one for one in STEMS if not one.startswith("demucs"))
        raise ParameterError(f"separator={name!r} is unknown; choose one of {known}, demucs:<model>")
    if name == "hpss":
        if weights is not None:
            raise ParameterError(f"separator='hpss' takes no weights; leave weights={os.fspath(weights)!r} out")
        _check_packages(name)
        return HPSS()
    if name == "given":
        if weights is None:
            raise ParameterError("separator='given' needs weights=FOLDER, a folder with an audio file per stem")
        return Given(weights)
    _check_packages(name)  # before the weights, which would be fetched in vain
    folder = weights_folder(name) if weights is None else Path(weights)
    if not is_there(name, folder):
        raise MissingWeightsError(
            f"{name} has no weights in {folder}; {how_to_get(name)}, or choose a separator that works without: "
            f"{WITHOUT_WEIGHTS}"
        )
    if family == "demucs":
        from lemons.separation.demucs import Demucs

        return Demucs(model, folder, device=device)
    from lemons.separation.spleeter import load_spleeter

    return load_spleeter(name, folder, device=device)


def list_separators() -> list[SeparatorRecord]:
    """Every separator, with what it lacks on this machine.

    >>> [record.name for record in list_separators()][:3]
    ['given', 'hpss', 'spleeter:2stems']
    """
    return [SeparatorRecord(name, stems, not _lacks(name), _lacks(name)) for name, stems in STEMS.items()]


def _family(name: str) -> str:
    return name.partition(":")[0]


def _check_packages(name: str) -> None:
    packages, extra = PACKAGES[_family(name)]
    require(f"the separator {name}", *packages, extra=extra)


def _lacks(name: str) -> str:
    if name == "given":
        return "a folder of stems: --weights FOLDER"
    packages, extra = PACKAGES[_family(name)]
    absent = missing(*packages)
    lacks = [f"{' and '.join(absent)}: {how_to_install(extra)}"] if absent else []
    if name != "hpss" and not is_there(name, weights_folder(name)):
        lacks.append(f"weights: {how_to_get(name)}")
    return "; ".join(lacks)
