"""Writes files in the layouts that Keras publishes, with what the networks in them give for some rows: make_keras.py FOLDER.

Keras itself does not run here. The layouts are those of keras/src/saving/saving_lib.py (.keras, .weights.h5; Keras 3, and 2.13 with its
older name of the layers' group) and keras/src/legacy/saving/legacy_h5_format.py (.h5), the arithmetic is that of keras/src/layers: gates
i, f, c, o of an LSTM; z, r, h of a GRU with reset_after; kernels [inputs, units]. FOLDER/cases.json has for each case its file, rows of
steps with features "x" [T x F] or tokens, and the outputs "y" by this NumPy program in double precision. FOLDER/refused has files that
have no counterpart here. KerasFileTests reads them. h5py 3.7 and NumPy (Debian's python3-h5py).
"""
import copy
import io
import json
import os
import sys
import zipfile

import h5py
import numpy as np

FEATURES, UNITS, OUTPUTS, VOCABULARY, SIZE = 2, 3, 2, 7, 4
LENGTHS = [5, 1, 3]
random = np.random.RandomState(5)


# The arithmetic.

def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


FUNCTIONS = {"linear": lambda x: x, "tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda x: np.maximum(x, 0), "softmax": softmax,
             "log_softmax": lambda x: np.log(softmax(x))}


def lstm(x, kernel, recurrent, bias=0.0):
    h, c = np.zeros(recurrent.shape[0]), np.zeros(recurrent.shape[0])
    outputs = []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def gru(x, kernel, recurrent, bias=np.zeros((2, 1))):
    h = np.zeros(recurrent.shape[0])
    outputs = []
    for step in x:
        of_input = step @ kernel + bias[0]
        of_state = h @ recurrent + bias[1]
        xz, xr, xh = np.split(of_input, 3)
        hz, hr, hh = np.split(of_state, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1 - z) * np.tanh(xh + r * hh)
        outputs.append(h)
    return np.array(outputs)


def rnn(x, kernel, recurrent, bias=0.0):
    h = np.zeros(recurrent.shape[0])
    outputs = []
    for step in x:
        h = np.tanh(step @ kernel + h @ recurrent + bias)
        outputs.append(h)
    return np.array(outputs)


CELLS = {"LSTM": (lstm, 4), "GRU": (gru, 3), "SimpleRNN": (rnn, 1)}


def apply(layer, x):
    kind, config, weights = layer["class_name"], layer["config"], [np.asarray(w, np.float64) for w in layer["weights"]]
    if kind == "Bidirectional":
        inner, count = config["layer"], len(weights) // 2
        cell = CELLS[inner["class_name"]][0]
        forward, backward = cell(x, *weights[:count]), cell(x[::-1], *weights[count:])
        if inner["config"]["return_sequences"]:
            return np.concatenate([forward, backward[::-1]], 1)
        return np.concatenate([forward[-1], backward[-1]])
    if kind in CELLS:
        outputs = CELLS[kind][0](x, *weights)
        return outputs if config["return_sequences"] else outputs[-1]
    if kind == "TimeDistributed":
        kind, config = config["layer"]["class_name"], config["layer"]["config"]
    if kind == "Dense":
        return FUNCTIONS[config["activation"]](x @ weights[0] + (weights[1] if len(weights) > 1 else 0))
    if kind == "Embedding":
        return weights[0][x]
    if kind == "Activation":
        return FUNCTIONS[config["activation"]](x)
    if kind == "Softmax":
        return softmax(x)
    if kind == "GlobalAveragePooling1D":
        return x.mean(0)
    if kind == "GlobalMaxPooling1D":
        return x.max(0)
    return x


# The layers, as their configurations have them.

def numbers(*shape):
    return random.uniform(-0.8, 0.8, shape).astype(np.float32)


def layer(kind, weights=(), **config):
    return {"class_name": kind, "config": {"name": "", "trainable": True, "dtype": {
        "module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}, **config},
        "weights": list(weights)}


def inputs(features=FEATURES):
    return layer("InputLayer", batch_shape=[None, None, features], sparse=False)


def cell_weights(kind, width, units, bias):
    gates = CELLS[kind][1]
    rows = (2,) if kind == "GRU" else ()
    return [numbers(width, gates * units), numbers(units, gates * units)] + ([numbers(*rows, gates * units)] if bias else [])


def recurrent(kind, width, units=UNITS, bias=True, sequences=False, both=False, **config):
    settings = {"return_sequences": sequences, "return_state": False, "go_backwards": False, "stateful": False, "unroll": False,
                "zero_output_for_mask": False, "units": units, "activation": "tanh", "use_bias": bias, "dropout": 0.1,
                "recurrent_dropout": 0.0, "seed": None}
    if kind != "SimpleRNN":
        settings["recurrent_activation"] = "sigmoid"
    if kind == "GRU":
        settings["reset_after"] = True
    settings.update(config)
    weights = cell_weights(kind, width, units, bias)
    if not both:
        return layer(kind, weights, **settings)
    forward = layer(kind, **{**settings, "name": "forward_" + kind.lower()})
    backward = layer(kind, **{**settings, "name": "backward_" + kind.lower(), "go_backwards": True})
    del forward["weights"], backward["weights"]
    return layer("Bidirectional", weights + cell_weights(kind, width, units, bias), merge_mode="concat", layer=forward,
                 backward_layer=backward)


def dense(width, outputs=OUTPUTS, activation="linear", bias=True):
    return layer("Dense", [numbers(width, outputs)] + ([numbers(outputs)] if bias else []), units=outputs, activation=activation,
                 use_bias=bias)


def embedding(mask=False):
    return layer("Embedding", [numbers(VOCABULARY, SIZE)], input_dim=VOCABULARY, output_dim=SIZE, mask_zero=mask)


def per_step(inner):
    weights = inner.pop("weights")
    return layer("TimeDistributed", weights, layer=inner)


# The files.

def snake_case(name):
    text = ""
    for i, letter in enumerate(name):
        starts = letter.isupper() and i > 0 and (name[i - 1].islower() or i + 1 < len(name) and name[i + 1].islower())
        text += ("_" if starts else "") + letter.lower()
    return text


def group_names(layers):
    counts, names = {}, []
    for one in layers:
        name = snake_case(one["class_name"])
        names.append(f"{name}_{counts[name]}" if name in counts else name)
        counts[name] = counts.get(name, 0) + 1
    return names


def name_layers(layers):
    layers = copy.deepcopy(layers)
    for one, name in zip(layers, group_names(layers)):
        one["config"]["name"] = name
    return layers


def config_of(layers, functional=False, legacy=False):
    entries, before, masked = [], None, any(one["class_name"] == "NotEqual" for one in layers)
    for one in layers:
        entry = {"module": "keras.layers", "class_name": one["class_name"], "config": one["config"], "registered_name": None,
                 "build_config": {"input_shape": [None, None, 2]}}
        if functional:
            name = one["config"]["name"]
            entry["name"] = name
            if before is None:
                entry["inbound_nodes"] = []
            elif one["class_name"] == "NotEqual":
                tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["input_layer", 0, 0]}}
                entry["inbound_nodes"] = [{"args": [tensor, 0], "kwargs": {}}]
                entries.append(entry)
                continue
            elif legacy:
                entry["inbound_nodes"] = [[[before, 0, 0, {}]]]
            else:
                tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, None, 2], "dtype": "float32",
                                                                       "keras_history": [before, 0, 0]}}
                mask = {"class_name": "__keras_tensor__", "config": {"keras_history": ["not_equal", 0, 0]}}
                entry["inbound_nodes"] = [{"args": [tensor], "kwargs": {"training": False, "mask": mask if masked else None}}]
            before = name
        entries.append(entry)
    config = {"name": "model", "trainable": True, "layers": entries}
    if functional:
        config["input_layers"] = [[entries[0]["name"], 0, 0]]
        config["output_layers"] = [[before, 0, 0]]
    return {"module": "keras", "class_name": "Functional" if functional else "Sequential", "config": config, "registered_name": None,
            "compile_config": {"optimizer": "adam"}}


def write_values(group, key, values):
    if isinstance(values, Raw):
        dataset = group.create_dataset(key, data=values.values)
        for name, value in values.attributes.items():
            dataset.attrs[name] = value
    else:
        group[key] = values


class Raw:
    """Values with the attributes that a dataset of them has."""

    def __init__(self, values, **attributes):
        self.values, self.attributes = values, attributes


def write_weights(target, layers, root="layers", optimizer=True):
    """model.weights.h5: a group for each layer, in it "vars", or those of its cell, of its directions or of the layer inside."""
    with h5py.File(target, "w") as file:
        file.create_group("vars")
        names = group_names([one for one in layers if one["class_name"] != "InputLayer"])
        for one, name in zip([one for one in layers if one["class_name"] != "InputLayer"], names):
            path = f"{root}/{name}"
            file.create_group(f"{path}/vars")
            weights = one["weights"]
            if one["class_name"] == "Bidirectional":
                half = len(weights) // 2
                parts = [("forward_layer/cell", weights[:half]), ("backward_layer/cell", weights[half:])]
                for side in ("forward_layer", "backward_layer"):
                    file.create_group(f"{path}/{side}/vars")
            elif one["class_name"] in CELLS:
                parts = [("cell", weights)]
            elif one["class_name"] == "TimeDistributed":
                parts = [("layer", weights)]
            else:
                parts = [("", weights)]
            for inner, values in parts:
                group = file.require_group(f"{path}/{inner}/vars" if inner else f"{path}/vars")
                for i, value in enumerate(values):
                    write_values(group, str(i), value)
            if one["class_name"] in ("Dropout", "SpatialDropout1D") or one["class_name"] in CELLS:
                inner = "cell/seed_generator" if one["class_name"] in CELLS else "seed_generator"
                file.create_group(f"{path}/{inner}/vars")["0"] = np.array([7, 9], np.uint32)
        if optimizer:
            group = file.create_group("optimizer/vars")
            group["0"] = np.array(3, np.int64)
            group["1"] = np.array(0.001, np.float32)


def write_keras(path, layers, config, compression=zipfile.ZIP_STORED, **arguments):
    content = io.BytesIO()
    write_weights(content, layers, **arguments)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (("metadata.json", json.dumps({"keras_version": "3.9.0", "date_saved": "2025-01-01@00:00:00"})),
                           ("config.json", json.dumps(config)), ("model.weights.h5", content.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), text, compression)


def write_legacy(path, layers, whole):
    """.h5 of Keras 2: attributes layer_names and weight_names, and of a whole model model_config."""
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights") if whole else file
        if whole:
            file.attrs["keras_version"] = "2.10.0"
            file.attrs["backend"] = "tensorflow"
            file.attrs["model_config"] = json.dumps(config_of(layers, functional=True, legacy=True))
            file.create_group("optimizer_weights/Adam")["iter:0"] = np.array(3, np.int64)
        group.attrs["layer_names"] = np.array([one["config"]["name"].encode() for one in layers])
        group.attrs["backend"] = b"tensorflow"
        for one in layers:
            name = one["config"]["name"]
            inner = group.create_group(name)
            leaves = ["embeddings:0"] if one["class_name"] == "Embedding" else ["kernel:0", "bias:0"]
            prefixes = [name]
            if one["class_name"] in CELLS or one["class_name"] == "Bidirectional":
                leaves = ["kernel:0", "recurrent_kernel:0", "bias:0"]
                cell = snake_case(one["class_name"]) if one["class_name"] in CELLS else snake_case(one["config"]["layer"]["class_name"])
                prefixes = [f"{name}/{cell}_cell"] if one["class_name"] in CELLS else \
                    [f"{name}/forward_{cell}/{cell}_cell", f"{name}/backward_{cell}/{cell}_cell"]
            count = len(one["weights"]) // len(prefixes)
            names = [f"{prefix}/{leaf}" for prefix in prefixes for leaf in leaves[:count]]
            inner.attrs["weight_names"] = np.array([one.encode() for one in names]) if names else np.array([], "S1")
            for weight, value in zip(names, one["weights"]):
                inner[weight] = value
        if not whole:
            file.create_group("top_level_model_weights").attrs["weight_names"] = np.array([], "S1")


def rows_of(layers):
    rows, tokens = [], any(one["class_name"] == "Embedding" for one in layers)
    masked = any(one["config"].get("mask_zero") for one in layers)
    for length in LENGTHS:
        x = random.randint(1 if masked else 0, VOCABULARY, length) if tokens else numbers(length, FEATURES)
        y = x if tokens else x.astype(np.float64)
        for one in layers:
            y = apply(one, y)
        rows.append({"steps": length, "tokens" if tokens else "x": x.flatten().tolist(), "y": y.flatten().tolist()})
    return rows


def main(folder):
    os.makedirs(os.path.join(folder, "refused"), exist_ok=True)
    cases = []

    def add(name, layers, endings=(".keras",), functional=False, **arguments):
        layers = name_layers(layers)
        rows = rows_of(layers)
        for ending in endings:
            path = os.path.join(folder, name + ending)
            if ending == ".keras":
                write_keras(path, layers, config_of(layers, functional), **arguments)
            elif ending == ".weights.h5":
                write_weights(path, layers, **arguments)
            else:
                write_legacy(path, layers, ending == ".h5")
            cases.append({"file": name + ending, "rows": rows})
        return layers

    everywhere = (".keras", ".weights.h5", ".h5", ".legacy.h5")
    for kind in CELLS:
        name = snake_case(kind)
        add(f"{name}_1", [inputs(), recurrent(kind, FEATURES), dense(UNITS)], everywhere)
        add(f"{name}_1_nobias", [inputs(), recurrent(kind, FEATURES, bias=False), dense(UNITS, bias=False)], (".keras", ".weights.h5"))
        add(f"{name}_2_both", [inputs(), recurrent(kind, FEATURES, both=True, sequences=True), recurrent(kind, 2 * UNITS, both=True),
                               dense(2 * UNITS)], everywhere)
    add("lstm_3", [inputs(), *[recurrent("LSTM", FEATURES if i == 0 else UNITS, sequences=i < 2) for i in range(3)], dense(UNITS)],
        everywhere)
    add("words", [inputs(), embedding(), recurrent("GRU", SIZE, both=True), layer("Dropout", rate=0.2, seed=None),
                  dense(2 * UNITS, 3, "softmax")], (".keras", ".h5"))
    add("masked", [inputs(), embedding(mask=True), layer("NotEqual"), recurrent("LSTM", SIZE), dense(UNITS, 1, "sigmoid")],
        functional=True)
    add("functional", [inputs(), recurrent("GRU", FEATURES, sequences=True), layer("SpatialDropout1D", rate=0.2),
                       recurrent("GRU", UNITS), dense(UNITS, activation="tanh")], (".keras", ".h5"), functional=True)
    add("steps", [inputs(), recurrent("LSTM", FEATURES, sequences=True), dense(UNITS, 3, "softmax")])
    add("time_distributed", [inputs(), recurrent("SimpleRNN", FEATURES, sequences=True), per_step(dense(UNITS, 3))],
        (".keras", ".weights.h5"))
    add("mean", [inputs(), recurrent("LSTM", FEATURES, sequences=True, both=True), layer("GlobalAveragePooling1D",
                                                                                       data_format="channels_last", keepdims=False),
                 dense(2 * UNITS), layer("Softmax", axis=-1)])
    add("max", [inputs(), recurrent("GRU", FEATURES, sequences=True), layer("GlobalMaxPooling1D", data_format="channels_last",
                                                                           keepdims=False),
                dense(UNITS), layer("Activation", activation="relu")])
    add("chain", [inputs(), recurrent("LSTM", FEATURES), dense(UNITS, 4), dense(4, 2, bias=False)])
    add("no_dense", [inputs(), recurrent("GRU", FEATURES)], (".keras", ".weights.h5"))
    add("older", [inputs(), recurrent("LSTM", FEATURES), dense(UNITS)], (".keras", ".weights.h5"),
        root="_layer_checkpoint_dependencies")
    for kind, name in ((np.float16, "f16"), (np.float64, "f64")):
        layers = [inputs(), recurrent("LSTM", FEATURES), dense(UNITS)]
        for one in layers:
            one["weights"] = [weight.astype(kind) for weight in one["weights"]]
        add(name, layers)

    def refuse(name, layers, ending=".keras", edit=None, functional=False, **arguments):
        layers = name_layers(layers)
        config = config_of(layers, functional)
        if edit:
            edit(config)
        path = os.path.join(folder, "refused", name + ending)
        if ending == ".keras":
            # Keras itself stores without compression; these are only smaller.
            write_keras(path, layers, config, zipfile.ZIP_DEFLATED, **arguments)
        else:
            write_weights(path, layers, **arguments)

    def standard(**config):
        return [inputs(), recurrent("LSTM", FEATURES, **config), dense(UNITS)]

    refuse("reset_before", [inputs(), recurrent("GRU", FEATURES, reset_after=False), dense(UNITS)])
    refuse("hard_sigmoid", standard(recurrent_activation="hard_sigmoid"))
    refuse("relu_cell", standard(activation="relu"))
    refuse("go_backwards", standard(go_backwards=True))
    refuse("stateful", standard(stateful=True))
    refuse("return_state", standard(return_state=True))
    refuse("hidden_relu", [inputs(), recurrent("LSTM", FEATURES), dense(UNITS, 4, "relu"), dense(4)])
    refuse("gelu", [inputs(), recurrent("LSTM", FEATURES), dense(UNITS, 4, "gelu")])
    refuse("convolution", [inputs(), layer("Conv1D", [numbers(3, FEATURES, FEATURES)], filters=FEATURES, kernel_size=[3]),
                           recurrent("LSTM", FEATURES), dense(UNITS)])
    refuse("nested", [inputs(), layer("Sequential", layers=[]), recurrent("LSTM", FEATURES), dense(UNITS)])
    refuse("units", [inputs(), recurrent("LSTM", FEATURES, sequences=True), recurrent("LSTM", UNITS, 4), dense(4)])
    refuse("cells", [inputs(), recurrent("LSTM", FEATURES, sequences=True), recurrent("GRU", UNITS), dense(UNITS)])
    refuse("last_only", [inputs(), recurrent("LSTM", FEATURES), recurrent("LSTM", UNITS), dense(UNITS)])
    refuse("two_dense", [inputs(), recurrent("LSTM", FEATURES), dense(UNITS, 4), dense(4)], ".weights.h5")
    refuse("no_recurrent", [inputs(), dense(FEATURES)])
    merged = [inputs(), recurrent("LSTM", FEATURES, both=True), dense(2 * UNITS)]
    merged[1]["config"]["merge_mode"] = "sum"
    refuse("merge_sum", merged)
    whole = standard()
    whole[1]["weights"][0] = whole[1]["weights"][0].view(np.int32)
    refuse("integers", whole)
    bits = standard()
    bits[2]["weights"][0] = Raw(np.zeros((UNITS, OUTPUTS), "V2"), dtype="bfloat16")
    refuse("bfloat16", bits)
    swapped = standard()
    swapped[2]["weights"][0] = swapped[2]["weights"][0].astype(">f4")
    refuse("big_endian", swapped)
    short = standard()
    short[1]["weights"].pop()
    refuse("no_bias", short)
    narrow = standard()
    narrow[2]["weights"][0] = numbers(UNITS + 1, OUTPUTS)
    refuse("narrow", narrow)
    infinite = standard()
    infinite[2]["weights"][0] = infinite[2]["weights"][0] * np.float32(np.inf)
    refuse("infinite", infinite)

    def branch(config):
        config["config"]["layers"][2]["inbound_nodes"][0]["args"].append(config["config"]["layers"][1]["inbound_nodes"][0]["args"][0])

    refuse("branch", standard(), functional=True, edit=branch)
    with open(os.path.join(folder, "cases.json"), "w") as file:
        json.dump(cases, file)


if __name__ == "__main__":
    main(sys.argv[1])
