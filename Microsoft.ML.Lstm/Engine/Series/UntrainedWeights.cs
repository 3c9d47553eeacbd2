using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>
/// Finds the weights of a forecasting network that training cannot change: the weights of features that never vary, of steps ahead without
/// any value, and of series with nothing to learn. They would keep their random initial values, so neutral values replace them, but for
/// those that an initial model has learned.
/// </summary>
internal sealed class UntrainedWeights
{
    private readonly ForecastLayout _layout;
    private readonly int[] _features;
    private readonly int[] _statics;
    private readonly int[] _stepsLearned;
    private readonly bool[] _seriesLearned;
    private readonly bool _beginsTrained;

    /// <param name="data">The training data.</param>
    /// <param name="scaling">The units of the training data.</param>
    /// <param name="series">The series, encoded.</param>
    /// <param name="rows">How many rows of each series are trained on.</param>
    public UntrainedWeights(ForecastData data, RowScaling scaling, IReadOnlyList<EncodedSeries> series, Func<int, int> rows)
    {
        _layout = data.Layout;
        bool[] learned = data.Initial?.LearnedFeatures(data) ?? new bool[_layout.FeatureSize];
        bool[] learnedStatics = data.Initial?.LearnedStatics(data) ?? new bool[scaling.Statics.Size];
        _features = [.. ConstantFeatures(series, rows).Where(feature => !learned[feature])];
        _statics = [.. scaling.Statics.Constants.Where(feature => !learnedStatics[feature])];
        _beginsTrained = data.Initial is not null;
        _stepsLearned = new int[_layout.Targets];
        _seriesLearned = [.. series.Select((_, i) => data.Initial?.Knows(data, i) ?? false)];
        for (int d = 0; d < _layout.Targets; d++)
            _stepsLearned[d] = data.Initial?.LearnedSteps(data, d) ?? 0;
        for (int i = 0; i < series.Count; i++)
        {
            for (int d = 0; d < _layout.Targets; d++)
            {
                // The value of row t, from 0, is learned by forecasts of up to t steps.
                int last = rows(i) - 1;
                while (last > 0 && float.IsNaN(series[i].Values[last * _layout.Targets + d]))
                    last--;
                _stepsLearned[d] = Math.Max(_stepsLearned[d], Math.Min(last, _layout.Horizon));
                _seriesLearned[i] |= last > 0;
            }
        }
    }

    /// <summary>The features of the calendar that never vary, counted from the calendar's first feature.</summary>
    public IEnumerable<int> CalendarFeatures
    {
        get
        {
            int first = _layout.ThetaAt - _layout.CalendarFeatures;
            return _features.Select(feature => feature - first).Where(feature => feature >= 0 && feature < _layout.CalendarFeatures);
        }
    }

    /// <summary>Sets the features that never vary in training to zero, in validation rows too.</summary>
    public void ClearFeatures(IEnumerable<EncodedSeries> series)
    {
        foreach (EncodedSeries one in series)
            one.Cleared = _features;
    }

    /// <summary>
    /// The network with neutral values in place of the untrained weights. Features that never vary have the weight 0. A step ahead without
    /// any value is forecast as the last step that was learned, or, if none was, as the level. A series with nothing to learn has the
    /// vector of the unknown series, which in turn, unless dropout trains it, is the mean of all vectors learned.
    /// </summary>
    /// <param name="network">The trained network.</param>
    /// <param name="trainsUnknown">Whether dropout has trained the vector of the unknown series.</param>
    public SequenceModel ClearWeights(SequenceModel network, bool trainsUnknown)
    {
        ParameterSet parameters = network.Parameters.Clone();
        NetworkShape shape = parameters.Shape;
        Parameter input = parameters.Parameters[0], head = parameters.Find(ParameterSet.HeadWeight);
        int[] features = [.. _features.Union(network.InputScaler.Constants)];
        ClearColumns(parameters, input, features);
        ClearColumns(parameters, head, features.Select(feature => shape.EncodingSize + shape.StaticSize + feature));
        ClearColumns(parameters, head, _statics.Union(network.StaticScaler.Constants).Select(feature => shape.EncodingSize + feature));
        ClearOutputs(parameters, head);
        if (shape.Embeddings.Count > 0)
            ClearVectors(parameters[ParameterSet.EmbeddingName(0)], shape.Embeddings[0].Size, trainsUnknown);
        return network with { Parameters = parameters };
    }

    private IEnumerable<int> ConstantFeatures(IReadOnlyList<EncodedSeries> series, Func<int, int> rows)
    {
        int size = _layout.FeatureSize;
        bool[] varies = new bool[size];
        float[] features = new float[size];
        float[]? first = null;
        for (int i = 0; i < series.Count; i++)
        {
            // The last row has no later value to learn.
            for (int t = 0; t < rows(i) - 1 && varies.Contains(false); t++)
            {
                series[i].CopyFeaturesTo(t, features);
                first ??= [.. features];
                for (int j = 0; j < size; j++)
                    varies[j] |= features[j] != first[j];
            }
        }
        return Enumerable.Range(0, size).Where(feature => !varies[feature]);
    }

    private static void ClearColumns(ParameterSet parameters, Parameter weight, IEnumerable<int> columns)
    {
        Span<float> values = parameters[weight];
        foreach (int column in columns)
        {
            for (int row = 0; row < weight.Rows; row++)
                values[row * weight.Columns + column] = 0;
        }
    }

    private void ClearOutputs(ParameterSet parameters, Parameter head)
    {
        Span<float> weights = parameters[head], biases = parameters[ParameterSet.HeadBias];
        int width = _layout.OutputsPerValue;
        for (int d = 0; d < _layout.Targets; d++)
        {
            for (int step = _stepsLearned[d]; step < _layout.Horizon; step++)
            {
                int to = (step * _layout.Targets + d) * width, from = to - _layout.Targets * width;
                Span<float> rows = weights.Slice(to * head.Columns, width * head.Columns), ends = biases.Slice(to, width);
                if (_stepsLearned[d] == 0)
                {
                    rows.Clear();
                    ends.Clear();
                }
                else
                {
                    weights.Slice(from * head.Columns, width * head.Columns).CopyTo(rows);
                    biases.Slice(from, width).CopyTo(ends);
                }
            }
        }
    }

    private void ClearVectors(Span<float> table, int size, bool trainsUnknown)
    {
        int learned = _seriesLearned.Count(isLearned => isLearned);
        if (!trainsUnknown && !_beginsTrained)
        {
            for (int j = 0; j < size; j++)
            {
                double sum = 0;
                for (int i = 0; i < _seriesLearned.Length; i++)
                    sum += _seriesLearned[i] ? table[(i + 1) * size + j] : 0;
                table[j] = (float)(sum / Math.Max(learned, 1));
            }
        }
        for (int i = 0; i < _seriesLearned.Length; i++)
        {
            if (!_seriesLearned[i])
                table[..size].CopyTo(table.Slice((i + 1) * size, size));
        }
    }
}
