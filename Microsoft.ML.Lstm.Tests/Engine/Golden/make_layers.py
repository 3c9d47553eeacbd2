"""Writes what PyTorch computes with single layers: make_layers.py > layers.json. PyTorch 1.13; LayerTests reads it.

"stacks": LSTM, GRU, RNN of one and two layers in one direction and both, over sequences of several lengths that begin with given states:
outputs, final states, and the gradients of inputs, states and weights for given gradients of outputs and states. "loops": an embedding, a
stack, a linear layer, a loss, a few steps of an optimizer. "tutorial": the example of PyTorch's documentation, 5 sequences of 3 steps of 10
inputs, 2 layers of 20 units. Weights are made of their numbers, so that no file has to have them: weight i of all parameters of a network,
in their order, is (sin(i + 1) * 1000 modulo 1 - 1/2) * 0.6, in double.
"""
import itertools
import json
import math
import sys

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS = {"Lstm": nn.LSTM, "Gru": nn.GRU, "Rnn": nn.RNN}


def number(i):
    value = math.sin(i + 1) * 1000
    return (value - math.floor(value) - 0.5) * 0.6


def fill(*tensors, start=0):
    for tensor in tensors:
        values = [number(start + i) for i in range(tensor.numel())]
        tensor.data.copy_(torch.tensor(values, dtype=torch.float64).reshape(tensor.shape))
        start += tensor.numel()
    return start


def made(*shape, start):
    tensor = torch.zeros(*shape)
    fill(tensor, start=start)
    return tensor


def flat(tensor):
    return [round(value, 8) for value in tensor.detach().flatten().tolist()]


def grads(module):
    return {name: flat(value.grad) for name, value in module.named_parameters()}


def stack(kind, layers, both):
    inputs, hidden, lengths = 3, 5, [4, 1, 6, 3]
    rnn = KINDS[kind](inputs, hidden, layers, batch_first=True, bidirectional=both)
    fill(*rnn.parameters())
    batch, steps, rows = len(lengths), max(lengths), layers * (2 if both else 1)
    x = made(batch, steps, inputs, start=7000).requires_grad_()
    h = made(rows, batch, hidden, start=8000).requires_grad_()
    c = made(rows, batch, hidden, start=9000).requires_grad_()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    output, state = rnn(packed, (h, c) if kind == "Lstm" else h)
    output, _ = pad_packed_sequence(output, batch_first=True)
    hn, cn = state if kind == "Lstm" else (state, None)
    loss = (output * made(*output.shape, start=10000)).sum() + (hn * made(*hn.shape, start=11000)).sum()
    if cn is not None:
        loss = loss + (cn * made(*cn.shape, start=12000)).sum()
    loss.backward()
    return {"cell": kind, "layers": layers, "both": both, "lengths": lengths, "output": flat(output), "hidden": flat(hn),
            "cellState": flat(cn) if cn is not None else None, "inputGradient": flat(x.grad), "hiddenGradient": flat(h.grad),
            "cellGradient": flat(c.grad) if cn is not None else None, "gradients": grads(rnn)}


def loop(kind, optimizer, loss_name):
    vocabulary, size, hidden, outputs, batch, steps = 7, 4, 5, 3, 4, 6
    embedding, rnn, linear = nn.Embedding(vocabulary, size), KINDS[kind](size, hidden, 2, batch_first=True), nn.Linear(hidden, outputs)
    end = fill(embedding.weight, *rnn.parameters(), *linear.parameters())
    parameters = [*rnn.parameters(), *linear.parameters()]
    # Ours has one bias: of PyTorch's second only what stands apart moves, the n of a GRU's hidden state.
    for name, bias in rnn.named_parameters():
        if name.startswith("bias_hh"):
            apart = torch.zeros(bias.shape)
            apart[2 * hidden:] = 1 if kind == "Gru" else 0
            bias.register_hook(lambda gradient, apart=apart: gradient * apart)
    tokens = torch.tensor([[(3 * b + 5 * t) % vocabulary for t in range(steps)] for b in range(batch)])
    losses, make = [], {"adam": lambda p: torch.optim.Adam(p, lr=0.01),
                        "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)}[optimizer]
    # Adam would move rows of the embedding that no token read, which SparseAdam and ours do not.
    parameters += [embedding.weight] if optimizer == "sgd" else []
    optimizer = make(parameters)
    for _ in range(4):
        output, _ = rnn(embedding(tokens))
        y = linear(output)
        if loss_name == "crossEntropy":
            classes = torch.tensor([[-1 if (b + t) % 5 == 0 else (b + t) % outputs for t in range(steps)] for b in range(batch)])
            loss = nn.functional.cross_entropy(y.reshape(-1, outputs), classes.flatten(), ignore_index=-1)
        elif loss_name == "binary":
            loss = nn.functional.binary_cross_entropy_with_logits(y, made(*y.shape, start=20000) + 0.5)
        else:
            loss = nn.functional.mse_loss(y, made(*y.shape, start=20000))
        optimizer.zero_grad()
        embedding.weight.grad = None
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 0.05)
        optimizer.step()
        losses.append(loss.item())
    return {"cell": kind, "loss": loss_name, "losses": losses, "head": flat(linear.weight), "recurrent": flat(rnn.weight_hh_l1),
            "embedding": flat(embedding.weight)}


def tutorial():
    rnn = nn.LSTM(10, 20, 2, batch_first=True)
    fill(*rnn.parameters())
    x, h, c = made(5, 3, 10, start=7000), made(2, 5, 20, start=8000), made(2, 5, 20, start=9000)
    with torch.no_grad():
        output, (hn, cn) = rnn(x, (h, c))
    return {"output": flat(output), "hidden": flat(hn), "cellState": flat(cn)}


json.dump({"stacks": [stack(*case) for case in itertools.product(KINDS, (1, 2), (False, True))],
           "loops": [loop("Lstm", "adam", "crossEntropy"), loop("Gru", "sgd", "meanSquares"), loop("Rnn", "sgd", "binary")],
           "tutorial": tutorial()}, sys.stdout)
