using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;


namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>Forecasts the next values of a series after each step.</summary>
/// <param name="layout">What a step reads and gives.</param>
/// <param name="confidenceLevel">The share of values that an interval is to hold.</param>
internal sealed class ForecastTask(ForecastLayout layout, double confidenceLevel) : TrainingTask
{
    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
        => shape with { StepOutputs = true, HeadReadsInputs = true, OutputSize = layout.OutputSize };

    public override Objective CreateObjective(SequenceModel model, TrainingData training) => new ForecastObjective(layout, confidenceLevel);
}
