// libtorch through TorchSharp as a peer of samples/Benchmarks. PeerProgram.cs says how to call it.
using Peers;
using TorchSharp;
using TorchSharpPeer;

PeerProgram.Run(args, () => $"TorchSharp {typeof(torch).Assembly.GetName().Version}, libtorch {torch.__version__}",
    (file, threads) => new Problem(file, threads));
