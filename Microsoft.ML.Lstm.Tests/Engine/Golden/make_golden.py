"""Writes the golden vectors beside this file: what PyTorch says about small networks, for our tests to agree with.

    python3 make_golden.py        (PyTorch 1.13 or later, on a CPU)

All in float64, so that the values are good to 1e-12 and the float engine's 1e-5 is a test of the engine. Inputs and
initial weights are multiples of 1/1024, which float32 and the decimals in the files hold exactly.

Names and layouts are ours (see ParameterSet): PyTorch's, but for the two bias vectors, which are merged. PyTorch gets
them back as b_ih = ours and b_hh = 0, except for the n gate of GRU, where the two are different parameters. They are
handed to PyTorch as functions of ours, so that its gradients and optimizers see exactly our parameters.

Sequences are stored step-major, [T x I]; "steps" are the last layer's outputs, [T x D*H]; "hidden" and "cellState" are
h_n and c_n, [L*D x B x H]. The loss is the mean squared error over batch and outputs. "stateGradients" belong to another
loss, the sum of steps, h_n and c_n each times the weight given there.
"""

import json
import os

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
GATES = {"Lstm": 4, "Gru": 3, "Rnn": 1}
MODULES = {"Lstm": torch.nn.LSTM, "Gru": torch.nn.GRU, "Rnn": torch.nn.RNN}


def grid(*shape, scale=1.0):
    """Uniform in [-scale, scale], in steps of 1/1024."""
    return torch.round((2 * torch.rand(*shape) - 1) * scale * 1024) / 1024


class Net:
    def __init__(self, cell, I, H, layers, bidirectional, pooling, S, O):
        self.config = dict(cell=cell, inputSize=I, hiddenSize=H, layers=layers, bidirectional=bidirectional,
                           pooling=pooling, staticSize=S, outputSize=O)
        self.cell, self.H, self.pooling = cell, H, pooling
        self.D = 2 if bidirectional else 1
        self.module = MODULES[cell](I, H, layers, batch_first=True, bidirectional=bidirectional)
        self.parameters = {}
        G = GATES[cell]
        for layer in range(layers):
            for direction in range(self.D):
                k = "_l%d" % layer + ("_reverse" if direction else "")
                width = I if layer == 0 else self.D * H
                self.parameters["weight_ih" + k] = grid(G * H, width, scale=0.8)
                self.parameters["weight_hh" + k] = grid(G * H, H, scale=0.6)
                self.parameters["bias" + k] = grid((4 if cell == "Gru" else G) * H, scale=0.5)
        self.parameters["head.weight"] = grid(O, self.D * H + S)
        self.parameters["head.bias"] = grid(O)
        for p in self.parameters.values():
            p.requires_grad_()

    def torch_weight(self, name):
        H = self.H
        if not name.startswith("bias"):
            return self.parameters[name]
        merged = self.parameters["bias" + name[len("bias_ih"):]]
        if self.cell == "Gru":
            return merged[:3 * H] if name.startswith("bias_ih") else torch.cat([torch.zeros(2 * H), merged[3 * H:]])
        return merged if name.startswith("bias_ih") else torch.zeros_like(merged)

    def forward(self, sequences, statics):
        # The list that the module's own forward hands to PyTorch's kernels.
        self.module._flat_weights = [self.torch_weight(n) for n in self.module._flat_weights_names]
        lengths = torch.tensor([len(s) for s in sequences])
        padded = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True)
        packed, state = self.module(pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False))
        steps, _ = pad_packed_sequence(packed, batch_first=True)
        h, c = state if self.cell == "Lstm" else (state, None)
        steps = [steps[b, :n] for b, n in enumerate(lengths)]
        if self.pooling == "Last":
            encoding = torch.cat(list(h[-self.D:]), dim=1)
        elif self.pooling == "Mean":
            encoding = torch.stack([s.mean(dim=0) for s in steps])
        else:
            encoding = torch.stack([s.max(dim=0).values for s in steps])
        outputs = torch.cat([encoding, statics], dim=1) @ self.parameters["head.weight"].T + self.parameters["head.bias"]
        return steps, h, c, encoding, outputs


class FcnNet(Net):
    """With convolutions beside the recurrent layer, which reads frames of several steps (zeros fill up the last one)."""

    def __init__(self, cell, I, H, pooling, S, O, convolutions, frame):
        super().__init__(cell, I * frame, H, 1, True, pooling, S, O)
        self.config.update(inputSize=I, stepsPerFrame=frame,
                           convolutions=[dict(filters=filters, kernelSize=size) for filters, size in convolutions])
        self.I, self.frame, self.sizes = I, frame, [size for _, size in convolutions]
        channels = I
        for i, (filters, size) in enumerate(convolutions):
            self.parameters["conv.%d.weight" % i] = grid(filters, channels, size, scale=0.8)
            self.parameters["norm.%d.weight" % i] = 1 + grid(filters, scale=0.5)
            self.parameters["norm.%d.bias" % i] = grid(filters, scale=0.5)
            self.parameters["norm.%d.running_mean" % i] = grid(filters, scale=0.5)
            self.parameters["norm.%d.running_var" % i] = 1 + grid(filters, scale=0.5)
            channels = filters
        self.parameters["head.weight"] = grid(O, self.D * H + channels + S)
        for p in self.parameters.values():
            p.requires_grad_()

    def forward(self, sequences, statics, training=True):
        fill = [-len(s) % self.frame for s in sequences]
        frames = [torch.nn.functional.pad(s, (0, 0, 0, n)).reshape(-1, self.I * self.frame) for s, n in zip(sequences, fill)]
        steps, h, c, encoding, _ = super().forward(frames, torch.zeros(len(sequences), self.parameters["head.weight"].shape[1] - self.D * self.H))
        lengths, self.running = [len(s) for s in sequences], {}
        for i, size in enumerate(self.sizes):
            name, weight = "norm.%d." % i, self.parameters["conv.%d.weight" % i]
            padded = [torch.nn.functional.pad(s.T, ((size - 1) // 2, size - 1 - (size - 1) // 2)) for s in sequences]
            y = torch.cat([torch.nn.functional.conv1d(s[None], weight)[0].T for s in padded])
            self.running[name + "running_mean"] = self.parameters[name + "running_mean"].detach().clone()
            self.running[name + "running_var"] = self.parameters[name + "running_var"].detach().clone()
            y = torch.nn.functional.batch_norm(y, self.running[name + "running_mean"], self.running[name + "running_var"],
                                               self.parameters[name + "weight"], self.parameters[name + "bias"], training)
            sequences = torch.relu(y).split(lengths)
        encoding = torch.cat([encoding, torch.stack([s.mean(dim=0) for s in sequences])], dim=1)
        outputs = torch.cat([encoding, statics], dim=1) @ self.parameters["head.weight"].T + self.parameters["head.bias"]
        return steps, h, c, encoding, outputs


class ConvNet(Net):
    """With convolutions in front of the recurrent layers: PyTorch's Conv1d and relu, at one of every few steps."""

    def __init__(self, cell, I, H, layers, pooling, S, O, convolutions):
        super().__init__(cell, convolutions[-1][0], H, layers, True, pooling, S, O)
        self.config.update(inputSize=I, inputConvolutions=[dict(filters=filters, kernelSize=size, stride=stride)
                                                           for filters, size, stride in convolutions])
        self.convolutions, channels = convolutions, I
        for i, (filters, size, _) in enumerate(convolutions):
            self.parameters["input_conv.%d.weight" % i] = grid(filters, channels, size, scale=0.8).requires_grad_()
            self.parameters["input_conv.%d.bias" % i] = grid(filters, scale=0.5).requires_grad_()
            channels = filters

    def forward(self, sequences, statics):
        for i, (filters, size, stride) in enumerate(self.convolutions):
            weight, bias = (self.parameters["input_conv.%d.%s" % (i, kind)] for kind in ("weight", "bias"))
            conv = torch.nn.Conv1d(weight.shape[1], filters, size, stride, padding=(size - 1) // 2 if size % 2 else 0)
            # Zeros on both sides; of an even kernel one more behind.
            fill = (0, 0) if size % 2 else ((size - 1) // 2, size - 1 - (size - 1) // 2)
            padded = [torch.nn.functional.pad(s.T, fill) for s in sequences]
            sequences = [torch.relu(torch.nn.utils.stateless.functional_call(conv, dict(weight=weight, bias=bias), (s[None],)))[0].T
                         for s in padded]
        return super().forward(sequences, statics)


class LanguageNet(Net):
    """Predicts the next of V tokens from row 0 (unknown) and rows 1 to V of a table of embeddings, of which all but row 0 are
    the head's weights where the two are tied."""

    def __init__(self, cell, E, H, layers, V, tied):
        super().__init__(cell, E, H, layers, False, "Last", 0, V)
        self.config = dict(cell=cell, embeddingSize=E, hiddenSize=H, layers=layers, vocabulary=V, tied=tied)
        self.parameters["embeddings.0.weight"] = grid(V + 1, E).requires_grad_()
        if tied:
            del self.parameters["head.weight"]

    def forward(self, tokens, state):
        self.module._flat_weights = [self.torch_weight(n) for n in self.module._flat_weights_names]
        table = self.parameters["embeddings.0.weight"]
        steps, state = self.module(table[tokens], state)
        weight = self.parameters.get("head.weight", table[1:])
        detached = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        return steps @ weight.T + self.parameters["head.bias"], detached


def language_case(seed, name, cell, E, H, layers, tied, lanes=2, length=4, pieces=3, V=6):
    """A text that is learned in pieces of as many steps, in lanes side by side; the state goes on, its gradient does not."""
    torch.manual_seed(seed)
    net = LanguageNet(cell, E, H, layers, V, tied)
    text = torch.randint(1, V + 1, (lanes * length * pieces + 1,))
    text[5] = 0
    inputs, labels = text[:-1].view(lanes, -1), text[1:].view(lanes, -1) - 1
    case = dict(name=name, **net.config, lanes=lanes, length=length, text=text.tolist(),
                parameters={n: flat(p) for n, p in net.parameters.items()}, batches=[])
    state = None
    for t in range(0, length * pieces, length):
        outputs, state = net.forward(inputs[:, t:t + length], state)
        loss = torch.nn.functional.cross_entropy(outputs.reshape(-1, V), labels[:, t:t + length].reshape(-1), ignore_index=-1)
        found = torch.autograd.grad(loss, list(net.parameters.values()))
        case["batches"].append(dict(loss=float(loss), gradients={n: flat(g) for n, g in zip(net.parameters, found)}))
    return case


def language_cases():
    yield language_case(21, "lstm_tied", "Lstm", 5, 5, 2, True)
    yield language_case(22, "lstm_untied", "Lstm", 3, 5, 1, False)
    yield language_case(23, "gru_tied", "Gru", 4, 4, 1, True, lanes=3)


def make_data(config, lengths):
    sequences = [grid(n, config["inputSize"], scale=1.5) for n in lengths]
    return sequences, grid(len(lengths), config["staticSize"]), grid(len(lengths), config["outputSize"], scale=2)


def flat(tensor):
    # 16 digits; the exact multiples of 1/1024 need fewer.
    return [float("%.16g" % v) for v in tensor.detach().reshape(-1).tolist()]


def flat_all(tensors):
    return [flat(t) for t in tensors]


def describe(net, sequences, statics, targets):
    return dict(net.config, lengths=[len(s) for s in sequences], sequences=flat_all(sequences), statics=flat_all(statics),
                targets=flat_all(targets), parameters={n: flat(p) for n, p in net.parameters.items()})


def gradients(net, loss, sequences, statics):
    names = list(net.parameters)
    of = [net.parameters[n] for n in names] + list(sequences) + [statics]
    found = torch.autograd.grad(loss, of, allow_unused=True)
    found = [torch.zeros_like(p) if g is None else g for p, g in zip(of, found)]
    return dict(parameters={n: flat(g) for n, g in zip(names, found)},
                inputs=flat_all(found[len(names):-1]), statics=flat_all(found[-1]))


def fcn_case(seed, name, cell, convolutions, frame=1, pooling="Last", lengths=(4, 9, 1, 6), S=0):
    torch.manual_seed(seed)
    net = FcnNet(cell, 3, 4, pooling, S, 2, convolutions, frame)
    sequences, statics, targets = make_data(net.config, lengths)
    case = dict(name=name, **describe(net, sequences, statics, targets))
    for tensor in sequences + [statics]:
        tensor.requires_grad_()
    case.update(scoredOutputs=flat_all(net.forward(sequences, statics, training=False)[-1]))
    steps, h, c, encoding, outputs = net.forward(sequences, statics)
    loss = torch.nn.functional.mse_loss(outputs, targets)
    case.update(steps=flat_all(steps), hidden=[flat_all(x) for x in h], cellState=None if c is None else [flat_all(x) for x in c],
                encodings=flat_all(encoding), outputs=flat_all(outputs), loss=float(loss),
                gradients=gradients(net, loss, sequences, statics), running={n: flat(v) for n, v in net.running.items()})
    return case


def fcn_cases():
    yield fcn_case(11, "fcn_gru", "Gru", [(5, 8), (6, 5), (3, 3)], S=2)
    yield fcn_case(12, "fcn_lstm_frames", "Lstm", [(4, 2)], frame=3, pooling="Mean", lengths=(7, 2, 11, 3))
    yield fcn_case(13, "fcn_rnn_frames", "Rnn", [(17, 1), (2, 4)], frame=2, pooling="Max", S=1)


def conv_case(seed, name, cell, convolutions, layers=1, pooling="Last", lengths=(4, 9, 1, 6, 23), S=0):
    torch.manual_seed(seed)
    net = ConvNet(cell, 3, 4, layers, pooling, S, 2, convolutions)
    sequences, statics, targets = make_data(net.config, lengths)
    case = dict(name=name, **describe(net, sequences, statics, targets))
    for tensor in sequences + [statics]:
        tensor.requires_grad_()
    steps, h, c, encoding, outputs = net.forward(sequences, statics)
    loss = torch.nn.functional.mse_loss(outputs, targets)
    case.update(steps=flat_all(steps), hidden=[flat_all(x) for x in h], cellState=None if c is None else [flat_all(x) for x in c],
                encodings=flat_all(encoding), outputs=flat_all(outputs), loss=float(loss),
                gradients=gradients(net, loss, sequences, statics))
    return case


def conv_cases():
    yield conv_case(31, "conv_lstm", "Lstm", [(5, 5, 2)], S=2)
    yield conv_case(32, "conv_gru", "Gru", [(6, 4, 1), (3, 3, 3)], layers=2, pooling="Mean")
    yield conv_case(33, "conv_rnn", "Rnn", [(17, 7, 4)], pooling="Max", S=1)


def network_case(seed, name, cell, layers=1, bidirectional=False, pooling="Last", lengths=(4, 7, 1, 4), S=0, states=False):
    torch.manual_seed(seed)
    net = Net(cell, 3, 5, layers, bidirectional, pooling, S, 2)
    sequences, statics, targets = make_data(net.config, lengths)
    case = dict(name=name, **describe(net, sequences, statics, targets))
    for tensor in sequences + [statics]:
        tensor.requires_grad_()
    steps, h, c, encoding, outputs = net.forward(sequences, statics)
    loss = torch.nn.functional.mse_loss(outputs, targets)
    case.update(steps=flat_all(steps), hidden=[flat_all(x) for x in h], cellState=None if c is None else [flat_all(x) for x in c],
                encodings=flat_all(encoding), outputs=flat_all(outputs), loss=float(loss),
                gradients=gradients(net, loss, sequences, statics))
    if states:
        steps, h, c, _, _ = net.forward(sequences, statics)
        dsteps, dh, dc = [grid(*s.shape) for s in steps], grid(*h.shape), None if c is None else grid(*c.shape)
        loss = sum((s * d).sum() for s, d in zip(steps, dsteps)) + (h * dh).sum()
        if c is not None:
            loss = loss + (c * dc).sum()
        case["stateGradients"] = dict(dSteps=flat_all(dsteps), dHidden=[flat_all(x) for x in dh],
                                      dCellState=None if c is None else [flat_all(x) for x in dc],
                                      **gradients(net, loss, sequences, statics))
    return case


def network_cases(cell):
    seed = 1000 * (1 + list(GATES).index(cell))
    n = cell.lower()
    yield network_case(seed + 1, n + "_1_layer", cell)
    yield network_case(seed + 2, n + "_2_layers", cell, layers=2)
    yield network_case(seed + 3, n + "_bidirectional", cell, bidirectional=True)
    yield network_case(seed + 4, n + "_2_layers_bidirectional", cell, layers=2, bidirectional=True, states=True)
    yield network_case(seed + 5, n + "_equal_lengths", cell, bidirectional=True, lengths=(5, 5, 5))
    yield network_case(seed + 6, n + "_mean", cell, bidirectional=True, pooling="Mean", S=3)
    yield network_case(seed + 7, n + "_max", cell, bidirectional=True, pooling="Max", S=3)


OPTIMIZERS = {
    "Adam": lambda p, decay: torch.optim.Adam(p, lr=0.01, weight_decay=decay),
    "AdamW": lambda p, decay: torch.optim.AdamW(p, lr=0.01, weight_decay=decay),
    "Sgd": lambda p, decay: torch.optim.SGD(p, lr=0.01, momentum=0.9, weight_decay=decay),
    "RmsProp": lambda p, decay: torch.optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-8, weight_decay=decay),
}
BINDING, LOOSE = 0.5, 100.0


def optimizer_case(seed, cell, runs):
    torch.manual_seed(seed)
    net = Net(cell, 2, 4, 1, False, "Last", 1, 2)
    sequences, statics, targets = make_data(net.config, (3, 5, 1, 3))
    case = dict(name=cell.lower(), **describe(net, sequences, statics, targets), runs=[])
    initial = {n: p.detach().clone() for n, p in net.parameters.items()}
    for optimizer, decay, max_norm in runs:
        for n, p in net.parameters.items():
            p.data.copy_(initial[n])
        step = OPTIMIZERS[optimizer](list(net.parameters.values()), decay)
        run = dict(name="%s_%s%s%s" % (cell.lower(), optimizer.lower(), "_decay" if decay else "", "_clipped" if max_norm == BINDING else ""),
                   optimizer=optimizer, learningRate=0.01, weightDecay=decay, maxNorm=max_norm, losses=[], norms=[], parameters=[])
        for _ in range(3):
            step.zero_grad()
            loss = torch.nn.functional.mse_loss(net.forward(sequences, statics)[-1], targets)
            loss.backward()
            # Adam and RMSProp divide a gradient by its own size: below this one, float rounding would show in the steps.
            smallest = min(float(p.grad.abs().min()) for p in net.parameters.values())
            assert smallest > 3e-5, smallest
            norm = torch.nn.utils.clip_grad_norm_(list(net.parameters.values()), max_norm)
            assert (norm > max_norm) == (max_norm == BINDING), norm
            step.step()
            run["losses"].append(float(loss))
            run["norms"].append(float(norm))
            run["parameters"].append({n: flat(p) for n, p in net.parameters.items()})
        case["runs"].append(run)
    return case


def optimizer_cases():
    yield optimizer_case(LSTM_SEED, "Lstm", [
        ("Adam", 0, LOOSE), ("Adam", 0, BINDING), ("Adam", 0.01, LOOSE),
        ("AdamW", 0.01, LOOSE), ("AdamW", 0.01, BINDING),
        ("Sgd", 0, LOOSE), ("Sgd", 0, BINDING), ("Sgd", 0.01, LOOSE), ("Sgd", 0.01, BINDING),
        ("RmsProp", 0, LOOSE), ("RmsProp", 0, BINDING), ("RmsProp", 0.01, LOOSE)])
    yield optimizer_case(GRU_SEED, "Gru", [("Adam", 0, LOOSE), ("Adam", 0, BINDING), ("Sgd", 0.01, BINDING)])


EMBEDDING_STEPS = ([4, 0, 2], [2, 5], [5, 4])


def embedding_cases():
    """Steps of a table of embeddings of which each step has the gradients of a few rows; the others stay as they are."""
    for seed, optimizer in ((7, "Adam"), (8, "Sgd")):
        torch.manual_seed(seed)
        table = grid(6, 3).requires_grad_()
        step = torch.optim.SparseAdam([table], lr=0.01) if optimizer == "Adam" else torch.optim.SGD([table], lr=0.01)
        case = dict(name=optimizer.lower(), optimizer=optimizer, learningRate=0.01, rows=6, columns=3, initial=flat(table), steps=[])
        for rows in EMBEDDING_STEPS:
            gradient = grid(len(rows), 3)
            table.grad = torch.sparse_coo_tensor(torch.tensor([rows]), gradient, table.shape)
            step.step()
            case["steps"].append(dict(rows=rows, gradient=flat(gradient), table=flat(table)))
        yield case


# Labels from 0; the blank is output 0, so that PyTorch's targets are one more.
CTC_CASES = (("one", 1, 3, [0]), ("fits exactly", 3, 3, [1, 1]), ("empty", 5, 4, []), ("repeated", 9, 5, [2, 2, 2, 0, 0]),
             ("usual", 24, 11, [3, 9, 9, 0, 1, 5]), ("all", 12, 6, [0, 1, 2, 3, 4]), ("sure of another", 15, 4, [0, 1, 2]))


def ctc_cases():
    """The loss of connectionist temporal classification, and its gradient of the outputs before the softmax."""
    for seed, (name, frames, size, label) in enumerate(CTC_CASES):
        torch.manual_seed(seed)
        z = grid(frames, size, scale=30.0 if name == "sure of another" else 3.0).requires_grad_()
        loss = torch.nn.functional.ctc_loss(torch.log_softmax(z, 1).unsqueeze(1), torch.tensor([[k + 1 for k in label]], dtype=torch.long),
                                            torch.tensor([frames]), torch.tensor([len(label)]), blank=0, reduction="sum")
        loss.backward()
        yield dict(name=name, size=size, label=label, outputs=flat(z), loss=loss.item(), gradient=flat(z.grad))


def adaptive_cases():
    """PyTorch's adaptive softmax, whose classes are in the order of their frequency."""
    for seed, name, rows, size, cutoffs, classes, div_value in (
            (21, "two_tails", 19, 12, [5, 11], 30, 2.0), (22, "one_tail", 6, 9, [4], 10, 4.0), (23, "three_tails", 31, 40, [3, 20, 21], 77, 3.0)):
        torch.manual_seed(seed)
        module = torch.nn.AdaptiveLogSoftmaxWithLoss(size, classes, cutoffs, div_value, head_bias=True)
        for p in module.parameters():
            p.data = grid(*p.shape)
        x, targets = grid(rows, size, scale=1.5).requires_grad_(), torch.randint(classes, (rows,))
        output, loss = module(x, targets)
        names = [n for n, _ in module.named_parameters()]
        found = torch.autograd.grad(loss, list(module.parameters()) + [x])
        yield dict(name=name, classes=classes, cutoffs=cutoffs, divValue=div_value, x=flat_all(x), targets=targets.tolist(),
                   parameters={n: flat(p) for n, p in module.named_parameters()}, output=flat(output), loss=float(loss),
                   logProb=flat_all(module.log_prob(x)), gradients={n: flat(g) for n, g in zip(names, found)},
                   inputGradients=flat_all(found[-1]))


# Seeds for which no gradient comes near zero in any of the runs.
LSTM_SEED, GRU_SEED = 294, 151


def text(value, indent=0):
    """Objects and lists of objects on lines of their own, each array of numbers on one."""
    pad = "  " * (indent + 1)
    if isinstance(value, dict):
        return "{\n" + ",\n".join(pad + json.dumps(k) + ": " + text(v, indent + 1) for k, v in value.items()) + "\n" + pad[2:] + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(pad + text(v, indent + 1) for v in value) + "\n" + pad[2:] + "]"
    return json.dumps(value, separators=(",", ":"))


def write(name, cases):
    with open(os.path.join(HERE, name), "w", newline="\n") as file:
        file.write(text(list(cases)) + "\n")


if __name__ == "__main__":
    for cell in GATES:
        write(cell.lower() + ".json", network_cases(cell))
    write("fcn.json", fcn_cases())
    write("conv.json", conv_cases())
    write("language.json", language_cases())
    write("optimizers.json", optimizer_cases())
    write("embeddings.json", embedding_cases())
    write("ctc.json", ctc_cases())
    write("adaptive.json", adaptive_cases())
