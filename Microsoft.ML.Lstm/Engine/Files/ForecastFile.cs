using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Series;
using Microsoft.ML.Lstm.Engine.Series.Baselines;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The scaling and intervals of a <see cref="ForecastModel"/> and the states of series, as one safetensors stream.</summary>
/// <remarks>
/// With D targets, P + K covariates, S static features, N series in the training data, H steps and L numbers a state:
/// <c>covariates.offset</c>, <c>covariates.scale</c> [P + K] and <c>statics.offset</c>, <c>statics.scale</c> [S], left out when there are
/// none; <c>targets.level</c>, <c>targets.deviation</c>, <c>targets.change</c> and <c>targets.size</c> [N + 1, D], the first row of all
/// data, the last tensor left out in models of version 0.1.0; <c>intervals.lower</c>, <c>intervals.upper</c> [H, D];
/// <c>intervals.change</c> and <c>intervals.power</c> [1, D], left out where the width of intervals does not go with the latest changes;
/// <c>states</c> [M, L] of the M series whose state is known, left out when there are none. Further networks have scalers and targets of
/// their own, whose names begin with <c>network2.</c> and so on; a state is that of each network, of the baselines, then of the width.
/// Version 1, written by 0.1.0, has neither a version nor a checksum in its metadata; version 2 has both.
/// </remarks>
internal static class ForecastFile
{
    private const string Format = "Microsoft.ML.Lstm.Forecast";
    private const string What = "LSTM forecast";
    private const string UsualChanges = "intervals.change", Powers = "intervals.power", Adaptation = "intervals.adaptation";

    // Surplus numbers that are read all the same: an error about the shape of a tensor says more than one about a total.
    private const int Excess = 1 << 20;

    public static void Write(Stream stream, ForecastModel model, IReadOnlyList<float[]> states)
    {
        int targets = model.Layout.Targets;
        var tensors = new List<SafeTensor>();
        foreach ((int index, ForecastNetwork network) in model.Networks.Index())
        {
            RowScaling scaling = network.Scaling;
            string prefix = PrefixOf(index);
            tensors.AddRange(NamedTensors.Of(prefix + "covariates", scaling.Covariates));
            tensors.AddRange(NamedTensors.Of(prefix + "statics", scaling.Statics));
            AddMatrix(prefix + "targets.level", targets, scaling.Levels);
            AddMatrix(prefix + "targets.deviation", targets, scaling.Deviations);
            AddMatrix(prefix + "targets.change", targets, scaling.Changes);
            if (network.Layout.WindowDecides)
                AddMatrix(prefix + "targets.size", targets, scaling.Sizes);
        }
        AddMatrix("intervals.lower", targets, model.Intervals.Lower);
        AddMatrix("intervals.upper", targets, model.Intervals.Upper);
        if (model.Intervals.Powers.Length > 0)
        {
            AddMatrix(UsualChanges, targets, model.Intervals.UsualChanges);
            AddMatrix(Powers, targets, model.Intervals.Powers);
        }
        if (model.Intervals.Adaptation is { } adaptation)
            AddMatrix(Adaptation, 3, [adaptation.ConfidenceLevel, adaptation.Rate, adaptation.FirstRow]);
        if (states.Count > 0)
            AddMatrix("states", states[0].Length, [.. states.SelectMany(state => state)]);
        var metadata = new Dictionary<string, string> { [FileVersion.FormatKey] = Format, [FileVersion.Key] = FileVersion.Current };
        new SafeTensors(metadata, tensors).Write(stream);

        void AddMatrix(string name, int columns, float[] values)
            => tensors.Add(new SafeTensor(name, [values.Length / columns, columns], values));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="stream">The stream, to its end.</param>
    /// <param name="networks">The networks.</param>
    /// <param name="layouts">Their layouts, which the shapes of the tensors are checked against.</param>
    /// <param name="baselines">What the networks are mixed with; null for nothing.</param>
    /// <param name="weights">The weights of the networks; null where all have the same.</param>
    /// <param name="series">N: the number of series in the training data.</param>
    /// <param name="states">M: the number of series whose state is known.</param>
    /// <exception cref="InvalidDataException">The stream is damaged, or does not belong to such a model.</exception>
    public static (ForecastModel Model, float[][] States) Read(
        Stream stream, IReadOnlyList<SequenceModel> networks, IReadOnlyList<ForecastLayout> layouts, BaselineMixture? baselines,
        double[]? weights, int series, int states)
    {
        ForecastLayout layout = layouts[0];
        int covariates = layout.PastCovariates + layout.KnownCovariates, statics = networks[0].Shape.StaticSize;
        long[] lengths = [.. networks.Zip(layouts, ForecastNetworkStream.StateLengthOf)];
        long ofBaselines = BaselineStream.StateLengthOf(baselines, layout.Targets);
        long length = lengths.Sum() + ofBaselines, longest = length + AdaptiveWidth.StateLengthOf(layout);
        if (longest > int.MaxValue)
            throw Invalid($"states of at most {int.MaxValue} numbers", $"{longest}");
        var tensors = new NamedTensors(SafeTensors.Read(stream, Check).Tensors, What);
        ForecastNetwork[] all = [.. networks.Select((network, index) => new ForecastNetwork(network, layouts[index], TakeScaling(index)))];
        var intervals = new ForecastIntervals(
            Take("intervals.lower", layout.Horizon, layout.Targets),
            Take("intervals.upper", layout.Horizon, layout.Targets));
        if (layout.WindowDecides && tensors.Has(Powers))
        {
            intervals = intervals with { UsualChanges = Take(UsualChanges, 1, layout.Targets), Powers = Take(Powers, 1, layout.Targets) };
            if (!Array.TrueForAll(intervals.Powers, power => power is >= 0 and <= 1)
                || intervals.UsualChanges.Zip(intervals.Powers).Any(one => one.Second > 0 && !(one.First > 0)))
                throw Invalid($"powers of 0 to 1 of changes above 0 in {Powers}", "others");
        }
        if (tensors.Has(Adaptation))
        {
            float[] numbers = Take(Adaptation, 1, 3);
            var adaptation = new WidthAdaptation(numbers[0], numbers[1], (int)numbers[2]);
            if (!adaptation.IsValid)
                throw Invalid($"a share, a rate and a number of rows in {Adaptation}", "others");
            intervals = intervals with { Adaptation = adaptation };
            length = longest;
        }
        var model = new ForecastModel(all, intervals) { Baselines = baselines, Weights = weights ?? [] };
        float[][] known = states == 0 ? [] : [.. Take("states", states, length).Chunk((int)length)];
        tensors.RequireNone("a forecast");
        foreach (float[] state in known)
            CheckState(state);
        return (model, known);

        // Called before any number is read; the shape of each tensor is checked when it is taken.
        void Check(SafeTensorsHeader header)
        {
            FileVersion.Check(header, Format);
            long most = networks.Count * (2L * (covariates + statics) + 4L * (series + 1L) * layout.Targets)
                + 2L * layout.Values + 2L * layout.Targets + 3 + states * longest;
            if (header.DataBytes / sizeof(float) > most + Excess)
                throw Invalid($"at most {most} numbers", $"{header.DataBytes / sizeof(float)}");
        }

        RowScaling TakeScaling(int index)
        {
            string prefix = PrefixOf(index);
            bool decides = layouts[index].WindowDecides;
            return new RowScaling(
                tensors.TakeScaler(prefix + "covariates", covariates),
                tensors.TakeScaler(prefix + "statics", statics),
                Take(prefix + "targets.level", series + 1, layout.Targets),
                TakeUnits(prefix + "targets.deviation", decides),
                TakeUnits(prefix + "targets.change", decides),
                decides ? TakeUnits(prefix + "targets.size", decides) : new float[(series + 1) * layout.Targets]);
        }

        float[] TakeUnits(string name, bool windowDecides)
        {
            float[] units = Take(name, series + 1, layout.Targets);
            return Array.TrueForAll(units, unit => unit > 0 || (unit == 0 && windowDecides))
                ? units
                : throw Invalid($"values {(windowDecides ? "of 0 or more" : "above 0")} in {name}", "others");
        }

        void CheckState(ReadOnlySpan<float> state)
        {
            for (int i = 0; i < networks.Count; i++)
            {
                if (!(state[0] >= 0 && state[0] <= layouts[i].History && float.IsInteger(state[0])))
                    throw Invalid($"states of 0 to {layouts[i].History} rows", $"{state[0]}");
                int encoder = (int)SeriesEncoder.StateLengthOf(layouts[i]);
                int ofTheta = (int)ThetaInputs.StateLengthOf(layouts[i].ThetaSeason, layout.Targets);
                if (!ThetaInputs.IsValidState(layouts[i].ThetaSeason, layout.Targets, state[(encoder - ofTheta)..encoder]))
                    throw Invalid("states of theta inputs with numbers of rows", "others");
                state = state[(int)lengths[i]..];
            }
            if (!BaselineStream.IsValidState(baselines, layout.Targets, state))
                throw Invalid("states of baselines with numbers of rows", "others");
            if (intervals.Adaptation is { } adaptation && !AdaptiveWidth.IsValidState(adaptation, layout, state[(int)ofBaselines..]))
                throw Invalid("states of widths with numbers of rows", "others");
        }

        float[] Take(string name, params long[] shape) => tensors.Take(name, shape).ToArray();
    }

    private static string PrefixOf(int network) => network == 0 ? "" : $"network{network + 1}.";

    private static InvalidDataException Invalid(string expected, string found)
        => new($"{What}: expected {expected}, found {found}.");
}
