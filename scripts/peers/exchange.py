"""State and feeds of td in PyTorch's layouts, and files of them in the safetensors format."""

import json

import torch

from models import Normalized, prunable_layers
from targeted import dropout_of, raw_weight

DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_arrays(path):
    """Named tensors of a safetensors file: 8 bytes of header length, a JSON header, the numbers."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=DTYPES[entry["dtype"]], offset=begin, count=(end - begin) // 4)
        arrays[name] = flat.reshape(entry["shape"])
    return arrays


def write_arrays(path, arrays):
    """Writes float32 tensors under their names."""
    header, end = {}, 0
    for name, tensor in arrays.items():
        begin, end = end, end + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for tensor in arrays.values():
            file.write(tensor.detach().contiguous().numpy())


class Parameters:
    """The tensors of a PyTorch network under the names and in the layouts of td's."""

    TENSORS = {
        "bias": "bias",
        "scale": "weight",
        "shift": "bias",
        "mean": "running_mean",
        "variance": "running_var",
    }

    def __init__(self, model, optimizer):
        self.model, self.optimizer = model, optimizer

    def load(self, arrays):
        """Takes parameters, and momentum under `optimizer/velocity/`; every array must have its place."""
        for name, array in arrays.items():
            parameter, is_velocity = split_velocity(name)
            target = self.find(parameter)
            value = torch.empty_like(target).copy_(self.from_td(parameter, array))
            if is_velocity:
                self.optimizer.state[target]["momentum_buffer"] = value
            else:
                with torch.no_grad():
                    target.copy_(value)

    def save(self, names):
        """The present values of what `load` took."""
        arrays = {}
        for name in names:
            parameter, is_velocity = split_velocity(name)
            tensor = self.find(parameter)
            if is_velocity:
                tensor = self.optimizer.state[tensor]["momentum_buffer"]
            arrays[name] = self.to_td(parameter, tensor.detach())
        return arrays

    def set_noise(self, arrays):
        """What is drawn, by td's names `noise/<layer>/kernel/drop`: 0 and 1 for each layer with dropout, and no other."""
        layers = {name: self.layer(name.split("/")[1]) for name in arrays}
        expected = [layer for _, layer in prunable_layers(self.model) if dropout_of(layer)]
        if set(layers.values()) != set(expected):
            raise ValueError(f"td drops weights elsewhere: {sorted(arrays)}")
        for name, layer in layers.items():
            parameter = name[len("noise/") : -len("/drop")]
            dropout_of(layer).take(self.from_td(parameter, arrays[name]).bool())

    def layer(self, name):
        module = self.model.get_submodule(name)
        return module.linear if isinstance(module, Normalized) else module

    def find(self, parameter):
        layer, role = parameter.split("/")
        if role == "kernel":
            return raw_weight(self.layer(layer))
        return getattr(self.layer(layer), self.TENSORS[role])

    def from_td(self, parameter, array):
        """Kernels [height, width, in, out] → [out, in, height, width] and [in, out] → [out, in]."""
        if array.dim() == 4:
            return array.permute(3, 2, 0, 1)
        if array.dim() == 2:
            image = self.image_before(parameter)
            if image is not None:
                # td flattens [height, width, channels], PyTorch [channels, height, width].
                return array.reshape(*image, -1).permute(3, 2, 0, 1).flatten(1)
            return array.t()
        return array

    def to_td(self, parameter, tensor):
        """The way back."""
        if tensor.dim() == 4:
            return tensor.permute(2, 3, 1, 0)
        if tensor.dim() == 2:
            image = self.image_before(parameter)
            if image is not None:
                height, width, channels = image
                images = tensor.reshape(-1, channels, height, width).permute(2, 3, 1, 0)
                return images.reshape(-1, tensor.shape[0])
            return tensor.t()
        return tensor

    def image_before(self, parameter):
        return self.model.flattened.get(parameter.split("/")[0])


def split_velocity(name):
    prefix = "optimizer/velocity/"
    return (name[len(prefix) :], True) if name.startswith(prefix) else (name, False)


def under(prefix, arrays):
    """The entries whose names begin with a prefix, without it."""
    return {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
