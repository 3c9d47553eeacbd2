using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Applies a network with a value at every step while the steps of a sequence come in, one at a time: each costs one step of the network,
/// however many came before, and allocates nothing.
/// </summary>
/// <remarks>A stream serves one thread at a time; any number of streams may share one model.</remarks>
/// <seealso cref="LstmPerStepRegressionTransformer.CreateStream"/>
/// <seealso cref="LstmPerStepBinaryTransformer.CreateStream"/>
public sealed class LstmStepStream
{
    private readonly SequenceModel _model;
    private readonly OutputFunction _function;
    private readonly SequenceStream[] _members;
    private readonly float[] _features;
    private readonly int[] _tokens;
    private readonly int[] _known;
    private readonly float[] _outputs;

    internal LstmStepStream(ScoringNetwork network, OutputFunction function, ReadOnlySpan<float> statics)
    {
        _model = network.Model;
        _function = function;
        NetworkShape shape = _model.Shape;
        if (statics.Length != shape.StaticSize)
            throw new ArgumentException($"The model has {shape.StaticSize} static features, but {statics.Length} were given.",
                nameof(statics));
        _members = [.. network.Networks.Select(member => new SequenceStream(member))];
        _features = new float[shape.NumericSize];
        _tokens = new int[shape.Embeddings.Count];
        _known = new int[shape.Embeddings.Count];
        _outputs = new float[shape.OutputSize];
        foreach (SequenceStream member in _members)
        {
            statics.CopyTo(member.Statics);
            _model.StaticScaler.Apply(member.Statics);
        }
    }

    /// <summary>The numbers of the next step go in, its values come out.</summary>
    /// <param name="features">F: the numbers of the step, of all feature columns one after the other, in their units.</param>
    /// <param name="keys">The key of the step in each column of keys, counted from 1 as ML.NET holds them; 0 is the missing key.</param>
    /// <returns>The L values of the step, which are valid until the next call: NaN where a feature is NaN or infinite; the step then has
    /// no effect on those that follow.</returns>
    /// <exception cref="ArgumentException">A step of this model has another number of features or of keys.</exception>
    public ReadOnlySpan<float> Next(ReadOnlySpan<float> features, ReadOnlySpan<int> keys = default)
    {
        if (features.Length != _features.Length)
            throw new ArgumentException($"A step has {_features.Length} features, but {features.Length} were given.", nameof(features));
        if (keys.Length != _tokens.Length)
            throw new ArgumentException($"A step has {_tokens.Length} keys, but {keys.Length} were given.", nameof(keys));
        foreach (float feature in features)
        {
            if (float.IsFinite(feature))
                continue;
            _outputs.AsSpan().Fill(float.NaN);
            return _outputs;
        }
        features.CopyTo(_features);
        _model.InputScaler.Apply(_features);
        for (int i = 0; i < keys.Length; i++)
        {
            EmbeddingShape table = _model.Shape.Embeddings[i];
            int key = keys[i] < 0 || keys[i] > table.KeyCount ? 0 : keys[i];
            _known[i] = table.Keys?.NumberOf(key) ?? key;
        }
        // As EnsembleBatchRunner averages.
        _members[0].Step(_features, _known).CopyTo(_outputs);
        for (int member = 1; member < _members.Length; member++)
            TensorPrimitives.Add(_outputs, _members[member].Step(_features, _known), _outputs);
        if (_members.Length > 1)
            TensorPrimitives.Multiply(_outputs, 1f / _members.Length, _outputs);
        _model.OutputScaler.Invert(_outputs);
        _function.Apply(_outputs);
        return _outputs;
    }

    /// <summary>Goes back to before the first step, for another sequence with the same static features.</summary>
    public void Reset() => Array.ForEach(_members, member => member.Reset());
}
