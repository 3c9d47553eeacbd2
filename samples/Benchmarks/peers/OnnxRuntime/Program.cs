// ONNX Runtime as a peer of samples/Benchmarks, on the model that lies beside the file of a problem. PeerProgram.cs says how to call it.
using Microsoft.ML.OnnxRuntime;
using OnnxRuntimePeer;
using Peers;

PeerProgram.Run(args, () => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}", (file, threads) => new Problem(file, threads));
