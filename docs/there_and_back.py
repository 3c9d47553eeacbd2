"""Trains a network of this package on in PyTorch: there_and_back.py NET.safetensors ROWS.csv BACK.pt [EPOCHS].

NET.safetensors is what SavePyTorch wrote of a regression, its layers called "rnn" and "head". A line of ROWS.csv has the value to predict
and behind it the numbers of the steps, step by step. The program prints the mean squared error before and after, and writes the weights
for SequenceModelParameters.LoadPyTorch. It needs PyTorch and nothing else.
"""
import collections
import json
import struct
import sys

import torch


def load(path):  # or: safetensors.torch.load_file(path)
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = collections.OrderedDict()
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])
    return tensors


class Net(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        gates_by_hidden, hidden = weights["rnn.weight_hh_l0"].shape
        layers = sum(name.startswith("rnn.weight_hh_l") and not name.endswith("_reverse") for name in weights)
        kind = {4: torch.nn.LSTM, 3: torch.nn.GRU, 1: torch.nn.RNN}[gates_by_hidden // hidden]
        self.rnn = kind(weights["rnn.weight_ih_l0"].shape[1], hidden, layers, batch_first=True,
                        bidirectional="rnn.weight_hh_l0_reverse" in weights)
        self.head = torch.nn.Linear(weights["head.weight"].shape[1], weights["head.weight"].shape[0])

    def forward(self, x):
        states = self.rnn(x)[1]
        h = states[0] if isinstance(states, tuple) else states
        return self.head(torch.cat([h[-2], h[-1]], 1) if self.rnn.bidirectional else h[-1])


def main(source, rows, target, epochs=20):
    torch.manual_seed(1)
    weights = load(source)
    net = Net(weights)
    net.load_state_dict(weights)
    with open(rows) as file:
        table = torch.tensor([[float(number) for number in line.split(",")] for line in file])
    y, x = table[:, 0], table[:, 1:].reshape(len(table), -1, net.rnn.input_size)

    def error():
        with torch.no_grad():
            return torch.nn.functional.mse_loss(net(x).flatten(), y).item()

    print(f"before {error():.9g}")
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(net(x[batch]).flatten(), y[batch]).backward()
            optimizer.step()
    print(f"after {error():.9g}")
    torch.save(net.state_dict(), target)


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:5]))
