using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The scaling and intervals of a <see cref="ForecastModel"/> and the states of series, as one safetensors stream.</summary>
/// <remarks>
/// With D targets, P + K covariates, S static features, N series in the training data, H steps and L numbers a state:
/// <c>covariates.offset</c>, <c>covariates.scale</c> [P + K] and <c>statics.offset</c>, <c>statics.scale</c> [S], left out when there are
/// none; <c>targets.level</c>, <c>targets.deviation</c>, <c>targets.change</c> and <c>targets.size</c> [N + 1, D], the first row of all
/// data, the last tensor left out in models of version 0.1.0; <c>intervals.lower</c>, <c>intervals.upper</c> [H, D]; <c>states</c> [M, L]
/// of the M series whose state is known, left out when there are none. Version 1, written by 0.1.0, has neither a version nor a checksum in
/// its metadata; version 2 has both.
/// </remarks>
internal static class ForecastFile
{
    private const string Format = "Microsoft.ML.Lstm.Forecast";
    private const string What = "LSTM forecast";

    // Surplus numbers that are read all the same: an error about the shape of a tensor says more than one about a total.
    private const int Excess = 1 << 20;

    public static void Write(Stream stream, ForecastModel model, IReadOnlyList<float[]> states)
    {
        RowScaling scaling = model.Scaling;
        int targets = model.Layout.Targets;
        var tensors = new List<SafeTensor>();
        tensors.AddRange(NamedTensors.Of("covariates", scaling.Covariates));
        tensors.AddRange(NamedTensors.Of("statics", scaling.Statics));
        AddMatrix("targets.level", targets, scaling.Levels);
        AddMatrix("targets.deviation", targets, scaling.Deviations);
        AddMatrix("targets.change", targets, scaling.Changes);
        if (model.Layout.WindowDecides)
            AddMatrix("targets.size", targets, scaling.Sizes);
        AddMatrix("intervals.lower", targets, model.Intervals.Lower);
        AddMatrix("intervals.upper", targets, model.Intervals.Upper);
        if (states.Count > 0)
            AddMatrix("states", states[0].Length, [.. states.SelectMany(state => state)]);
        var metadata = new Dictionary<string, string> { [FileVersion.FormatKey] = Format, [FileVersion.Key] = FileVersion.Current };
        new SafeTensors(metadata, tensors).Write(stream);

        void AddMatrix(string name, int columns, float[] values)
            => tensors.Add(new SafeTensor(name, [values.Length / columns, columns], values));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="stream">The stream, to its end.</param>
    /// <param name="network">The network.</param>
    /// <param name="layout">The layout that the shapes of the tensors are checked against.</param>
    /// <param name="series">N: the number of series in the training data.</param>
    /// <param name="states">M: the number of series whose state is known.</param>
    /// <exception cref="InvalidDataException">The stream is damaged, or does not belong to such a model.</exception>
    public static (ForecastModel Model, float[][] States) Read(
        Stream stream, SequenceModel network, ForecastLayout layout, int series, int states)
    {
        int covariates = layout.PastCovariates + layout.KnownCovariates;
        long length = ForecastStream.StateLengthOf(layout, network.Shape);
        var tensors = new NamedTensors(SafeTensors.Read(stream, Check).Tensors, What);
        var scaling = new RowScaling(
            tensors.TakeScaler("covariates", covariates),
            tensors.TakeScaler("statics", network.Shape.StaticSize),
            Take("targets.level", series + 1, layout.Targets),
            TakeUnits("targets.deviation"),
            TakeUnits("targets.change"),
            layout.WindowDecides ? TakeUnits("targets.size") : new float[(series + 1) * layout.Targets]);
        var intervals = new ForecastIntervals(
            Take("intervals.lower", layout.Horizon, layout.Targets),
            Take("intervals.upper", layout.Horizon, layout.Targets));
        var model = new ForecastModel(network, layout, scaling, intervals);
        float[][] all = states == 0 ? [] : [.. Take("states", states, length).Chunk((int)length)];
        tensors.RequireNone("a forecast");
        foreach (float[] state in all)
        {
            if (!(state[0] >= 0 && state[0] <= layout.History && float.IsInteger(state[0])))
                throw Invalid($"states of 0 to {layout.History} rows", $"{state[0]}");
        }
        return (model, all);

        // Called before any number is read; the shape of each tensor is checked when it is taken.
        void Check(SafeTensorsHeader header)
        {
            FileVersion.Check(header, Format);
            long most = 2L * (covariates + network.Shape.StaticSize) + 4L * (series + 1L) * layout.Targets + 2L * layout.Values
                + states * length;
            if (header.DataLength > most + Excess)
                throw Invalid($"at most {most} numbers", $"{header.DataLength}");
        }

        float[] TakeUnits(string name)
        {
            float[] units = Take(name, series + 1, layout.Targets);
            return Array.TrueForAll(units, unit => unit > 0 || (unit == 0 && layout.WindowDecides))
                ? units
                : throw Invalid($"values {(layout.WindowDecides ? "of 0 or more" : "above 0")} in {name}", "others");
        }

        float[] Take(string name, params long[] shape) => tensors.Take(name, shape).ToArray();
    }

    private static InvalidDataException Invalid(string expected, string found)
        => new($"{What}: expected {expected}, found {found}.");
}
