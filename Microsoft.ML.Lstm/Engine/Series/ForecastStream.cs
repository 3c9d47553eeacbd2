using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// One series that arrives a row at a time, and the forecast after each row. A row costs what a row costs, however many came before.
/// Any number of streams may use one network at once; each serves one caller at a time.
/// </summary>
internal sealed class ForecastStream
{
    private readonly ForecastModel _model;
    private readonly ForecastLayout _layout;
    private readonly ForecastLossDescription _loss;
    private readonly SeriesEncoder _encoder;
    private readonly SequenceStream _network;
    private readonly float[] _features;
    private readonly float[] _outputs;
    private readonly int[] _tokens;

    /// <param name="model">The model.</param>
    /// <param name="network">Its network, ready to run.</param>
    /// <param name="series">The series, counted from 1; 0 for one that the training data does not have.</param>
    public ForecastStream(ForecastModel model, SequenceNetwork network, int series)
    {
        _model = model;
        _layout = model.Layout;
        _loss = ForecastLossDescription.Of(_layout.Loss);
        _encoder = new SeriesEncoder(_layout, model.Scaling, series);
        _network = new SequenceStream(network);
        _features = new float[_layout.FeatureSize];
        _outputs = new float[_layout.OutputSize];
        _tokens = network.Shape.Embeddings.Count > 0 ? [series] : [];
    }

    /// <summary>
    /// Whether a row has come, so that there is a forecast: of a series that the training data does not tell the level of, one with a
    /// value.
    /// </summary>
    public bool HasForecast => _encoder.Count > 0 && _encoder.IsMeasured;

    /// <summary>Numbers in the state.</summary>
    public int StateLength => (int)StateLengthOf(_layout, _model.Network.Shape);

    /// <summary>Numbers in the state of such a model.</summary>
    public static long StateLengthOf(ForecastLayout layout, NetworkShape shape)
        => SeriesEncoder.StateLengthOf(layout) + SequenceStream.StateLengthOf(shape) + layout.OutputSize;

    /// <summary>Takes the next row; see <see cref="SeriesEncoder.Encode"/>.</summary>
    public void Step(ReadOnlySpan<float> row, ReadOnlySpan<float> future, ReadOnlySpan<float> calendar, ReadOnlySpan<float> statics)
    {
        _encoder.Encode(row, future, calendar, _features);
        statics.CopyTo(_network.Statics);
        _model.Scaling.Statics.Apply(_network.Statics);
        _network.Step(_features, _tokens).CopyTo(_outputs);
    }

    /// <summary>What the network says of value <paramref name="index"/> of the H·D of a forecast.</summary>
    public ForecastOutput this[int index]
    {
        get
        {
            int target = index % _layout.Targets, width = _loss.OutputsPerValue;
            return _loss.Read(_outputs.AsSpan(index * width, width), _encoder.Levels[target],
                _encoder.Scales[target]);
        }
    }

    /// <summary>
    /// Writes the forecast after the last row: the points, the lower and the upper ends of the intervals, H·D each. A point lies in its
    /// interval, wherever the errors of the network's other forecasts were.
    /// </summary>
    public void CopyForecastTo(Span<float> destination)
    {
        int values = _layout.Values;
        for (int i = 0; i < values; i++)
        {
            ForecastOutput output = this[i];
            destination[i] = (float)output.Point;
            destination[values + i] = (float)Math.Min(output.Lower + output.Spread * _model.Intervals.Lower[i], output.Point);
            destination[2 * values + i] = (float)Math.Max(output.Upper + output.Spread * _model.Intervals.Upper[i], output.Point);
        }
    }

    /// <summary>Writes the state to <paramref name="destination"/>, <see cref="StateLength"/> numbers.</summary>
    public void CopyStateTo(Span<float> destination)
    {
        _encoder.CopyStateTo(destination[.._encoder.StateLength]);
        _network.CopyStateTo(destination.Slice(_encoder.StateLength, _network.StateLength));
        _outputs.CopyTo(destination[(_encoder.StateLength + _network.StateLength)..]);
    }

    /// <summary>Goes on from a state that <see cref="CopyStateTo"/> gave, of this or another stream of the same model.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _encoder.CopyStateFrom(source[.._encoder.StateLength]);
        _network.CopyStateFrom(source.Slice(_encoder.StateLength, _network.StateLength));
        source[(_encoder.StateLength + _network.StateLength)..].CopyTo(_outputs);
    }
}
