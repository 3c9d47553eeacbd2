using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Forecasts one series whose rows arrive one at a time. The cost of a row does not depend on how many came before. Any number of streams
/// may share a network; each serves one caller at a time.
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
    /// <param name="network">The model's network, ready to run.</param>
    /// <param name="series">The number of the series, from 1; 0 for one that is not in the training data.</param>
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
    /// Whether there is a forecast: after the first row or, of a series whose level the training data does not tell, after the first row
    /// with a value.
    /// </summary>
    public bool HasForecast => _encoder.Count > 0 && _encoder.IsMeasured;

    /// <summary>How many numbers the state has.</summary>
    public int StateLength => (int)StateLengthOf(_layout, _model.Network.Shape);

    /// <summary>How many numbers the state has with a layout and a network.</summary>
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

    /// <summary>The forecast of value <paramref name="index"/> of H·D, before calibration.</summary>
    public ForecastOutput this[int index]
    {
        get
        {
            int target = index % _layout.Targets, width = _loss.OutputsPerValue;
            return _loss.Read(_outputs.AsSpan(index * width, width), _encoder.Levels[target], _encoder.Scales[target]);
        }
    }

    /// <summary>
    /// Writes the forecast after the last row: the points, the lower and the upper ends of the calibrated intervals, H·D each. An interval
    /// always holds its point, even where calibration alone would not let it.
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

    /// <summary>Restores a state that <see cref="CopyStateTo"/> wrote, of this or another stream of the same model.</summary>
    public void CopyStateFrom(ReadOnlySpan<float> source)
    {
        _encoder.CopyStateFrom(source[.._encoder.StateLength]);
        _network.CopyStateFrom(source.Slice(_encoder.StateLength, _network.StateLength));
        source[(_encoder.StateLength + _network.StateLength)..].CopyTo(_outputs);
    }
}
