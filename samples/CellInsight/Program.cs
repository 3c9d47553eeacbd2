// What does a cell do? An LSTM, a GRU and a plain RNN are to remember a number that is marked early in a sequence. Two pictures: the gates
// and the state of the LSTM's unit that does it, over a sequence, and at which step the result of each cell comes from what it has read.
using CellInsight;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;
using Shared.Charts;

return Sample.Run(args, "Look into an LSTM, a GRU and a plain RNN that are to remember something.", Recall.Make, Go);

static void Go(Sample sample, MarkedSequence[] sequences)
{
    MLContext ml = sample.ML;
    sample.Require(sequences.Length, 100, "sequences");
    Recall[] rows = [.. sequences.Select(Recall.Of)];
    Recall[] testRows = rows[(rows.Length * 4 / 5)..];
    IDataView train = ml.Data.LoadFromEnumerable(rows[..^testRows.Length]), test = ml.Data.LoadFromEnumerable(testRows);
    float mean = rows[..^testRows.Length].Average(row => row.Label);
    double error = 0, guess = Math.Sqrt(testRows.Average(row => (row.Label - mean) * (row.Label - mean)));
    var gradient = new Chart("Where a result comes from: the share of each step") { XLabel = "steps after the mark", YLabel = "share" };

    foreach ((CellType cell, Ink ink) in new[] { (CellType.Lstm, Ink.Accent), (CellType.Gru, Ink.Alert), (CellType.Rnn, Ink.Neutral) })
    {
        var model = ml.Regression.Trainers.Lstm(new LstmRegressionTrainer.Options
        {
            FeatureColumnName = nameof(Recall.Steps),
            FeaturesPerStep = Recall.Features,
            CellType = cell,
            HiddenSize = 16,
            // The state at the end is all that the result comes from.
            Bidirectional = false,
            Pooling = Pooling.Last,
            SkipSteps = 0,
        }).Fit(train);
        RegressionMetrics metrics = ml.Regression.Evaluate(model.Transform(test));
        IDataView explained = model.Explain(ml, ml.Data.TakeRows(test, 50));
        Insight[] insights = [.. ml.Data.CreateEnumerable<Insight>(explained, reuseRowObject: false)];
        (int Step, double Share)[] shares = Shares(insights, testRows);
        string name = cell.ToString().ToUpperInvariant();
        Console.WriteLine($"{name}: off by {metrics.RootMeanSquaredError:0.000}; {shares.Single(one => one.Step == 0).Share:0 %} of its "
            + "result comes from the marked step");
        gradient.AddLine(name, ink, shares.Select(one => ((double)one.Step, one.Share)));
        if (cell == CellType.Lstm)
        {
            error = metrics.RootMeanSquaredError;
            float[][] states = [.. explained.GetColumn<float[]>("CellStates")];
            sample.WriteChart("gates.svg", DrawKeeper(insights[0].Gates, states, testRows[..states.Length]));
        }
    }
    sample.WriteChart("gradient.svg", gradient);
    Sample.End(new Figure("RMSE of the LSTM", error, guess, "always the mean", LessIsBetter: true),
        "InitialForgetBias, longer sequences with --data: who forgets first? (docs/concepts.md)");
}

// How much of the attributions, up or down, lies so many steps behind the mark, on average over sequences.
static (int Step, double Share)[] Shares(Insight[] insights, Recall[] rows) =>
    [.. insights.SelectMany((insight, i) => insight.StepAttribution.Select((value, t) =>
            (Step: t - rows[i].MarkedStep, Share: Math.Abs(value) / insight.StepAttribution.Sum(Math.Abs))))
        .GroupBy(one => one.Step)
        .OrderBy(group => group.Key)
        .Select(group => (group.Key, group.Sum(one => one.Share) / insights.Length))];

// The unit whose state at the end tells most of what was marked. Gates of a step: i of all units, f, g, o, as PyTorch orders them.
static Chart DrawKeeper(float[] gates, float[][] states, Recall[] rows)
{
    int steps = rows[0].Steps.Length / Recall.Features, units = states[0].Length / steps;
    int keeper = Enumerable.Range(0, units)
        .MaxBy(unit => Math.Abs(Correlation([.. states.Select(state => state[^(units - unit)])], [.. rows.Select(row => row.Label)])));
    return new Chart($"A unit of an LSTM that remembers the {rows[0].Label:0.00} of step {rows[0].MarkedStep + 1}") { XLabel = "step" }
        .AddLine("input gate: take in", Ink.Alert, 1, Gate(0))
        .AddLine("forget gate: keep", Ink.Pale, 1, Gate(1))
        .AddLine("output gate: show", Ink.Neutral, 1, Gate(3), dashed: true)
        .AddLine("cell state: what it holds", Ink.Accent, 1, Enumerable.Range(0, steps).Select(t => states[0][t * units + keeper]))
        .AddUpright("mark", rows[0].MarkedStep + 1);

    IEnumerable<float> Gate(int gate) => Enumerable.Range(0, steps).Select(t => gates[(t * 4 + gate) * units + keeper]);
}

static float Correlation(float[] x, float[] y)
{
    float meanX = x.Average(), meanY = y.Average();
    float Sum(Func<float, float, float> of) => x.Zip(y, (a, b) => of(a - meanX, b - meanY)).Sum();
    return Sum((a, b) => a * b) / MathF.Sqrt(Sum((a, _) => a * a) * Sum((_, b) => b * b));
}
