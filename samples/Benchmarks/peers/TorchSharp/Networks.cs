using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>Layers with weights of ours.</summary>
internal static class Layers
{
    public static LSTM NewLstm(Problem problem, string prefix, int inputs, int layers, bool bidirectional)
    {
        LSTM lstm = nn.LSTM(inputs, problem["H"], layers, bidirectional: bidirectional);
        foreach ((string name, Parameter parameter) in lstm.named_parameters())
        {
            // Our two biases are one.
            if (name.StartsWith("bias_hh", StringComparison.Ordinal))
                Set(parameter, zeros_like(parameter));
            else
                Set(parameter, problem.Weights(prefix + name.Replace("bias_ih", "bias", StringComparison.Ordinal)));
        }
        return lstm;
    }

    public static Linear NewLinear(Problem problem, string name, bool hasBias)
    {
        Tensor weight = problem.Weights(name + ".weight");
        Linear linear = nn.Linear(weight.shape[1], weight.shape[0], hasBias);
        Set(linear.weight!, weight);
        if (hasBias)
            Set(linear.bias!, problem.Weights(name + ".bias"));
        return linear;
    }

    public static Embedding NewEmbedding(Problem problem, string name)
    {
        Tensor weight = problem.Weights(name);
        Embedding embedding = nn.Embedding(weight.shape[0], weight.shape[1]);
        Set(embedding.weight!, weight);
        return embedding;
    }

    public static void Set(Parameter parameter, Tensor values)
    {
        using IDisposable mode = no_grad();
        parameter.copy_(values.reshape(parameter.shape));
    }
}

/// <summary>
/// An LSTM and a linear layer on its last hidden state, or on the mean over the steps if it is bidirectional. A language model has an
/// embedding before and the linear layer on each step.
/// </summary>
internal sealed class LstmNetwork : nn.Module<Tensor, Tensor>
{
    private readonly bool _bidirectional;
    private readonly Embedding? _embedding;
    private readonly LSTM _lstm;
    private readonly Linear _head;

    public LstmNetwork(Problem problem)
        : base(nameof(LstmNetwork))
    {
        _bidirectional = problem["D"] == 2;
        _embedding = problem["V"] > 0 ? Layers.NewEmbedding(problem, "embeddings.0.weight") : null;
        _lstm = Layers.NewLstm(problem, "", problem["I"], problem["L"], _bidirectional);
        _head = Layers.NewLinear(problem, "head", hasBias: true);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        if (_embedding is not null)
            return _head.forward(_lstm.call(_embedding.forward(x)).Item1);
        (Tensor outputs, Tensor h, _) = _lstm.call(x);
        return _head.forward(_bidirectional ? outputs.mean([0]) : h[-1]);
    }
}

/// <summary>
/// An LSTM that reads, in both directions, and one that writes, with the tanh of a linear layer on the ends of the first as its first
/// state, with the true words before each and Luong's general attention. With input feeding the second LSTM goes step by step; without, all
/// its steps and all looks at the source are one call each.
/// </summary>
internal sealed class EncoderDecoder : nn.Module<Tensor, Tensor>
{
    private readonly bool _feedsInput;
    private readonly int _hidden;
    private readonly Tensor _written;
    private readonly Embedding _sourceEmbedding;
    private readonly LSTM _encoder;
    private readonly Linear _bridge;
    private readonly Embedding _targetEmbedding;
    private readonly LSTM? _decoder;
    private readonly LSTMCell? _cell;
    private readonly Linear _query;
    private readonly Linear _combine;
    private readonly Linear _head;

    public EncoderDecoder(Problem problem, Tensor written)
        : base(nameof(EncoderDecoder))
    {
        _feedsInput = problem["FEEDS"] > 0;
        _hidden = problem["H"];
        _written = written;
        _sourceEmbedding = Layers.NewEmbedding(problem, "embeddings.0.weight");
        _encoder = Layers.NewLstm(problem, "", problem["I"], 1, bidirectional: true);
        _bridge = Layers.NewLinear(problem, "head", hasBias: true);
        _targetEmbedding = Layers.NewEmbedding(problem, "decoder.embeddings.0.weight");
        if (_feedsInput)
        {
            _cell = nn.LSTMCell(problem["I"] + _hidden, _hidden);
            Layers.Set(_cell.weight_ih!, problem.Weights("decoder.weight_ih_l0"));
            Layers.Set(_cell.weight_hh!, problem.Weights("decoder.weight_hh_l0"));
            Layers.Set(_cell.bias_ih!, problem.Weights("decoder.bias_l0"));
            Layers.Set(_cell.bias_hh!, zeros_like(_cell.bias_hh!));
        }
        else
        {
            _decoder = Layers.NewLstm(problem, "decoder.", problem["I"], 1, bidirectional: false);
        }
        _query = Layers.NewLinear(problem, "decoder.attention.query", hasBias: false);
        _combine = Layers.NewLinear(problem, "decoder.attention.combine", hasBias: false);
        _head = Layers.NewLinear(problem, "decoder.head", hasBias: true);
        RegisterComponents();
    }

    public override Tensor forward(Tensor words)
    {
        (Tensor source, Tensor ends, _) = _encoder.call(_sourceEmbedding.forward(words));
        Tensor[] state = _bridge.forward(cat([ends[0], ends[1]], 1)).tanh().chunk(2, 1);
        // [B, S, E], and what is compared of it, once: [B, H, S].
        source = source.transpose(0, 1).contiguous();
        Tensor keys = source.matmul(_query.weight!).transpose(1, 2).contiguous();
        Tensor embedded = _targetEmbedding.forward(_written);
        if (!_feedsInput)
        {
            Tensor steps = _decoder!.call(embedded, (state[0].unsqueeze(0), state[1].unsqueeze(0))).Item1;
            return _head.forward(Attend(steps.transpose(0, 1), source, keys).transpose(0, 1));
        }
        (Tensor h, Tensor c) = (state[0], state[1]);
        Tensor feed = zeros_like(h);
        var attended = new List<Tensor>();
        foreach (Tensor step in embedded.unbind(0))
        {
            (h, c) = _cell!.call(cat([feed, step], 1), (h, c));
            feed = Attend(h.unsqueeze(1), source, keys).squeeze(1);
            attended.Add(feed);
        }
        return _head.forward(stack(attended, 0));
    }

    /// <summary>From h [B, T, H] to what the head reads.</summary>
    private Tensor Attend(Tensor h, Tensor source, Tensor keys)
        => _combine.forward(cat([h.bmm(keys).softmax(-1).bmm(source), h], -1)).tanh();
}
