using System.Globalization;
using Peers;
using TorchSharp;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Weights, inputs and targets from a file that the benchmarks wrote, and the work that is measured.</summary>
internal sealed class Problem : IPeerProblem
{
    private readonly Dictionary<string, string> _metadata;
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _x;
    private readonly Tensor _targets;
    private readonly bool _areClasses;

    public Problem(string path, int threads)
    {
        set_num_threads(threads);
        var file = new ProblemFile(path);
        _metadata = file.Metadata;
        foreach ((string name, (long[] shape, float[] values)) in file.Tensors)
            _tensors[name] = tensor(values, shape);
        _areClasses = _tensors.ContainsKey("words");
        // Time-major is what libtorch runs fastest.
        _x = _areClasses ? Words("words") : _tensors["x"].transpose(0, 1).contiguous();
        _targets = _areClasses ? Words("next") : _tensors["targets"];
        if (this["SEQ"] > 0)
            _network = new EncoderDecoder(this, Words("written"));
        else
            _network = new LstmNetwork(this);
        _optimizer = optim.Adam(_network.parameters(), lr: double.Parse(_metadata["learningRate"], CultureInfo.InvariantCulture));

        Tensor Words(string name) => _tensors[name].to(int64).transpose(0, 1).contiguous();
    }

    /// <summary>A dimension of the shape.</summary>
    public int this[string dimension] => int.Parse(_metadata.GetValueOrDefault(dimension, "0"), CultureInfo.InvariantCulture);

    /// <summary>The weights of a tensor of ours, as a parameter's values.</summary>
    public Tensor Weights(string name) => _tensors[name];

    public void Train()
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        Loss().backward();
        nn.utils.clip_grad_norm_(_network.parameters(), 1.0);
        _optimizer.step();
    }

    public void Score()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable mode = inference_mode();
        _network.forward(_x);
    }

    public float FirstOutput()
    {
        using IDisposable mode = inference_mode();
        return _network.forward(_x.narrow(1, 0, 1)).flatten()[0].item<float>();
    }

    public (float[] Outputs, double Loss, double GradientNorm) Solve()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = Loss();
        loss.backward();
        // bias_hh has the same gradient as bias_ih, and our merged bias has it once.
        double squares = _network.named_parameters()
            .Where(named => !named.name.Contains("bias_hh", StringComparison.Ordinal))
            .Sum(named => named.parameter.grad!.to(float64).square().sum().item<double>());
        using IDisposable mode = inference_mode();
        Tensor outputs = _network.forward(_x);
        if (_areClasses)
            outputs = outputs.select(-1, 0);
        return (outputs.flatten().data<float>().ToArray(), loss.item<float>(), Math.Sqrt(squares));
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        foreach (Tensor tensor in _tensors.Values)
            tensor.Dispose();
    }

    private Tensor Loss()
    {
        Tensor outputs = _network.forward(_x);
        return _areClasses
            ? nn.functional.cross_entropy(outputs.flatten(0, 1), _targets.flatten())
            : nn.functional.mse_loss(outputs, _targets);
    }
}
