"""PyTorch as a peer of samples/Benchmarks. With no arguments it answers lines; Peer.cs has the protocol.

    pytorch_peer.py predict FILE    one prediction in a new process
    pytorch_peer.py train FILE      a few training steps, then the peak of resident memory in bytes
"""
import json
import os
import struct
import sys
import time

import torch


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin).reshape(entry["shape"]).clone()
    return metadata, tensors


class Network(torch.nn.Module):
    """
    An LSTM and a linear layer on its last hidden state, or on the mean over the steps if it is bidirectional. A language
    model has an embedding before and the linear layer on each step.
    """

    def __init__(self, metadata, tensors):
        super().__init__()
        inputs, hidden, layers, directions, words = (int(metadata[key]) for key in "IHLDV")
        self.bidirectional = directions == 2
        self.embedding = torch.nn.Embedding(words, inputs) if words else None
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, bidirectional=self.bidirectional)
        self.head = torch.nn.Linear(directions * hidden, words or 1)
        with torch.no_grad():
            for name, parameter in self.lstm.named_parameters():
                if name.startswith("weight"):
                    parameter.copy_(tensors[name])
                elif name.startswith("bias_ih"):
                    # Our two biases are one.
                    parameter.copy_(tensors[name.replace("bias_ih", "bias")].flatten())
                else:
                    parameter.zero_()
            self.head.weight.copy_(tensors["head.weight"])
            self.head.bias.copy_(tensors["head.bias"].flatten())
            if self.embedding is not None:
                self.embedding.weight.copy_(tensors["embeddings.0.weight"])

    def forward(self, x):
        if self.embedding is not None:
            return self.head(self.lstm(self.embedding(x))[0])
        outputs, (h, _) = self.lstm(x)
        return self.head(outputs.mean(dim=0) if self.bidirectional else h[-1])


class Problem:
    def __init__(self, path, threads=None):
        if threads is not None:
            torch.set_num_threads(threads)
        metadata, tensors = read_safetensors(path)
        # Time-major is what PyTorch runs fastest.
        if "words" in tensors:
            self.x, self.targets = (tensors[name].long().transpose(0, 1).contiguous() for name in ("words", "next"))
        else:
            self.x, self.targets = tensors["x"].transpose(0, 1).contiguous(), tensors["targets"]
        self.network = Network(metadata, tensors)
        self.scored = Network(metadata, tensors).eval()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=float(metadata["learningRate"]))

    def loss(self):
        outputs = self.network(self.x)
        if outputs.dim() == 3:
            return torch.nn.functional.cross_entropy(outputs.flatten(0, 1), self.targets.flatten())
        return torch.nn.functional.mse_loss(outputs, self.targets)

    def training(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()

    def inference(self):
        with torch.inference_mode():
            return self.scored(self.x)

    def solve(self):
        loss = self.loss()
        loss.backward()
        # bias_hh has the same gradient as bias_ih, and our merged bias has it once.
        squares = sum(float((p.grad.double() ** 2).sum()) for name, p in self.network.named_parameters() if "bias_hh" not in name)
        return {"outputs": self.inference()[..., 0].flatten().tolist(), "loss": float(loss), "gradientNorm": squares ** 0.5}


def version():
    capability = next((line.strip(" -") for line in torch.__config__.show().splitlines() if "capability" in line), "")
    libraries = set()
    if os.path.exists("/proc/self/maps"):
        with open("/proc/self/maps") as maps:
            libraries = {os.path.realpath(line.split()[-1]) for line in maps if "libopenblas" in line or "libmkl" in line}
    return ", ".join([torch.__version__, capability, *sorted(libraries)])


def answer():
    print(json.dumps({"version": version()}), flush=True)
    problem = None
    for line in sys.stdin:
        command, what, number = line.rsplit(" ", 1)[0].split(" ", 1) + [int(line.rsplit(" ", 1)[1])]
        if command == "load":
            problem = Problem(what, number)
            print(json.dumps(problem.solve()), flush=True)
        else:
            work = problem.training if what == "Training" else problem.inference
            clock = time.process_time if os.environ.get("BENCHMARK_CLOCK") == "Processor" else time.perf_counter
            seconds = []
            for _ in range(number):
                start = clock()
                work()
                seconds.append(clock() - start)
            print(json.dumps({"seconds": seconds}), flush=True)


def peak_memory():
    if os.path.exists("/proc/self/status"):
        # Not getrusage: what it reports can be the parent's, from before this program was loaded.
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    if len(sys.argv) == 1:
        answer()
    elif sys.argv[1] == "predict":
        problem = Problem(sys.argv[2])
        with torch.inference_mode():
            print(float(problem.scored(problem.x[:, :1])), flush=True)
    else:
        problem = Problem(sys.argv[2])
        for _ in range(5):
            problem.training()
        print(peak_memory(), flush=True)


main()
