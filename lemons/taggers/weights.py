"""musicnn's trained weights, read out of the package that its authors published, which is never imported.

The wheel ``musicnn`` 0.1.0 (ISC licence) holds TensorFlow checkpoints. ``musicnn:MTT`` was trained on MagnaTagATune,
``musicnn:MSD`` on the Million Song Dataset with Last.fm's tags. (Its ``vgg`` networks flatten patches of a fixed
length: they do not pool over time and are left out.) Adam's variables are among the others and stay where they are.
The package's metadata ask for TensorFlow and a NumPy of 2019, hence ``--no-deps``.
"""

import os
import shutil
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from lemons.arguments import one_of
from lemons.errors import DataError, MissingWeightsError
from lemons.files import atomic_folder, discard_folder
from lemons.hashing import hash_file
from lemons.library.archives import DAMAGE
from lemons.separation.tf_checkpoint import read_checkpoint
from lemons.separation.weights import weights_folder
from lemons.taggers.musicnn import Musicnn

__all__ = ["LABELS", "fetch_tagger", "load_tagger"]

MTT = (
    "guitar, classical, slow, techno, strings, drums, electronic, rock, fast, piano, ambient, beat, violin, vocal, "
    "synth, female, indian, opera, male, singing, vocals, no vocals, harpsichord, loud, quiet, flute, woman, "
    "male vocal, no vocal, pop, soft, sitar, solo, man, classic, choir, voice, new age, dance, male voice, "
    "female vocal, beats, harp, cello, no voice, weird, country, metal, female voice, choral"
)
MSD = (
    "rock, pop, alternative, indie, electronic, female vocalists, dance, 00s, alternative rock, jazz, beautiful, "
    "metal, chillout, male vocalists, classic rock, soul, indie rock, Mellow, electronica, 80s, folk, 90s, chill, "
    "instrumental, punk, oldies, blues, hard rock, ambient, acoustic, experimental, female vocalist, guitar, Hip-Hop, "
    "70s, party, country, easy listening, sexy, catchy, funk, electro, heavy metal, Progressive rock, 60s, rnb, "
    "indie pop, sad, House, happy"
)
LABELS = {"musicnn:MTT": tuple(MTT.split(", ")), "musicnn:MSD": tuple(MSD.split(", "))}  # in the order of the outputs
SHA256 = {  # of the values in the wheel
    "musicnn:MTT": "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
    "musicnn:MSD": "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
}
INDEX, VALUES = ".index", ".data-00000-of-00001"
FILES = ("checkpoint", INDEX, VALUES)
HOW = "call `pip install --no-deps musicnn==0.1.0` (29 MB; nothing of it is run)"
TO_TORCH = (3, 2, 1, 0)  # kernels of (frames, bands, inputs, outputs)
FROM_CHANNELS = (3, 1, 2, 0)  # kernels whose bands are the channels of the layers below
NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def load_tagger(name: str) -> Musicnn:
    """A trained tagger.

    Parameters
    ----------
    name : {"musicnn:MTT", "musicnn:MSD"}

    Returns
    -------
    Musicnn
        in evaluation mode, with all labels

    Raises
    ------
    ParameterError
        if there is no such tagger
    MissingWeightsError
        if its weights are not there; the sentence says how to get them
    DataError
        if they are damaged
    """
    one_of("model", name, tuple(LABELS))
    folder = weights_folder(name)
    if not _is_there(folder):
        folder = _installed(name)
    return _network(_checked(name, folder), LABELS[name])


def fetch_tagger(name: str, *, source: str | os.PathLike | None = None) -> Path:
    """Put a tagger's weights where they are looked for first.

    Parameters
    ----------
    name : {"musicnn:MTT", "musicnn:MSD"}
    source : path-like, optional
        the wheel, or a folder that it was unpacked to; by default the installed package

    Returns
    -------
    Path
        their folder

    Raises
    ------
    ParameterError, MissingWeightsError, DataError
        see `load_tagger`
    """
    one_of("name", name, tuple(LABELS))
    folder = weights_folder(name)
    if source is None:
        if not _is_there(folder):
            _install(name, _installed(name), folder)
    elif Path(source).is_dir():
        _install(name, Path(source) / _inside(name) if not _is_there(Path(source)) else Path(source), folder)
    else:
        with TemporaryDirectory(prefix="lemons-") as temporary:
            try:
                with zipfile.ZipFile(source) as wheel:
                    wheel.extractall(temporary, [f"{_inside(name)}/{file}" for file in FILES])
            except (KeyError, *DAMAGE) as error:
                raise DataError(f"{source} is not the wheel of musicnn ({error}); {HOW} instead") from error
            _install(name, Path(temporary) / _inside(name), folder)
    return folder


def _inside(name: str) -> str:
    """Where the wheel has a model."""
    return f"musicnn/{name.partition(':')[2]}_musicnn"


def _installed(name: str) -> Path:
    """The folder of the installed package with a model."""
    try:
        folder = Path(str(distribution("musicnn").locate_file(_inside(name))))
    except PackageNotFoundError as error:
        raise MissingWeightsError(f"{name} has no weights in {weights_folder(name)}; {HOW}") from error
    if not _is_there(folder):
        raise MissingWeightsError(f"the installed musicnn has no {folder}; {HOW}")
    return folder


def _is_there(folder: Path) -> bool:
    return all((folder / file).is_file() for file in FILES)


def _checked(name: str, folder: Path) -> dict[str, np.ndarray]:
    """The variables of a checkpoint, if it is the published one."""
    if not _is_there(folder):
        raise DataError(f"{folder} does not hold {name}: {', '.join(FILES)}; {HOW}")
    if hash_file(folder / VALUES) != SHA256[name]:
        raise DataError(f"{folder / VALUES} does not hold the published weights of {name} (another checksum); {HOW}")
    return read_checkpoint(folder)


def _install(name: str, source: Path, folder: Path) -> None:
    """Put a checkpoint into its folder, all of it or nothing."""
    _checked(name, source)
    with atomic_folder(folder) as new:
        for file in FILES:
            shutil.copy(source / file, new)
        discard_folder(folder)  # last: the source may be this very folder


def _network(variables: dict[str, np.ndarray], labels: tuple[str, ...]) -> Musicnn:
    """The network of a checkpoint's variables, as TensorFlow names them: layers of a kind are numbered in order."""
    network = Musicnn(labels).eval()
    state = _norm("spec_bn", variables, 0)
    for i in range(len(network.front) + len(network.middle)):
        ours = f"front.{i}" if i < len(network.front) else f"middle.{i - len(network.front)}"
        order = TO_TORCH if i < len(network.front) else FROM_CHANNELS
        theirs = f"conv2d_{i}" if i else "conv2d"
        state |= {f"{ours}.conv.weight": variables[f"{theirs}/kernel"].transpose(order)}
        state |= {f"{ours}.conv.bias": variables[f"{theirs}/bias"]}
        state |= _norm(f"{ours}.bn", variables, i + 1)
    # the original's features are interleaved: a channel's maximum, its mean, the next channel's maximum
    n_pooled = len(variables["dense/kernel"])
    apart = np.concatenate([np.arange(0, n_pooled, 2), np.arange(1, n_pooled, 2)])
    state |= {name: values[apart] for name, values in _norm("head.0", variables, 9).items()}
    state |= {"head.1.weight": variables["dense/kernel"][apart].T, "head.1.bias": variables["dense/bias"]}
    state |= _norm("head.3", variables, 10)
    state |= {"head.4.weight": variables["dense_1/kernel"].T, "head.4.bias": variables["dense_1/bias"]}
    counters = {name: values for name, values in network.state_dict().items() if name.endswith("num_batches_tracked")}
    network.load_state_dict({name: torch.tensor(values.copy()) for name, values in state.items()} | counters)
    return network


def _norm(ours: str, variables: dict[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    theirs = f"batch_normalization_{number}" if number else "batch_normalization"
    return {f"{ours}.{name}": variables[f"{theirs}/{part}"] for part, name in NORM.items()}
