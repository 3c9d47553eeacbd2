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
    public ForecastNetworkStream(ForecastNetwork model, SequenceNetwork network, int series)
    {
        _scaling = model.Scaling;
        _layout = model.Layout;
        _loss = ForecastLossDescription.Of(_layout.Loss);
        _encoder = new SeriesEncoder(_layout, model.Scaling, series);
        _network = new SequenceStream(network);
        _features = new float[_layout.FeatureSize];
        _outputs = new float[_layout.OutputSize];
        _tokens = network.Shape.Embeddings.Count > 0 ? [series] : [];
    }

    /// <inheritdoc cref="ForecastStream.HasForecast"/>
    public bool HasForecast => _encoder.Count > 0 && _encoder.IsMeasured;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => _encoder.StateLength + _network.StateLength + _outputs.Length;

    /// <summary>How many numbers the state of a network has.</summary>
    public static long StateLengthOf(SequenceModel network, ForecastLayout layout)
        => SeriesEncoder.StateLengthOf(layout) + SequenceStream.StateLengthOf(network.Shape) + layout.OutputSize;

    /// <summary>Takes the next row; see <see cref="SeriesEncoder.Encode"/>.</summary>
    public void Step(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, ReadOnlySpan<float> statics)
    {
        _encoder.Encode(row, future, calendar, _features);
        statics.CopyTo(_network.Statics);
        _scaling.Statics.Apply(_network.Statics);
        _network.Step(_features, _tokens).CopyTo(_outputs);
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
        source[(_encoder.StateLength + _network.StateLength)..].CopyTo(_outputs);
    }
}
