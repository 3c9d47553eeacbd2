// ONNX Runtime as a peer of samples/Benchmarks. With no arguments it answers lines; Peer.cs has the protocol.
//
//     onnxruntime_peer.mjs predict FILE    one prediction in a new process
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { lstmModel } from "./onnx_model.mjs";

const require = createRequire(join(process.env.BENCHMARK_PEERS ?? ".", "package.json"));
const ort = require("onnxruntime-node");

function readSafeTensors(path) {
    const file = readFileSync(path);
    const length = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.subarray(8, 8 + length).toString());
    const metadata = header.__metadata__;
    delete header.__metadata__;
    const tensors = {};
    for (const [name, { data_offsets: [begin, end], shape }] of Object.entries(header))
        tensors[name] = { shape, values: new Float32Array(file.buffer.slice(file.byteOffset + 8 + length + begin, file.byteOffset + 8 + length + end)) };
    return { metadata, tensors };
}

/** Rows of the batch, time-major: [T, rows, I] from [B, T, I]. */
function timeMajor(x, rows) {
    const [, steps, inputs] = x.shape;
    const result = new Float32Array(steps * rows * inputs);
    for (let b = 0; b < rows; b++)
        for (let t = 0; t < steps; t++)
            result.set(x.values.subarray((b * steps + t) * inputs, (b * steps + t + 1) * inputs), (t * rows + b) * inputs);
    return new ort.Tensor("float32", result, [steps, rows, inputs]);
}

async function load(path, threads, rows) {
    const { metadata, tensors } = readSafeTensors(path);
    const session = await ort.InferenceSession.create(lstmModel(metadata, tensors), {
        executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: "all",
    });
    return { session, feeds: { x: timeMajor(tensors.x, rows ?? tensors.x.shape[0]) } };
}

/** Seconds since some moment. */
function now() {
    if (process.env.BENCHMARK_CLOCK !== "Processor")
        return performance.now() / 1e3;
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
}

async function answer() {
    const say = what => process.stdout.write(JSON.stringify(what) + "\n");
    say({ version: require("onnxruntime-node/package.json").version });
    let session, feeds;
    for await (const line of createInterface({ input: process.stdin })) {
        const words = line.split(" ");
        const number = Number(words.pop());
        if (words[0] === "load") {
            await session?.release();
            ({ session, feeds } = await load(words.slice(1).join(" "), number));
            const { y } = await session.run(feeds);
            say({ outputs: Array.from(y.data), loss: 0, gradientNorm: 0 });
        } else {
            const seconds = [];
            for (let i = 0; i < number; i++) {
                const start = now();
                await session.run(feeds);
                seconds.push(now() - start);
            }
            say({ seconds });
        }
    }
}

if (process.argv[2] === "predict") {
    const { session, feeds } = await load(process.argv[3], Number(process.env.OMP_NUM_THREADS ?? 1), 1);
    const { y } = await session.run(feeds);
    console.log(y.data[0]);
} else {
    await answer();
}
