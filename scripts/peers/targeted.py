"""Targeted dropout of weights (Gomez et al. 2019, section 3) as a parametrization of PyTorch layers."""

import math

import torch
from torch import nn
from torch.nn.utils import parametrize


class TargetedDropout(nn.Module):
    """Drops, with probability `drop_rate`, entries among the share `target_rate` of lowest magnitude.

    The share is counted for each output unit or filter, which is the first axis of PyTorch's weights. What is kept is not
    rescaled, and evaluation uses the weight as it is.
    """

    def __init__(self, drop_rate, target_rate):
        super().__init__()
        self.drop_rate, self.target_rate = drop_rate, target_rate
        # Booleans of the weight's shape, used in place of those that would be drawn.
        self.drawn = None

    def take(self, drawn):
        """Uses these booleans from now on; ValueError if they were hardly drawn at this drop rate."""
        share, deviation = drawn.float().mean().item(), math.sqrt(self.drop_rate * (1 - self.drop_rate) / drawn.numel())
        if abs(share - self.drop_rate) > 6 * deviation:
            raise ValueError(f"td drops {share:.4f} of the candidates, PyTorch {self.drop_rate}")
        self.drawn = drawn

    def forward(self, weight):
        if not self.training:
            return weight
        return weight.masked_fill(self.find_dropped(weight), 0)

    @torch.no_grad()
    def find_dropped(self, weight):
        drawn = torch.rand_like(weight) < self.drop_rate if self.drawn is None else self.drawn
        magnitudes = weight.abs()
        thresholds = lowest_kept(magnitudes.flatten(1), self.target_rate)
        candidates = magnitudes < thresholds.view(-1, *[1] * (weight.dim() - 1))
        return candidates.logical_and_(drawn)


def lowest_kept(rows, share):
    """Of each row, the value at index floor(share · n) of its ascending sort: [rows, n] → [rows]."""
    count = rows.shape[1]
    lowest = math.floor(share * count + 1e-9)
    # The same as kthvalue(lowest + 1), and somewhat faster.
    return rows.topk(count - lowest, sorted=False).values.amin(1)


def add_targeted_dropout(layers, drop_rate, target_rate):
    for layer in layers:
        parametrize.register_parametrization(layer, "weight", TargetedDropout(drop_rate, target_rate))


def dropout_of(layer):
    """The layer's targeted dropout, if it has one."""
    return layer.parametrizations.weight[0] if parametrize.is_parametrized(layer) else None


def raw_weight(layer):
    """The trained weight, before dropout."""
    return layer.parametrizations.weight.original if parametrize.is_parametrized(layer) else layer.weight
