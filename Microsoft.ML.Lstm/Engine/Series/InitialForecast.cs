using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Engine.Series;

/// <summary>What the numbers of a forecasting network are called, so that another network finds them.</summary>
/// <param name="Targets">The targets, D.</param>
/// <param name="PastCovariates">The covariates known up to the present step, P.</param>
/// <param name="KnownCovariates">The covariates known over the horizon, K.</param>
/// <param name="Calendar">The features of the calendar.</param>
/// <param name="Series">The series, in the order of their numbers.</param>
internal sealed record ForecastNames(
    string[] Targets, string[] PastCovariates, string[] KnownCovariates, string[] Calendar, string[] Series)
{
    /// <summary>The names of the features of a step, F, in the order of <see cref="SeriesEncoder"/>.</summary>
    public string[] FeaturesOf(ForecastLayout layout) =>
    [
        .. Targets.SelectMany(target => layout.ReadsChange ? [$"change of {target}"]
            : Enumerable.Range(0, layout.Lags).Select(lag => $"lag {lag} of {target}")),
        .. PastCovariates.Select(name => $"past {name}"),
        .. Enumerable.Range(0, layout.Horizon + 1).SelectMany(step => KnownCovariates.Select(name => $"known {name} at {step}")),
        .. Calendar.Select(name => $"calendar {name}"),
        .. Enumerable.Range(1, layout.ThetaSeason is null ? 0 : layout.Horizon).SelectMany(step
            => Targets.Select(target => $"theta forecast of {target} at {step}")),
        .. layout.HasMissing ? Targets.Concat(PastCovariates).Select(name => $"missing {name}") : [],
    ];
}

/// <summary>A trained forecasting network that the training of another one begins with, and what its numbers are called.</summary>
/// <param name="Network">The network.</param>
/// <param name="Names">What its numbers are called.</param>
internal sealed record InitialForecast(ForecastNetwork Network, ForecastNames Names)
{
    private ForecastLayout Layout => Network.Layout;

    private NetworkShape Shape => Network.Network.Shape;

    /// <summary>Checks that a network for other data can begin with this one.</summary>
    /// <param name="settings">The settings of the training.</param>
    /// <param name="data">The data.</param>
    /// <exception cref="ArgumentException">It can't; the message says what differs.</exception>
    public void Check(TrainingSettings settings, ForecastData data)
    {
        Require(nameof(TrainingOptions.CellType), Shape.Cell, settings.CellType);
        Require(nameof(TrainingOptions.HiddenSize), Shape.HiddenSize, settings.HiddenSize);
        Require(nameof(TrainingOptions.NumberOfLayers), Shape.Layers, settings.NumberOfLayers);
        Require("EmbedSeries", Shape.Embeddings.Count > 0, data.EmbedSeries);
        if (data.EmbedSeries)
            Require("EmbeddingSize", Shape.Embeddings[0].Size, settings.Tokens.EmbeddingSize);
        Require("outputs of the loss for each value", Layout.OutputsPerValue, data.Layout.OutputsPerValue);
        int statics = data.Rows[0].Statics.Length;
        if (statics > 0 && Shape.StaticSize > 0)
            Require("number of static features", Shape.StaticSize, statics);
        if (!data.InitialNames!.Targets.Intersect(TargetsFor(data)).Any())
            throw new ArgumentException($"None of the targets {string.Join(", ", data.InitialNames.Targets)} is one of the initial "
                + $"model's, which are {string.Join(", ", Names.Targets)}.", "initialModel");

        static void Require<T>(string what, T found, T expected)
        {
            if (!EqualityComparer<T>.Default.Equals(found, expected))
                throw new ArgumentException(
                    $"The initial model has another shape than the one to be trained: {what} is {found}, expected {expected}.",
                    "initialModel");
        }
    }

    /// <summary>Adds the weights to the checksum of a training.</summary>
    public void AddTo(DataChecksum checksum) => checksum.Add<float>(Network.Network.Parameters.Values);

    /// <summary>
    /// The network for other data: what it knows of features, outputs and series by their names, and 0 for others. Steps ahead of its
    /// horizon begin as the last step that it knows, a new series with the vector of the unknown one.
    /// </summary>
    /// <param name="shape">The network to be trained.</param>
    /// <param name="data">The data.</param>
    /// <param name="scalers">The scaling of the data's features, for those that it does not know.</param>
    public SequenceModel NetworkFor(NetworkShape shape, ForecastData data, ModelScalers scalers)
    {
        int[] features = FeaturesFor(data), outputs = OutputsFor(data);
        var parameters = new ParameterSet(shape);
        int oldEncoding = Shape.EncodingSize, oldStatics = Shape.StaticSize;
        int[] inputs = [.. features, .. Enumerable.Range(Layout.FeatureSize, shape.InputSize - features.Length)];
        int[] headInputs =
        [
            .. Enumerable.Range(0, shape.EncodingSize),
            .. Enumerable.Range(0, shape.StaticSize).Select(i => oldStatics > 0 ? oldEncoding + i : -1),
            .. features.Select(feature => feature < 0 ? -1 : oldEncoding + oldStatics + feature),
        ];
        int[] series = SeriesFor(data);
        foreach (Parameter parameter in parameters.Parameters)
        {
            Parameter source = Network.Network.Parameters.Find(parameter.Name);
            int[]? rows = parameter.Role switch
            {
                ParameterRole.HeadWeight or ParameterRole.HeadBias => outputs,
                ParameterRole.Embedding => [0, .. series],
                _ => null,
            };
            int[]? columns = parameter.Role == ParameterRole.HeadWeight ? headInputs
                : parameter == parameters.Parameters[0] ? inputs
                : null;
            ModelWidening.Copy(Network.Network.Parameters[source], parameters[parameter], source.Columns, parameter.Columns, rows, columns);
        }
        return SequenceModel.Of([parameters], scalers with
        {
            Input = Merge(scalers.Input, Network.Network.InputScaler, features),
            Static = oldStatics == 0 ? scalers.Static
                : Merge(scalers.Static, Network.Network.StaticScaler, [.. Enumerable.Range(0, shape.StaticSize)]),
        });
    }

    /// <summary>
    /// The units of other data: those of the targets, covariates and series that the network knows are kept, since it has learned by them.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="scaling">The units that the data itself has.</param>
    public RowScaling ScalingFor(ForecastData data, RowScaling scaling)
    {
        RowScaling known = Network.Scaling;
        int[] targets = TargetIndices(data), series = [0, .. SeriesFor(data)];
        float[] levels = [.. scaling.Levels], deviations = [.. scaling.Deviations];
        float[] changes = [.. scaling.Changes], sizes = [.. scaling.Sizes];
        for (int i = 0; i < levels.Length; i++)
        {
            (int one, int target) = (i / targets.Length, targets[i % targets.Length]);
            // A series that the network does not know, or that had too few values, is measured anew, and so is the only one of its data,
            // which need not be the same.
            if (target < 0 || (one > 0 && (series[one] == 0 || Names.Series[series[one] - 1] == "")))
                continue;
            int at = series[one] * Layout.Targets + target;
            if (known.Deviations[at] == 0 || known.Changes[at] == 0)
                continue;
            (levels[i], deviations[i], changes[i], sizes[i])
                = (known.Levels[at], known.Deviations[at], known.Changes[at], known.Sizes[at]);
        }
        return new RowScaling(
            Merge(scaling.Covariates, known.Covariates, CovariatesFor(data)),
            Shape.StaticSize == 0 ? scaling.Statics
                : Merge(scaling.Statics, known.Statics, [.. Enumerable.Range(0, scaling.Statics.Size)]),
            levels, deviations, changes, sizes);
    }

    /// <summary>Which features of a step the network has learned to read.</summary>
    public bool[] LearnedFeatures(ForecastData data)
        => [.. FeaturesFor(data).Select(feature => feature >= 0 && !Network.Network.InputScaler.IsConstant(feature))];

    /// <summary>Which static features the network has learned to read.</summary>
    public bool[] LearnedStatics(ForecastData data) => [.. data.Rows[0].Statics.Select((_, i)
        => Shape.StaticSize > 0 && !Network.Scaling.Statics.IsConstant(i) && !Network.Network.StaticScaler.IsConstant(i))];

    /// <summary>How many steps ahead the network has learned to forecast a target.</summary>
    public int LearnedSteps(ForecastData data, int target)
        => TargetIndices(data)[target] < 0 ? 0 : Math.Min(Layout.Horizon, data.Layout.Horizon);

    /// <summary>Whether the network knows a series of the data, from 0.</summary>
    public bool Knows(ForecastData data, int series) => SeriesFor(data)[series] > 0;

    private static AffineScaler Merge(AffineScaler scaler, AffineScaler known, int[] indices)
    {
        float[] offset = [.. scaler.Offset], scale = [.. scaler.Scale];
        foreach ((int i, int at) in indices.Index())
        {
            if (at >= 0 && !known.IsConstant(at))
                (offset[i], scale[i]) = (known.Offset[at], known.Scale[at]);
        }
        return new AffineScaler(offset, scale);
    }

    private int[] FeaturesFor(ForecastData data)
    {
        string[] known = (Names with { Targets = TargetsFor(data) }).FeaturesOf(Layout);
        return [.. data.InitialNames!.FeaturesOf(data.Layout).Select(name => Array.IndexOf(known, name))];
    }

    // The only target is the same by any name.
    private string[] TargetsFor(ForecastData data)
        => Names.Targets.Length == 1 && data.InitialNames!.Targets.Length == 1 ? data.InitialNames.Targets : Names.Targets;

    private int[] TargetIndices(ForecastData data)
    {
        string[] known = TargetsFor(data);
        return [.. data.InitialNames!.Targets.Select(target => Array.IndexOf(known, target))];
    }

    private int[] CovariatesFor(ForecastData data) =>
    [
        .. data.InitialNames!.PastCovariates.Select(name => Array.IndexOf(Names.PastCovariates, name)),
        .. data.InitialNames.KnownCovariates.Select(name => Array.IndexOf(Names.KnownCovariates, name) is var index and >= 0
            ? Layout.PastCovariates + index
            : -1),
    ];

    /// <summary>The network's number of each series, from 1; 0 for one that it does not know.</summary>
    private int[] SeriesFor(ForecastData data) => [.. data.InitialNames!.Series.Select(name => Array.IndexOf(Names.Series, name) + 1)];

    private int[] OutputsFor(ForecastData data)
    {
        int width = Layout.OutputsPerValue;
        int[] targets = TargetIndices(data);
        return
        [
            .. from step in Enumerable.Range(0, data.Layout.Horizon)
               from target in targets
               from output in Enumerable.Range(0, width)
               select target < 0 ? -1 : (Math.Min(step, Layout.Horizon - 1) * Layout.Targets + target) * width + output,
        ];
    }
}
