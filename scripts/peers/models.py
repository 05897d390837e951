"""The networks of the benchmark in PyTorch: what a user would write instead of td's models."""

import math
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class Conv2d(nn.Conv2d):
    """A convolution with 'same' padding as TensorFlow has it: of an odd total, the greater part lies below and to the right.

    PyTorch's own padding="same" refuses strides, and a symmetric padding would shift the image by a pixel.
    """

    def __init__(self, inputs, filters, size, stride=1, bias=False):
        symmetric = (size - 1) // 2 if stride == 1 else 0
        super().__init__(inputs, filters, size, stride, padding=symmetric, bias=bias)

    def forward(self, x):
        return super().forward(x if self.stride[0] == 1 else F.pad(x, self.padding_of(x)))

    def padding_of(self, x):
        """Left, right, top, bottom."""
        (height, width), size, stride = x.shape[2:], self.kernel_size[0], self.stride[0]
        totals = [max((math.ceil(side / stride) - 1) * stride + size - side, 0) for side in (width, height)]
        return [part for total in totals for part in (total // 2, total - total // 2)]


def batch_norm(kind, channels, settings):
    """PyTorch's momentum is the share of the batch in the moving average, TensorFlow's that of the average."""
    return kind(channels, eps=settings["epsilon"], momentum=1 - settings["momentum"])


class Mlp(nn.Module):
    def __init__(self, settings, image_shape, classes):
        super().__init__()
        sizes = [math.prod(image_shape), *settings["widths"]]
        hidden = [nn.Linear(inputs, units) for inputs, units in zip(sizes, sizes[1:])]
        self.hidden = [f"dense{number}" for number in range(1, len(sizes))]
        for name, layer in zip(self.hidden, hidden):
            self.add_module(name, layer)
        self.logits = nn.Linear(sizes[-1], classes)
        self.flattened = {"dense1": image_shape}

    def forward(self, x):
        x = x.flatten(1)
        for name in self.hidden:
            x = F.relu(getattr(self, name)(x))
        return self.logits(x)


class Lenet(nn.Module):
    """LeNet-5 with ReLU after its convolutions; images with sides that both poolings halve evenly."""

    def __init__(self, settings, image_shape, classes):
        super().__init__()
        height, width, channels = image_shape
        first, second = settings["filters"]
        (units,) = settings["widths"]
        features = [((side - 4) // 2 - 4) // 2 for side in (height, width)] + [second]
        self.conv1 = nn.Conv2d(channels, first, 5)
        self.conv2 = nn.Conv2d(first, second, 5)
        self.dense1 = nn.Linear(math.prod(features), units)
        self.logits = nn.Linear(units, classes)
        self.flattened = {"dense1": features}

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.logits(F.relu(self.dense1(x.flatten(1))))


class ResidualUnit(nn.Module):
    """Pre-activation; the first unit of a stage adds the activated input, through a 1×1 convolution."""

    def __init__(self, inputs, filters, stride, is_first, norm):
        super().__init__()
        self.norm1 = batch_norm(nn.BatchNorm2d, inputs, norm)
        self.shortcut = Conv2d(inputs, filters, 1, stride) if is_first else None
        self.conv1 = Conv2d(inputs, filters, 3, stride)
        self.norm2 = batch_norm(nn.BatchNorm2d, filters, norm)
        self.conv2 = Conv2d(filters, filters, 3)

    def forward(self, x):
        activated = F.relu(self.norm1(x), inplace=True)
        kept = x if self.shortcut is None else self.shortcut(activated)
        hidden = F.relu(self.norm2(self.conv1(activated)), inplace=True)
        return kept + self.conv2(hidden)


class Resnet(nn.Module):
    def __init__(self, settings, image_shape, classes):
        super().__init__()
        first, *stages = settings["filters"]
        norm = settings["batchNorm"]
        self.conv1 = Conv2d(image_shape[2], first, 7)
        self.stages = [f"stage{number}" for number in range(1, len(stages) + 1)]
        inputs = first
        for index, (name, filters) in enumerate(zip(self.stages, stages)):
            units = OrderedDict()
            for unit in range(settings["units"]):
                stride = 2 if index > 0 and unit == 0 else 1
                units[f"unit{unit + 1}"] = ResidualUnit(inputs, filters, stride, unit == 0, norm)
                inputs = filters
            self.add_module(name, nn.Sequential(units))
        self.norm = batch_norm(nn.BatchNorm2d, inputs, norm)
        self.logits = nn.Linear(inputs, classes)
        self.flattened = {}

    def forward(self, x):
        x = self.conv1(x)
        for name in self.stages:
            x = getattr(self, name)(x)
        return self.logits(F.relu(self.norm(x), inplace=True).mean((2, 3)))


class Normalized(nn.Module):
    """A linear layer, batch normalisation, and ReLU where wanted."""

    def __init__(self, linear, norm, activates):
        super().__init__()
        self.linear, self.norm, self.activates = linear, norm, activates

    def forward(self, x):
        x = self.norm(self.linear(x))
        return F.relu(x, inplace=True) if self.activates else x


class Vgg(nn.Module):
    """VGG-16 with batch normalisation, without ReLU behind the dense layers, as in the paper's code."""

    CONVOLUTIONS = (2, 2, 3, 3, 3)

    def __init__(self, settings, image_shape, classes):
        super().__init__()
        height, width, inputs = image_shape
        norm = settings["batchNorm"]
        self.groups = [f"group{number}" for number in range(1, len(self.CONVOLUTIONS) + 1)]
        for name, filters, count in zip(self.groups, settings["filters"], self.CONVOLUTIONS):
            layers = OrderedDict()
            for number in range(1, count + 1):
                norm2d = batch_norm(nn.BatchNorm2d, filters, norm)
                layers[f"conv{number}"] = Normalized(Conv2d(inputs, filters, 3), norm2d, True)
                inputs = filters
            self.add_module(name, nn.Sequential(layers))
        features = [height // 32, width // 32, inputs]
        sizes = [math.prod(features), *settings["widths"]]
        self.dense = [f"dense{number}" for number in range(1, len(sizes))]
        for name, inputs, units in zip(self.dense, sizes, sizes[1:]):
            linear = nn.Linear(inputs, units, bias=False)
            norm1d = batch_norm(nn.BatchNorm1d, units, norm)
            self.add_module(name, Normalized(linear, norm1d, settings["denseRelu"]))
        self.logits = nn.Linear(sizes[-1], classes)
        self.flattened = {"dense1": features}

    def forward(self, x):
        for name in self.groups:
            x = F.max_pool2d(getattr(self, name)(x), 2)
        x = x.flatten(1)
        for name in self.dense:
            x = getattr(self, name)(x)
        return self.logits(x)


MODELS = {"mlp": Mlp, "lenet": Lenet, "resnet": Resnet, "vgg": Vgg}


def create_model(settings, image_shape, classes):
    """The network that td's model settings describe, with first values in the range that td draws them from.

    `flattened` of a network: for each dense layer that reads a flattened image, that image's [height, width, channels].
    """
    model = MODELS[settings["name"]](settings, image_shape, classes)
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


def prunable_layers(model):
    """All but the first convolution and the logits layer, by name."""
    linear = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear)) and name != "logits"
    ]
    first = next((name for name, module in linear if isinstance(module, nn.Conv2d)), None)
    return [(name, module) for name, module in linear if name != first]
