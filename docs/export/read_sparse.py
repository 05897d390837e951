"""Reads a safetensors file of `td export`, sparse or not: every array by its name in td, such as `conv1/kernel`."""
import json
import numpy as np
from safetensors import safe_open


def read(path):
    with safe_open(path, "np") as file:
        stored = {name: file.get_tensor(name) for name in file.keys()}
        layers = json.loads(file.metadata()["layers"])
    arrays = {name: array for name, array in stored.items() if "." not in name.rpartition("/")[2]}
    for layer in layers:
        name = f"{layer['name']}/kernel"
        if f"{name}.values" not in stored:
            continue
        values, columns, starts = (stored[f"{name}.{part}"] for part in ("values", "columns", "starts"))
        *others, units = layer["kernelShape"]
        matrix = np.zeros((units, int(np.prod(others))), np.float32)
        for unit in range(units):
            own = slice(starts[unit], starts[unit + 1])
            matrix[unit, columns[own]] = values[own]
        arrays[name] = matrix.T.reshape(*others, units)
    return arrays
