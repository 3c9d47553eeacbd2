"""Writes sequences.json beside this file: what PyTorch says about encoders and their decoders, for our tests to agree with.

    python3 make_sequences.py        (PyTorch 1.13 or later, on a CPU)

As make_golden.py, in float64 and with its encoder: a network whose outputs' tanh is the state that the decoder begins with, h and
(LSTM) c of each layer. The decoder reads, with input feeding, what its head read a step before and, behind it, the embedding of the true
token before: of V tokens, numbered from 1, with the unknown one in row 0 of the table and the boundary in row V + 1. Its outputs are for
the tokens from 1 on and, last, for the boundary, which ends the sequence. Labels are counted from 0, unknown ones are -1.

Attention over the encodings e of the source: "General" h·W·e (Luong et al. 2015), "Dot" h·e, "Additive" v·tanh(Q·h + b + K·e) (Bahdanau
et al. 2015). "alphas" are the weights of the source's steps, [L + 1][S]. The loss is the sum of all outputs, each times its weight in
"dOutputs".
"""

import torch

from make_golden import GATES, Net, flat, flat_all, grid, write

V, EMBEDDING = 4, 3


class Decoder:
    def __init__(self, cell, H, E, layers, attention, feeds, tied):
        self.cell, self.H, self.layers, self.attention, self.feeds, self.tied = cell, H, layers, attention, feeds, tied
        size = H if tied else EMBEDDING
        p = self.parameters = {}
        G = GATES[cell]
        for layer in range(layers):
            width = size + (H if feeds else 0) if layer == 0 else H
            p["weight_ih_l%d" % layer] = grid(G * H, width, scale=0.8)
            p["weight_hh_l%d" % layer] = grid(G * H, H, scale=0.6)
            p["bias_l%d" % layer] = grid((4 if cell == "Gru" else G) * H, scale=0.5)
        if attention == "General":
            p["attention.query.weight"] = grid(E, H)
        elif attention == "Additive":
            p["attention.query.weight"], p["attention.query.bias"] = grid(H, H), grid(H)
            p["attention.key.weight"], p["attention.vector"] = grid(H, E), grid(1, H)
        p["attention.combine.weight"] = grid(H, E + H)
        if not tied:
            p["head.weight"] = grid(V + 1, H)
        p["head.bias"] = grid(V + 1)
        p["embeddings.0.weight"] = grid(V + 2, size)
        for value in p.values():
            value.requires_grad_()

    def step(self, layer, x, state):
        p, H = self.parameters, self.H
        ih, hh, bias = p["weight_ih_l%d" % layer], p["weight_hh_l%d" % layer], p["bias_l%d" % layer]
        if self.cell == "Lstm":
            return torch._VF.lstm_cell(x, state, ih, hh, bias, torch.zeros_like(bias))
        return (torch._VF.gru_cell(x, state[0], ih, hh, bias[:3 * H], torch.cat([torch.zeros(2 * H), bias[3 * H:]])),)

    def look(self, h, source):
        """From h [1, H] and the encodings [S, E] to what the head reads, and the weights of the steps."""
        p = self.parameters
        if self.attention == "General":
            scores = torch.nn.functional.linear(h, p["attention.query.weight"]) @ source.T
        elif self.attention == "Dot":
            scores = h @ source.T
        else:
            query = torch.nn.functional.linear(h, p["attention.query.weight"], p["attention.query.bias"])
            scores = (torch.tanh(query + torch.nn.functional.linear(source, p["attention.key.weight"])) @ p["attention.vector"].T).T
        alphas = torch.softmax(scores, dim=1)
        return torch.tanh(torch.nn.functional.linear(torch.cat([alphas @ source, h], dim=1), p["attention.combine.weight"])), alphas[0]

    def forward(self, state, source, label):
        p, H = self.parameters, self.H
        parts = list(state.reshape(1, -1).split(H, dim=1))
        states = [tuple(parts[2 * l:2 * l + 2]) if self.cell == "Lstm" else (parts[l],) for l in range(self.layers)]
        feed, outputs, alphas = torch.zeros(1, H), [], []
        for token in [V + 1] + [k + 1 for k in label]:
            x = torch.nn.functional.embedding(torch.tensor([token]), p["embeddings.0.weight"])
            if self.feeds:
                x = torch.cat([feed, x], dim=1)
            for layer in range(self.layers):
                states[layer] = self.step(layer, x, states[layer])
                x = states[layer][0]
            feed, weights = self.look(x, source)
            head = p["embeddings.0.weight"][1:] if self.tied else p["head.weight"]
            outputs.append(torch.nn.functional.linear(feed, head, p["head.bias"])[0])
            alphas.append(weights)
        return torch.stack(outputs), torch.stack(alphas)


def case(seed, name, cell, attention, feeds, layers=1, bidirectional=True, tied=False):
    torch.manual_seed(seed)
    I, H, lengths, labels = 3, 4, (4, 6, 1, 4), ([2, 0, -1], [3], [1, 1, 0, 2, 3], [])
    E = H * (2 if bidirectional else 1)
    target = E if attention == "Dot" else 5
    state = layers * target * (2 if cell == "Lstm" else 1)
    encoder = Net(cell, I, H, 1, bidirectional, "Last", 0, state)
    decoder = Decoder(cell, target, E, layers, attention, feeds, tied)
    sequences = [grid(n, I).requires_grad_() for n in lengths]
    steps, _, _, _, states = encoder.forward(sequences, torch.zeros(len(lengths), 0))
    written = [decoder.forward(torch.tanh(states[b]), steps[b], label) for b, label in enumerate(labels)]
    weights = [grid(*outputs.shape) for outputs, _ in written]
    loss = sum((outputs * d).sum() for (outputs, _), d in zip(written, weights))
    parameters = dict(encoder.parameters, **{"decoder." + n: p for n, p in decoder.parameters.items()})
    found = torch.autograd.grad(loss, list(parameters.values()) + sequences)
    return dict(name=name, cell=cell, inputSize=I, hiddenSize=H, bidirectional=bidirectional, attention=attention,
                inputFeeding=feeds, tied=tied, vocabulary=V, embeddingSize=target if tied else EMBEDDING, targetHiddenSize=target,
                targetLayers=layers, lengths=list(lengths), sequences=flat_all(sequences), labels=[list(label) for label in labels],
                parameters={n: flat(p) for n, p in parameters.items()}, outputs=flat_all([outputs for outputs, _ in written]),
                alphas=flat_all([alphas for _, alphas in written]), dOutputs=flat_all(weights),
                gradients={n: flat(g) for n, g in zip(parameters, found)}, inputGradients=flat_all(found[len(parameters):]))


if __name__ == "__main__":
    write("sequences.json", [
        case(31, "lstm_general_feeding", "Lstm", "General", feeds=True, layers=2),
        case(32, "gru_dot", "Gru", "Dot", feeds=False, bidirectional=False),
        case(33, "lstm_additive_feeding", "Lstm", "Additive", feeds=True),
        case(34, "gru_general_tied", "Gru", "General", feeds=False, layers=2, tied=True),
        case(35, "lstm_dot_feeding", "Lstm", "Dot", feeds=True),
    ])
