"""What spleeter 2.4.2 itself does; run by bench/separation.py in a Python that has it.

python bench/spleeter_reference.py save NAME VARIABLES.npz FOLDER
python bench/spleeter_reference.py separate NAME CLIP.npy OUT.npz REPEATS      (weights: $MODEL_PATH)
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np


def save(name, variables, folder):
    """Write a checkpoint with given values, as Spleeter's own training does."""
    import tensorflow as tf
    from spleeter.model import EstimatorSpecBuilder, InputProviderFactory
    from spleeter.utils.configuration import load_configuration

    params = load_configuration(name)
    values = np.load(variables)
    with tf.Graph().as_default():
        tf.compat.v1.train.create_global_step()
        features = InputProviderFactory.get(params).get_input_dict_placeholders()
        _ = EstimatorSpecBuilder(features, params).outputs  # asking for them builds the graph
        with tf.compat.v1.Session() as session:
            initializers = {v.initializer: values[v.op.name] for v in tf.compat.v1.global_variables()}
            session.run(list(initializers), {op.inputs[1]: value for op, value in initializers.items()})
            folder = Path(folder)
            folder.mkdir(parents=True)
            tf.compat.v1.train.Saver().save(session, str(folder / "model"), write_meta_graph=False)
    (folder / ".probe").write_text("OK")  # Spleeter's sign that the weights are there


def separate(name, clip, out, repeats):
    """Separate a clip some times; print the seconds of each call and the peak memory."""
    from spleeter.separator import Separator

    waveform = np.load(clip).T
    separator = Separator(name, multiprocess=False)
    seconds = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        stems = separator.separate(waveform)
        seconds.append(time.perf_counter() - start)
    peak = 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    np.savez(out, **{stem: y.T for stem, y in stems.items()})
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    {"save": save, "separate": separate}[sys.argv[1]](*sys.argv[2:])
