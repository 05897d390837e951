"""The PyTorch side of the benchmark: a process that answers requests, one line of JSON each, until its input ends.

    peer.py <task as JSON> <default | channels_last> [cpu | cuda]

The settings of the task may say `"precision": "bfloat16"`.
"""

import json
import signal
import sys
import time

import torch

from exchange import Parameters, read_arrays, under, write_arrays
from models import create_model, prunable_layers
from targeted import add_targeted_dropout
from training import Trainer, casts_of, evaluate

FORMATS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}


class Peer:
    def __init__(self, task, layout, device="cpu"):
        settings, self.what = task["settings"], task["what"]
        self.format = FORMATS[layout]
        if task["threads"] > 0:
            torch.set_num_threads(task["threads"])
        # As td computes on a card unless it is told otherwise.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.manual_seed(0)
        model = create_model(settings["model"], task["imageShape"], task["classes"])
        regularizer = settings["regularizer"]
        if regularizer["name"] == "targeted":
            layers = [layer for _, layer in prunable_layers(model)]
            add_targeted_dropout(layers, regularizer["dropRate"], regularizer["targetRate"])
        self.device = torch.device(device)
        self.model = model.to(self.device, memory_format=self.format)
        self.casts = casts_of(settings.get("precision", "float32"), device)
        self.trainer = Trainer(self.model, settings["schedule"], self.casts)
        self.task = task

    def time(self, runs):
        """Milliseconds of each run; the batch is ready, dropout draws its own noise."""
        images, labels = self.make_batch()
        milliseconds = []
        for _ in range(runs):
            began = time.perf_counter()
            loss, _ = self.run(images, labels)
            milliseconds.append((time.perf_counter() - began) * 1000)
        return {"milliseconds": milliseconds, "loss": loss}

    def check(self, input, output):
        """One run from a given state on a given batch, with given noise; the state after it goes to `output`, if there is one."""
        arrays = read_arrays(input)
        state, feeds = under("state/", arrays), under("feed/", arrays)
        parameters = Parameters(self.model, self.trainer.optimizer)
        parameters.load(state)
        parameters.set_noise({name: array for name, array in feeds.items() if name.startswith("noise/")})
        loss, metric = self.run(*self.batch_of(feeds))
        if output is not None:
            saved = parameters.save(state)
            write_arrays(output, {f"state/{name}": tensor for name, tensor in saved.items()})
        return {"loss": loss, "metric": metric}

    def run(self, images, labels):
        if self.what == "evaluation":
            return evaluate(self.model, images, labels, self.casts)
        return self.trainer.step(images, labels)

    def batch_of(self, feeds):
        images = feeds["images"].permute(0, 3, 1, 2).contiguous(memory_format=self.format)
        return images.to(self.device), feeds["labels"].long().to(self.device)

    def make_batch(self):
        if self.task["batch"] is not None:
            return self.batch_of(under("feed/", read_arrays(self.task["batch"])))
        height, width, channels = self.task["imageShape"]
        count = self.task["settings"]["schedule"]["batchSize"]
        images = torch.randn(count, channels, height, width).contiguous(memory_format=self.format)
        return images.to(self.device), torch.randint(self.task["classes"], (count,), device=self.device)


def main():
    # Whoever interrupts the benchmark wants no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    peer = Peer(json.loads(sys.argv[1]), *sys.argv[2:])
    commands = {"time": peer.time, "check": peer.check}
    for line in sys.stdin:
        request = json.loads(line)
        answer = commands[request.pop("command")](**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
