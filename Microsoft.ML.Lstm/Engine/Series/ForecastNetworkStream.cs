using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>Forecasts by one of the networks of a <see cref="ForecastStream"/>.</summary>
internal sealed class ForecastNetworkStream
{
    private readonly RowScaling _scaling;
    private readonly ForecastLayout _layout;
    private readonly ForecastLossDescription _loss;
    private readonly SeriesEncoder _encoder;
    private readonly SequenceStream _network;
    private readonly float[] _features;
    private readonly float[] _outputs;
    private readonly int[] _tokens;

    /// <param name="model">The network with its layout.</param>
    /// <param name="network">The network, ready to run.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
    /// <param name="keptSteps">How many steps are kept to be explained; 0 for none.</param>
    public ForecastNetworkStream(ForecastNetwork model, SequenceNetwork network, int series, int keptSteps)
    {
        _scaling = model.Scaling;
        _layout = model.Layout;
        _loss = ForecastLossDescription.Of(_layout.Loss);
        _encoder = new SeriesEncoder(_layout, model.Scaling, series);
        _network = new SequenceStream(network);
        _features = new float[_layout.FeatureSize];
        _outputs = new float[_layout.OutputSize];
        _tokens = network.Shape.Embeddings.Count > 0 ? [series] : [];
        History = keptSteps > 0 ? new StepHistory(network, keptSteps) : null;
    }

    /// <inheritdoc cref="ForecastStream.HasForecast"/>
    public bool HasForecast => _encoder.Count > 0 && _encoder.IsMeasured;

    /// <summary>The last steps; null where none are kept.</summary>
    public StepHistory? History { get; }

    /// <inheritdoc cref="SeriesEncoder.Levels"/>
    public ReadOnlySpan<float> Levels => _encoder.Levels;

    /// <inheritdoc cref="SeriesEncoder.Scales"/>
    public ReadOnlySpan<float> Scales => _encoder.Scales;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => _encoder.StateLength + _network.StateLength + _outputs.Length;

    /// <summary>How many numbers the state of a network has.</summary>
    public static long StateLengthOf(SequenceModel network, ForecastLayout layout)
        => SeriesEncoder.StateLengthOf(layout) + network.Shape.StateSize + layout.OutputSize;

    /// <summary>Takes the next row; see <see cref="SeriesEncoder.Encode"/>.</summary>
    public void Step(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, ReadOnlySpan<float> statics)
    {
        _encoder.Encode(row, future, calendar, _features);
        statics.CopyTo(_network.Statics);
        _scaling.Statics.Apply(_network.Statics);
        // A missing one counts as the mean of the training rows: the forecast is a part of the state, which has to be finite to be saved.
        for (int i = 0; i < statics.Length; i++)
        {
            if (!float.IsFinite(statics[i]))
                _network.Statics[i] = 0;
        }
        _network.Step(_features, _tokens).CopyTo(_outputs);
        History?.Add(_features, _tokens);
    }

    /// <summary>Adds the steps of <see cref="History"/> to a batch, as a sequence with the static features of the last row.</summary>
    public void AddHistoryTo(SequenceBatch batch)
    {
        History!.AddTo(batch, _tokens);
        _network.Statics.CopyTo(batch.Statics(batch.Count - 1));
    }

    /// <summary>The forecast of value <paramref name="index"/> of H·D, before calibration.</summary>
    public ForecastOutput this[int index]
    {
        get
        {
            int target = index % _layout.Targets, width = _loss.OutputsPerValue;
            return _loss.Read(_outputs.AsSpan(index * width, width), _encoder.Levels[target], _encoder.Scales[target]);
        }
    }

    /// <inheritdoc cref="SeriesEncoder.ChangeOf"/>
    public double ChangeOf(int target) => _encoder.ChangeOf(target);

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        _encoder.CopyStateTo(destination[.._encoder.StateLength]);
        _network.CopyStateTo(destination.Slice(_encoder.StateLength, _network.StateLength));
        _outputs.CopyTo(destination[(_encoder.StateLength + _network.StateLength)..]);
    }

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _encoder.CopyStateFrom(source[.._encoder.StateLength]);
        _network.CopyStateFrom(source.Slice(_encoder.StateLength, _network.StateLength));
        History?.Restore(source.Slice(_encoder.StateLength, _network.StateLength));
        source[(_encoder.StateLength + _network.StateLength)..].CopyTo(_outputs);
    }
}

/// <summary>
/// The last steps that a network has read of a series, and its state before them, from which the steps can be run once more.
/// </summary>
/// <param name="network">The network, ready to run.</param>
/// <param name="capacity">How many steps are kept.</param>
internal sealed class StepHistory(SequenceNetwork network, int capacity)
{
    private readonly Queue<float[]> _steps = [];
    private readonly SequenceStream _before = new(network);

    /// <summary>Whether there are no steps, as after <see cref="Restore"/>.</summary>
    public bool IsEmpty => _steps.Count == 0;

    /// <summary>Adds a step; of more than can be kept, the first one becomes part of the state.</summary>
    public void Add(ReadOnlySpan<float> features, ReadOnlySpan<int> tokens)
    {
        float[] step = new float[features.Length];
        if (_steps.Count == capacity)
        {
            step = _steps.Dequeue();
            _before.Step(step, tokens);
        }
        features.CopyTo(step);
        _steps.Enqueue(step);
    }

    /// <summary>Goes on from a state, with no steps.</summary>
    public void Restore(ReadOnlySpan<float> state)
    {
        _steps.Clear();
        _before.CopyStateFrom(state);
    }

    /// <summary>Adds the steps to a batch as a sequence.</summary>
    public void AddTo(SequenceBatch batch, ReadOnlySpan<int> tokens)
    {
        Span<float> features = batch.Add(_steps.Count);
        Span<int> all = batch.Tokens(batch.Count - 1);
        foreach (float[] step in _steps)
        {
            step.CopyTo(features);
            tokens.CopyTo(all);
            features = features[step.Length..];
            all = all[tokens.Length..];
        }
    }

    /// <summary>The state before the steps.</summary>
    public void CopyStateTo(ref float[] state)
    {
        FloatBuffer.Require(ref state, _before.StateLength);
        _before.CopyStateTo(state.AsSpan(0, _before.StateLength));
    }
}
