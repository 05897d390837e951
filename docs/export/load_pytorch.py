"""Loads a network that `td export --format pytorch` wrote, as a function of images [batch, channels, height, width]."""
import json
import torch
import torch.nn.functional as F
from safetensors import safe_open


def load(path):
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()

    def network(images):
        values = {metadata["input"]: images}
        for call in json.loads(metadata["calls"]):
            function = getattr(F, call["function"], None) or getattr(torch, call["function"])
            tensor_arguments = {key: tensors[name] for key, name in call.get("tensors", {}).items()}
            inputs = [values[name] for name in call["inputs"]]
            values[call["result"]] = function(*inputs, **tensor_arguments, **call.get("arguments", {}))
        return values[call["result"]]

    return network, tensors, metadata
