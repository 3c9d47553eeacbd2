"""Writes networks of PyTorch as ONNX files, with what PyTorch itself makes of some rows: make_onnx.py FOLDER.

Each NAME.onnx has a NAME.json beside it: for each row its steps, features "x" [T x F] or tokens (counted from 0), static features and the
outputs "y". PyTorch 1.13 (Debian's python3-torch); PyTorchNetworkTests reads them.
"""
import itertools
import json
import os
import sys
import warnings

import torch
import torch.nn.functional as F
from torch import nn

warnings.filterwarnings("ignore")
FEATURES, HIDDEN, OUTPUTS, VOCABULARY, ROWS, STEPS = 5, 4, 3, 11, 3, 7
LENGTHS = [7, 5, 3]
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def mask(o, lengths):
    return (torch.arange(o.shape[1])[None, :] < lengths[:, None]).unsqueeze(2)


# From the outputs of all steps [B, T, E], the final states [L * D, B, H] and lengths to the encoding.
POOLING = {
    "last": lambda net, o, h, n: o[:, -1],
    "last_slice": lambda net, o, h, n: o[:, -1:, :].squeeze(1),
    "state": lambda net, o, h, n: torch.cat([h[-2], h[-1]], 1) if net.rnn.bidirectional else h[-1],
    "squeezed_state": lambda net, o, h, n: h.squeeze(0),
    "mean": lambda net, o, h, n: o.mean(1),
    "sum": lambda net, o, h, n: o.sum(1) / o.size(1),
    "max": lambda net, o, h, n: o.max(1)[0],
    "amax": lambda net, o, h, n: o.amax(1),
    "adaptive_max": lambda net, o, h, n: F.adaptive_max_pool1d(o.transpose(1, 2), 1).squeeze(2),
    "adaptive_mean": lambda net, o, h, n: F.adaptive_avg_pool1d(o.transpose(1, 2), 1).squeeze(2),
    "masked_mean": lambda net, o, h, n: (o * mask(o, n).float()).sum(1) / n[:, None].float(),
    "masked_max": lambda net, o, h, n: o.masked_fill(~mask(o, n), -1e9).max(1)[0],
    "index": lambda net, o, h, n: o[torch.arange(o.shape[0]), n - 1],
    "gather": lambda net, o, h, n: o.gather(1, (n - 1).view(-1, 1, 1).expand(-1, 1, o.shape[2])).squeeze(1),
    "attention": lambda net, o, h, n: (torch.softmax(net.v(torch.tanh(net.w(o))), 1) * o).sum(1),
    "attention_bmm": lambda net, o, h, n: torch.bmm(torch.softmax(net.v(torch.tanh(net.w(o))).squeeze(2), 1).unsqueeze(1), o).squeeze(1),
    "steps": lambda net, o, h, n: o,
}
NEEDS_LENGTHS = {"masked_mean", "masked_max", "index", "gather"}
OUTPUT = {
    None: lambda y: y,
    "sigmoid": torch.sigmoid,
    "softmax": lambda y: torch.softmax(y, -1),
    "logsoftmax": lambda y: torch.log_softmax(y, -1),
}


class Network(nn.Module):
    def __init__(self, kind="lstm", pooling="state", layers=1, bidirectional=False, bias=True, packed=False, batch_first=True,
                 tokens=False, statics=0, linear_before=0, scaled=False, zero_states=False, output=None, linear=True):
        super().__init__()
        self.rnn = KINDS[kind](FEATURES, HIDDEN, layers, bias=bias, batch_first=batch_first, bidirectional=bidirectional)
        size = HIDDEN * (2 if bidirectional else 1)
        self.embedding = nn.Embedding(VOCABULARY, FEATURES) if tokens else None
        self.before = nn.Linear(linear_before, FEATURES) if linear_before else None
        self.w, self.v = nn.Linear(size, size), nn.Linear(size, 1, bias=False)
        self.head = nn.Linear(size + statics, OUTPUTS) if linear else nn.Identity()
        self.pooling, self.packed, self.statics = pooling, packed, statics
        self.scaled, self.zero_states, self.output = scaled, zero_states, output
        self.has_lengths = packed or pooling in NEEDS_LENGTHS

    def forward(self, x, lengths=None, statics=None):
        batch_first = self.rnn.batch_first
        if self.scaled:
            x = (x - torch.arange(FEATURES) * 1000.0) / torch.tensor([1.0, 2, 3, 4, 5])
        if self.before is not None:
            x = self.before(x)
        if self.embedding is not None:
            x = self.embedding(x)
        if self.packed:
            o, h = self.rnn(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False))
            o, _ = nn.utils.rnn.pad_packed_sequence(o, batch_first=batch_first)
        elif self.zero_states:
            zeros = torch.zeros(self.rnn.num_layers * (2 if self.rnn.bidirectional else 1), x.size(0 if batch_first else 1), HIDDEN)
            o, h = self.rnn(x, (zeros, zeros) if isinstance(self.rnn, nn.LSTM) else zeros)
        else:
            o, h = self.rnn(x)
        h = h[0] if isinstance(h, tuple) else h
        encoding = POOLING[self.pooling](self, o if batch_first else o.transpose(0, 1), h, lengths)
        if self.statics:
            encoding = torch.cat([encoding, statics], 1)
        return OUTPUT[self.output](self.head(encoding))


def write(folder, name, free=True, export=None, **options):
    torch.manual_seed(1)
    net = Network(**options).eval()
    batch_first, statics = net.rnn.batch_first, net.statics
    features = options.get("linear_before") or FEATURES
    x = torch.randint(0, VOCABULARY, (ROWS, STEPS)) if net.embedding is not None else torch.randn(ROWS, STEPS, features)
    if net.scaled:
        x = x * 3 + torch.arange(FEATURES) * 1000.0
    s = torch.randn(ROWS, statics) if statics else None

    def arguments(x, lengths, s):
        given = [x if batch_first else x.transpose(0, 1).contiguous()]
        if net.has_lengths or statics:
            given.append(torch.tensor(lengths) if net.has_lengths else None)
        return tuple(given + ([s] if statics else []))

    names = ["x"] + (["lengths"] if net.has_lengths else []) + (["statics"] if statics else [])
    axes = {"x": {0: "batch", 1: "time"} if batch_first else {0: "time", 1: "batch"}, "lengths": {0: "batch"}, "statics": {0: "batch"}}
    torch.onnx.export(net, arguments(x, LENGTHS, s), os.path.join(folder, name + ".onnx"), input_names=names, output_names=["y"],
                      dynamic_axes={key: axes[key] for key in names} if free else None, **{"opset_version": 14, **(export or {})})
    rows = []
    with torch.no_grad():
        for i in range(ROWS):
            length = LENGTHS[i] if free or net.has_lengths else STEPS
            one = x[i:i + 1, :length]
            row = {"steps": length, "y": net(*arguments(one, [length], s[i:i + 1] if statics else None)).flatten().tolist(),
                   "tokens" if net.embedding is not None else "x": one.flatten().tolist()}
            if statics:
                row["statics"] = s[i].tolist()
            rows.append(row)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump({"rows": rows}, file)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for kind, layers, both, bias, folds in itertools.product(KINDS, (1, 3), (False, True), (True, False), (True, False)):
        name = f"{kind}_{layers}_{'both' if both else 'one'}_{'bias' if bias else 'nobias'}_{'folded' if folds else 'unfolded'}"
        write(folder, name, kind=kind, layers=layers, bidirectional=both, bias=bias, export={"do_constant_folding": folds})
    for kind, pooling in itertools.product(KINDS, POOLING):
        write(folder, f"pooling_{kind}_{pooling}", kind=kind, pooling=pooling)
    for kind in KINDS:
        for layers, both in itertools.product((1, 3), (False, True)):
            write(folder, f"packed_{kind}_{layers}_{both}", kind=kind, layers=layers, bidirectional=both, packed=True)
        write(folder, f"packed_{kind}_steps", kind=kind, pooling="steps", packed=True)
        write(folder, f"packed_{kind}_mean", kind=kind, pooling="masked_mean", packed=True, bidirectional=True)
        write(folder, f"fixed_{kind}", kind=kind, bidirectional=True, free=False)
        write(folder, f"fixed_{kind}_steps", kind=kind, pooling="steps", layers=2, free=False)
        write(folder, f"fixed_{kind}_packed", kind=kind, packed=True, layers=2, bidirectional=True, free=False)
        write(folder, f"fixed_{kind}_mean", kind=kind, pooling="masked_mean", free=False)
        write(folder, f"time_first_{kind}", kind=kind, batch_first=False, bidirectional=True)
        write(folder, f"time_first_{kind}_tokens", kind=kind, batch_first=False, packed=True, tokens=True)
        write(folder, f"zero_states_{kind}", kind=kind, pooling="last", zero_states=True, layers=2, export={"do_constant_folding": False})
    write(folder, "tokens", kind="gru", pooling="max", tokens=True, bidirectional=True)
    write(folder, "statics", bidirectional=True, statics=2)
    write(folder, "linear_before", kind="gru", pooling="mean", linear_before=3, bidirectional=True, layers=2)
    write(folder, "scaled", pooling="last", scaled=True)
    write(folder, "no_linear", linear=False, bidirectional=True)
    for output in OUTPUT:
        write(folder, f"output_{output}", output=output)
        write(folder, f"output_{output}_steps", pooling="steps", output=output)
    for opset in (9, 11, 12, 13, 15, 16):
        write(folder, f"opset{opset}", bidirectional=True, layers=2, export={"opset_version": opset})
        write(folder, f"opset{opset}_attention", kind="gru", pooling="attention", tokens=True, export={"opset_version": opset})


if __name__ == "__main__":
    main(sys.argv[1])
