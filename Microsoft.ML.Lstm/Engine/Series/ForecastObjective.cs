using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>The task of forecasting the next values of a series after each step.</summary>
/// <param name="layout">The inputs and outputs of a step.</param>
/// <param name="confidenceLevel">The share of values that an interval is to hold.</param>
internal sealed class ForecastTask(ForecastLayout layout, double confidenceLevel) : TrainingTask
{
    /// <summary>The linear forecast that the network begins with; null for random weights.</summary>
    public LinearForecast? Start { get; init; }

    // The recurrent units have no say to begin with: the network learns in what the linear forecast is wrong.
    public override void Initialize(ParameterSet parameters, TrainingData training)
    {
        if (Start is null)
            return;
        NetworkShape shape = parameters.Shape;
        Span<float> weights = parameters[parameters.Find(ParameterSet.HeadWeight)], biases = parameters[ParameterSet.HeadBias];
        int first = shape.EncodingSize + shape.StaticSize, width = layout.OutputsPerValue;
        var loss = ForecastLossDescription.Of(layout.Loss);
        weights.Clear();
        for (int v = 0; v < layout.Values; v++)
        {
            for (int k = 0; k < width; k++)
            {
                int output = v * width + k;
                bool isPoint = loss.BeginningOf(k, Start.SpreadOf(v), confidenceLevel, out double offset);
                for (int j = 0; j < layout.FeatureSize && isPoint; j++)
                    weights[output * shape.HeadInputSize + first + j] = (float)Start.WeightsOf(j)[v];
                biases[output] = (float)(offset + (isPoint ? Start.WeightsOf(layout.FeatureSize)[v] : 0));
            }
        }
    }

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { Head = Head.EveryStepWithSkip, OutputSize = layout.OutputSize };

    public override Objective CreateObjective(SequenceModel model, TrainingData training) => new ForecastObjective(layout, confidenceLevel);
}

/// <summary>
/// The loss of a forecast: after each step the mean loss (see <see cref="ForecastLossDescription"/>) of the next H steps' values, measured
/// by the level and scale of the series at that step. Missing values, and values beyond the end of the series, do not count.
/// </summary>
internal sealed class ForecastObjective(ForecastLayout layout, double confidenceLevel) : ErrorObjective(stepOutputs: true, meanWeight: 1)
{
    private readonly ForecastLossDescription _loss = ForecastLossDescription.Of(layout.Loss);

    public override float WeightOf(TrainingSequence sequence, int step)
    {
        var window = (SeriesWindow)sequence;
        if (step < window.FirstForecast)
            return 0;
        foreach (float value in ValuesAfter(window, step))
        {
            if (!float.IsNaN(value))
                return sequence.Weight * (float)window.Series.WeightOf(window.Start + step);
        }
        return 0;
    }

    public override void Differentiate(int row, Span<float> outputs)
    {
        if (RowWeight(row) == 0)
        {
            outputs.Clear();
            return;
        }
        var window = (SeriesWindow)SequenceOf(row);
        ReadOnlySpan<float> values = ValuesAfter(window, StepOf(row));
        int targets = layout.Targets, width = _loss.OutputsPerValue, at = (window.Start + StepOf(row)) * targets, count = 0;
        foreach (float value in values)
            count += float.IsNaN(value) ? 0 : 1;
        double share = ShareOf(row) / count, loss = 0, squares = 0, absolutes = 0;
        outputs[(values.Length * width)..].Clear();
        for (int i = 0; i < values.Length; i++)
        {
            Span<float> output = outputs.Slice(i * width, width);
            if (float.IsNaN(values[i]))
            {
                output.Clear();
                continue;
            }
            double level = window.Series.Levels[at + i % targets], scale = window.Series.Scales[at + i % targets];
            double error = values[i] - _loss.Read(output, level, scale).Point;
            // Without a scale the forecast is the level, whatever the network gives.
            loss += _loss.Differentiate(scale > 0 ? (values[i] - level) / scale : 0, share, confidenceLevel, output);
            squares += error * error;
            absolutes += Math.Abs(error);
        }
        SetLoss(row, loss / count);
        SetErrors(row, squares / count, absolutes / count);
    }

    /// <summary>The values of the next steps after a step that may be learned from, at most H·D.</summary>
    private ReadOnlySpan<float> ValuesAfter(SeriesWindow window, int step)
    {
        int from = window.Start + step + 1, to = Math.Min(from + layout.Horizon, window.LearnableEnd);
        return window.Series.Values.AsSpan((from * layout.Targets)..(to * layout.Targets));
    }
}
