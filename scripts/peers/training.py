"""Training step and evaluation as a PyTorch script has them, on a batch that is ready."""

import contextlib

import torch
import torch.nn.functional as F
from torch import nn

from targeted import raw_weight


class Trainer:
    """Momentum with weight decay on kernels and biases, and gradients clipped by their global norm, decay included."""

    def __init__(self, model, schedule, casts):
        self.model, self.casts = model, casts
        self.clip, self.decay = schedule["gradientClip"], schedule["weightDecay"]
        self.parameters = list(model.parameters())
        linear = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
        self.decayed = [raw_weight(layer) for layer in linear]
        self.decayed += [layer.bias for layer in linear if layer.bias is not None]
        # Decay by the optimizer would come after clipping.
        self.optimizer = torch.optim.SGD(
            self.parameters,
            lr=schedule["learningRate"],
            momentum=schedule["optimizer"]["momentum"],
            foreach=True,
        )

    def step(self, images, labels):
        """Returns the mean cross-entropy before the step, and the norm of the gradients before clipping."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        with self.casts():
            loss = F.cross_entropy(self.model(images), labels)
        loss.backward()
        with torch.no_grad():
            torch._foreach_add_([weight.grad for weight in self.decayed], self.decayed, alpha=self.decay)
        norm = nn.utils.clip_grad_norm_(self.parameters, self.clip)
        self.optimizer.step()
        return loss.item(), norm.item()


def evaluate(model, images, labels, casts):
    """Returns the sum of the cross-entropy over the batch, and the number of right answers."""
    model.eval()
    with torch.inference_mode(), casts():
        logits = model(images)
        loss = F.cross_entropy(logits, labels, reduction="sum")
        correct = (logits.argmax(1) == labels).sum()
        return loss.item(), correct.item()


def casts_of(precision, device):
    """What forward pass and loss are computed under: nothing, or PyTorch's autocast to bfloat16.

    Autocast computes convolutions and products in bfloat16 and the loss in float32; parameters and their gradients stay float32.
    """
    if precision == "float32":
        return contextlib.nullcontext
    return lambda: torch.autocast(device, dtype=torch.bfloat16)
