"""Writes state dicts of PyTorch, with what PyTorch itself makes of some rows: make_pytorch.py FOLDER.

FOLDER/cases.json has for each case its file, the options that a reader needs, rows of steps with features "x" [T x F] or tokens (counted
from 0), and PyTorch's results: the outputs of all steps, the final states h and c [layers x directions, H] and the outputs "y" of the
linear layer. FOLDER/refused has files that are no state dicts. PyTorch 1.13 (Debian's python3-torch). PyTorchFileTests reads them; the
files of safetensors are written here by hand, since the format is a header and the numbers.

make_pytorch.py FOLDER check reads what PyTorchFileTests wrote, FOLDER/ours.json and safetensors files beside it, and compares
(docs/pytorch.md explains the format).
"""
import collections
import io
import itertools
import json
import os
import struct
import sys
import warnings
import zipfile

import torch
from torch import nn

warnings.filterwarnings("ignore")
FEATURES, HIDDEN, OUTPUTS, VOCABULARY = 2, 3, 2, 7
LENGTHS = [5, 1, 3]
KINDS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


class Net(nn.Module):
    def __init__(self, kind="lstm", layers=1, both=False, bias=True, tokens=False, numbers=False, statics=0, linear=True):
        super().__init__()
        width = (4 if tokens else 0) + (FEATURES if numbers or not tokens else 0)
        self.embedding = nn.Embedding(VOCABULARY, 4) if tokens else None
        self.rnn = KINDS[kind](width, HIDDEN, layers, bias=bias, batch_first=True, bidirectional=both)
        self.fc = nn.Linear(HIDDEN * (2 if both else 1) + statics, OUTPUTS) if linear else nn.Identity()

    def forward(self, x, tokens=None, statics=None):
        parts = ([self.embedding(tokens)] if tokens is not None else []) + ([x] if x is not None else [])
        output, state = self.rnn(torch.cat(parts, 2))
        h, c = state if isinstance(state, tuple) else (state, None)
        encoding = torch.cat([h[-2], h[-1]], 1) if self.rnn.bidirectional else h[-1]
        if statics is not None:
            encoding = torch.cat([encoding, statics], 1)
        return output, h, c, self.fc(encoding)


def rows_of(net, tokens=False, numbers=True, statics=0):
    rows = []
    for length in LENGTHS:
        x = torch.randn(1, length, FEATURES) if numbers else None
        words = torch.randint(0, VOCABULARY, (1, length)) if tokens else None
        s = torch.randn(1, statics) if statics else None
        with torch.no_grad():
            output, h, c, y = net(x, words, s)
        row = {"steps": length, "output": output.flatten().tolist(), "h": h.flatten().tolist(), "y": y.flatten().tolist()}
        for name, value in (("x", x), ("tokens", words), ("statics", s), ("c", c)):
            if value is not None:
                row[name] = value.flatten().tolist()
        rows.append(row)
    return rows


def save_safetensors(state, path):
    header, data = {}, b""
    for name, tensor in sorted(state.items()):
        numbers = tensor.detach().contiguous().view(-1)
        content = bytes(numbers.view(torch.int16).numpy().tobytes() if tensor.dtype == torch.bfloat16 else numbers.numpy().tobytes())
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def load_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    state = collections.OrderedDict()
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            state[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])
    return state


def deflate(path):
    with zipfile.ZipFile(path) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


class Call:
    def __reduce__(self):
        return os.path.basename, ("folder/name",)


def refused(folder):
    os.makedirs(folder, exist_ok=True)
    net = Net()
    torch.save(net, os.path.join(folder, "module.pt"))
    torch.save({"rnn.weight_ih_l0": torch.zeros(4, 1), "x": Call()}, os.path.join(folder, "call.pt"))
    torch.save(net.state_dict(), os.path.join(folder, "legacy.pt"), _use_new_zipfile_serialization=False)
    torch.jit.script(nn.LSTM(2, 3)).save(os.path.join(folder, "script.pt"))
    torch.save(torch.zeros(3), os.path.join(folder, "tensor.pt"))
    torch.save({"rnn.weight_ih_l0": nn.LSTM(2, 3).weight_ih_l0.to_sparse().detach()}, os.path.join(folder, "sparse.pt"))
    save_safetensors(nn.LSTM(2, 3, proj_size=2).state_dict(), os.path.join(folder, "projection.safetensors"))
    save_safetensors({**net.state_dict(), "norm.weight": torch.ones(3)}, os.path.join(folder, "norm.safetensors"))
    save_safetensors({**net.state_dict(), "second.weight": torch.ones(3, OUTPUTS), "second.bias": torch.ones(3)},
                     os.path.join(folder, "two_linear.safetensors"))


def main(folder):
    os.makedirs(folder, exist_ok=True)
    cases = []

    def add(name, net, state=None, suffixes=(".pt",), options=None, save=None, **rows):
        torch.manual_seed(2)
        for suffix in suffixes:
            path = os.path.join(folder, name + suffix)
            content = net.state_dict() if state is None else state
            if suffix == ".safetensors":
                save_safetensors(content, path)
            else:
                torch.save(content, path, **(save or {}))
            cases.append({"file": name + suffix, "options": options or {}, "rows": rows_of(net, **rows)})
        return path

    for kind, layers, both, bias in itertools.product(KINDS, (1, 3), (False, True), (True, False)):
        torch.manual_seed(1)
        add(f"{kind}_{layers}{'_both' if both else ''}{'' if bias else '_nobias'}", Net(kind, layers, both, bias), suffixes=(".pt", ".safetensors"))
    torch.manual_seed(1)
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        net = Net().to(dtype)
        state = net.state_dict()
        add(DTYPES[dtype].lower(), net.float(), state={key: value.to(dtype) for key, value in state.items()}, suffixes=(".pt", ".safetensors"))

    # As of CUDA: slices of one buffer, some of them transposed; and the names of one memory twice.
    net = Net("gru", both=True)
    state, buffer, at = collections.OrderedDict(), torch.zeros(500), 7
    for key, value in net.state_dict().items():
        part = buffer[at:at + value.numel()]
        part = part.view(value.shape[1], value.shape[0]).t() if value.dim() == 2 else part
        part.copy_(value)
        state[key] = part
        at += value.numel() + 3
    add("shared", net, state=state)
    deflate(add("deflated", Net("rnn")))
    add("protocol4", Net("gru"), save={"pickle_protocol": 4})
    net = Net("lstm", layers=2)
    add("parameters", net, state=dict(net.named_parameters()))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.randn(1, 3, FEATURES))[3].sum().backward()
    optimizer.step()
    add("checkpoint", net, state={"epoch": 3, "loss": 0.5, "best": None, "model_state_dict": net.state_dict(), "names": ["a", ("b", True)],
                                  "optimizer_state_dict": optimizer.state_dict()})
    net = Net("rnn")
    add("counter", net, state={**net.state_dict(), "num_batches_tracked": torch.tensor(5)}, suffixes=(".pt", ".safetensors"))
    add("tokens", Net("gru", both=True, tokens=True), suffixes=(".pt", ".safetensors"), tokens=True, numbers=False)
    add("tokens_numbers", Net(tokens=True, numbers=True), options={"EmbeddingsFirst": True}, tokens=True)
    add("statics", Net(statics=2), options={"StaticFeatureCount": 2}, statics=2)
    add("no_linear", Net("gru", linear=False, both=True))
    net = Net("lstm", layers=2)
    names = {"rnn.weight_ih_l0": "first.weight_ih", "rnn.weight_hh_l0": "first.weight_hh", "rnn.bias_ih_l0": "first.bias_ih",
             "rnn.bias_hh_l0": "first.bias_hh", "rnn.weight_ih_l1": "second.weight_ih_l0", "rnn.weight_hh_l1": "second.weight_hh_l0",
             "rnn.bias_ih_l1": "second.bias_ih_l0", "rnn.bias_hh_l1": "second.bias_hh_l0"}
    add("two_modules", net, state={names.get(key, key): value for key, value in net.state_dict().items()})
    net = Net("lstm")
    last = nn.Linear(OUTPUTS, 3, bias=False)
    state = {**net.state_dict(), "last.weight": last.weight.detach()}
    net.fc = nn.Sequential(net.fc, last)
    add("linear_chain", net, state=state, options={"LinearModules": ["fc", "last"]})
    refused(os.path.join(folder, "refused"))
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump(cases, file)


def check(folder):
    with open(os.path.join(folder, "ours.json")) as file:
        cases = json.load(file)
    for case in cases:
        net = Net(case["kind"], case["layers"], case["both"], tokens=case["tokens"], numbers=case["numbers"])
        net.load_state_dict(load_safetensors(os.path.join(folder, case["file"])))
        for row in case["rows"]:
            x = torch.tensor(row["x"]).reshape(1, row["steps"], FEATURES) if case["numbers"] else None
            tokens = torch.tensor(row["tokens"]).reshape(1, row["steps"]) if case["tokens"] else None
            with torch.no_grad():
                y = net(x, tokens)[3].flatten()
            difference = (y - torch.tensor(row["y"])).abs().max().item()
            if not difference < 1e-5 * max(1, y.abs().max().item()):
                sys.exit(f"{case['file']}: differs by {difference}")
    print(f"{len(cases)} networks agree")


if __name__ == "__main__":
    check(sys.argv[1]) if sys.argv[2:] == ["check"] else main(sys.argv[1])
