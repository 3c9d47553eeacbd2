// An ONNX model of LSTM layers and a linear layer on the last hidden state, or on the mean over the steps if it is
// bidirectional. Written by hand, since the few fields of the format that it takes are fewer than the lines of a library's use.

const varint = value => {
    const bytes = [];
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
        const byte = Number(rest & 127n);
        if (rest < 128n)
            return Buffer.from([...bytes, byte]);
        bytes.push(byte | 128);
    }
};
const number = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
    const content = Buffer.from(value);
    return Buffer.concat([varint((field << 3) | 2), varint(content.length), content]);
};
const message = (...fields) => Buffer.concat(fields.flat());

// Field numbers are those of onnx.proto: AttributeProto, NodeProto, TensorProto, ValueInfoProto, GraphProto, ModelProto.
const FLOAT = 1, INT64 = 7;
const attribute = (name, value) => Buffer.concat([
    bytes(1, name),
    ...(typeof value === "string" ? [bytes(4, value), number(20, 3)] : Array.isArray(value) ? [...value.map(v => number(8, v)), number(20, 7)] : [number(3, value), number(20, 2)]),
]);
const node = (operator, inputs, outputs, attributes = {}) => message(
    inputs.map(name => bytes(1, name)), outputs.map(name => bytes(2, name)), bytes(4, operator),
    Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))));
const tensor = (name, shape, values) => message(
    shape.map(size => number(1, size)), number(2, values instanceof Float32Array ? FLOAT : INT64), bytes(8, name),
    bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)));
const value = (name, dimensions) => message(bytes(1, name),
    bytes(2, bytes(1, message(number(1, FLOAT), bytes(2, message(dimensions.map(size => bytes(1, typeof size === "string" ? bytes(2, size) : number(1, size)))))))));

/** ONNX has the gates in the order i, o, f, g; we have i, f, g, o. */
function gatesInOrder(values) {
    const gate = values.length / 4;
    const result = new Float32Array(values.length);
    [0, 3, 1, 2].forEach((ours, theirs) => result.set(values.subarray(ours * gate, (ours + 1) * gate), theirs * gate));
    return result;
}

function concatenate(arrays) {
    const result = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
    let at = 0;
    for (const array of arrays) {
        result.set(array, at);
        at += array.length;
    }
    return result;
}

export function lstmModel(metadata, tensors) {
    const [steps, inputs, hidden, layers, directions] = ["T", "I", "H", "L", "D"].map(key => Number(metadata[key]));
    const nodes = [], weights = [];
    const int64 = (name, ...values) => weights.push(tensor(name, [values.length], new BigInt64Array(values.map(BigInt))));
    int64("direction_axis", 1);
    let x = "x";
    for (let layer = 0; layer < layers; layer++) {
        const suffixes = directions === 2 ? [`_l${layer}`, `_l${layer}_reverse`] : [`_l${layer}`];
        const all = name => concatenate(suffixes.map(suffix => gatesInOrder(tensors[name + suffix].values)));
        const width = layer === 0 ? inputs : directions * hidden;
        weights.push(tensor(`W${layer}`, [directions, 4 * hidden, width], all("weight_ih")));
        weights.push(tensor(`R${layer}`, [directions, 4 * hidden, hidden], all("weight_hh")));
        // The second half is the recurrent bias, which is merged into the first.
        const bias = concatenate(suffixes.flatMap(suffix => [gatesInOrder(tensors["bias" + suffix].values), new Float32Array(4 * hidden)]));
        weights.push(tensor(`B${layer}`, [directions, 8 * hidden], bias));
        nodes.push(node("LSTM", [x, `W${layer}`, `R${layer}`, `B${layer}`], [`Y${layer}`, `H${layer}`],
            { hidden_size: hidden, direction: directions === 2 ? "bidirectional" : "forward" }));
        if (layer < layers - 1) {
            if (directions === 2)
                throw new Error("Bidirectional layers on top of each other are not written.");
            nodes.push(node("Squeeze", [`Y${layer}`, "direction_axis"], [x = `X${layer + 1}`]));
        }
    }
    // [T, D, B, H] to [D, B, H] to [B, D·H].
    const top = layers - 1;
    if (directions === 2)
        nodes.push(node("ReduceMean", [`Y${top}`], ["mean"], { axes: [0], keepdims: 0 }));
    int64("encoding_shape", -1, directions * hidden);
    nodes.push(node("Transpose", [directions === 2 ? "mean" : `H${top}`], ["by_row"], { perm: [1, 0, 2] }));
    nodes.push(node("Reshape", ["by_row", "encoding_shape"], ["encoding"]));
    weights.push(tensor("head_weight", [1, directions * hidden], tensors["head.weight"].values));
    weights.push(tensor("head_bias", [1], tensors["head.bias"].values));
    nodes.push(node("Gemm", ["encoding", "head_weight", "head_bias"], ["y"], { transB: 1 }));

    const graph = message(nodes.map(n => bytes(1, n)), bytes(2, "lstm"), weights.map(w => bytes(5, w)),
        bytes(11, value("x", [steps, "B", inputs])), bytes(12, value("y", ["B", 1])));
    return message(number(1, 8), bytes(8, message(bytes(1, ""), number(2, 14))), bytes(7, graph));
}
