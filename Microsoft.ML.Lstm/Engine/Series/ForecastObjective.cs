using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;
using Microsoft.ML.Lstm.Engine.Training.Objectives;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>Forecasts the next values of a series after each step.</summary>
/// <param name="layout">What a step reads and gives.</param>
/// <param name="confidenceLevel">The share of values that an interval is to hold.</param>
internal sealed class ForecastTask(ForecastLayout layout, double confidenceLevel) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { Head = Head.EveryStepWithSkip, OutputSize = layout.OutputSize };

    public override Objective CreateObjective(SequenceModel model, TrainingData training) => new ForecastObjective(layout, confidenceLevel);
}

/// <summary>
/// What is to be learned of a forecast: after each step, the values of the next H steps, measured by the step's level and scale. A step's
/// loss is the mean over those that are there. With e = value − output it is e², |e|, the mean over three quantiles q of
/// max(q·e, (q − 1)·e), or for a normal distribution ln σ + ½(e/σ)² with σ of <see cref="ForecastOutput.Deviation"/>.
/// </summary>
internal sealed class ForecastObjective(ForecastLayout layout, double confidenceLevel) : ErrorObjective(stepOutputs: true, meanWeight: 1)
{
    private readonly double[] _quantiles = [(1 - confidenceLevel) / 2, 0.5, (1 + confidenceLevel) / 2];
    public override float WeightOf(TrainingSequence sequence, int step)
    {
        SeriesWindow window = sequence.Window!;
        if (step < window.FirstForecast)
            return 0;
        foreach (float value in ValuesAfter(window, step))
        {
            if (!float.IsNaN(value))
                return sequence.Weight;
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
        SeriesWindow window = SequenceOf(row).Window!;
        ReadOnlySpan<float> values = ValuesAfter(window, StepOf(row));
        int targets = layout.Targets, width = layout.OutputsOfValue, at = (window.Start + StepOf(row)) * targets, count = 0;
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
            double error = values[i] - ForecastOutput.Read(layout.Loss, output, level, scale).Point;
            // What has no scale has its level as the forecast, whatever the network gives.
            loss += Differentiate(scale > 0 ? (values[i] - level) / scale : 0, share, output);
            squares += error * error;
            absolutes += Math.Abs(error);
        }
        SetLoss(row, loss / count);
        SetErrors(row, squares / count, absolutes / count);
    }

    /// <summary>The values of the steps behind a step that are to be learned, at most H·D.</summary>
    private ReadOnlySpan<float> ValuesAfter(SeriesWindow window, int step)
    {
        int from = window.Start + step + 1, to = Math.Min(from + layout.Horizon, window.LearnableEnd);
        return window.Series.Values.AsSpan((from * layout.Targets)..(to * layout.Targets));
    }

    /// <summary>Replaces what the network gives for a value by the gradient, and returns the loss.</summary>
    private double Differentiate(double value, double share, Span<float> output)
    {
        switch (layout.Loss)
        {
            case ForecastLoss.Gaussian:
                double deviation = ForecastOutput.Deviation(output[1]);
                double z = (value - output[0]) / deviation;
                (output[0], output[1]) = ((float)(-share * z / deviation),
                    (float)(share * (1 - z * z) / deviation / (1 + Math.Exp(-output[1]))));
                return Math.Log(deviation) + z * z / 2;
            case ForecastLoss.Quantile:
                double loss = 0;
                for (int i = 0; i < output.Length; i++)
                {
                    double error = value - output[i], slope = error < 0 ? _quantiles[i] - 1 : _quantiles[i];
                    loss += slope * error / output.Length;
                    output[i] = (float)(-share * slope / output.Length);
                }
                return loss;
            case ForecastLoss.AbsoluteError:
                double difference = output[0] - value;
                output[0] = (float)(share * Math.Sign(difference));
                return Math.Abs(difference);
            default:
                double excess = output[0] - value;
                output[0] = (float)(share * 2 * excess);
                return excess * excess;
        }
    }
}
