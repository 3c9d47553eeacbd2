using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Tests.Engine.Series;

/// <summary>Forecasting models with random weights.</summary>
internal static class ForecastModels
{
    /// <param name="layout">The inputs and outputs of a step.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="hiddenSize">The hidden size of the network.</param>
    /// <param name="layers">How many layers the network has.</param>
    /// <param name="statics">How many static features there are.</param>
    /// <param name="series">How many series the model knows.</param>
    /// <param name="embeddingSize">The size of a series' embedding; 0 for none.</param>
    /// <param name="isZero">Whether all weights are 0.</param>
    public static ForecastModel Create(ForecastLayout layout, CellType cell = CellType.Lstm, int hiddenSize = 5, int layers = 1,
        int statics = 0, int series = 1, int embeddingSize = 0, bool isZero = false)
    {
        var shape = new NetworkShape
        {
            Cell = cell,
            InputSize = layout.FeatureSize + embeddingSize,
            Embeddings = embeddingSize > 0 ? new ValueList<EmbeddingShape>(new EmbeddingShape(series, embeddingSize)) : default,
            HiddenSize = hiddenSize,
            Layers = layers,
            StaticSize = statics,
            Head = Head.EveryStepWithSkip,
            OutputSize = layout.OutputSize,
        };
        var parameters = new ParameterSet(shape);
        if (!isZero)
            Initializer.Initialize(parameters, forgetBias: 1, new Random(1));
        int units = (series + 1) * layout.Targets;
        float[] Units(float step) => [.. Enumerable.Range(0, units).Select(i => isZero ? 1 : 1 + step * i)];
        float[] Ends(float end) => [.. Enumerable.Range(1, layout.Values).Select(i => isZero ? 0 : end * i)];
        var network = new ForecastNetwork(
            new SequenceModel(parameters, AffineScaler.Identity(layout.FeatureSize), AffineScaler.Identity(statics),
                AffineScaler.Identity(layout.OutputSize)),
            layout,
            new RowScaling(Scaler(layout.PastCovariates + layout.KnownCovariates), Scaler(statics), isZero ? new float[units] : Units(0.5f),
                Units(0.25f), Units(0.125f), new float[units]));
        return new ForecastModel([network], new ForecastIntervals(Ends(-0.5f), Ends(0.75f)));
    }

    private static AffineScaler Scaler(int size)
        => new([.. Enumerable.Range(1, size).Select(i => i / 2f)], [.. Enumerable.Range(1, size).Select(i => 1f / i)]);
}
