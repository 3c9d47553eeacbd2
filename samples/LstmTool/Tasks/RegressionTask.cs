using System.Globalization;
using LstmTool.Search;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;

namespace LstmTool.Tasks;

/// <summary>A number for each sequence.</summary>
internal sealed class RegressionTask(SequenceRows rows) : SequenceTask(rows)
{
    private const int MostInputsOfBaseline = 1000;

    private static readonly double[] Shrinkages = [1e-4, 1e-2, 1];

    public override string Name => "regression";

    public override bool HasFixedEpochs => false;

    protected override string TrainerLabel => Label;

    protected override string? PredictedLabel => null;

    public static RegressionTask Create(TaskRequest request)
    {
        var rows = SequenceRows.Read(request, isNumber: true);
        return new RegressionTask(rows) { Table = rows.Table, Parts = rows.Parts, Facts = rows.Facts, Layout = rows.Layout };
    }

    public override IReadOnlyList<Settings> Candidates =>
    [
        Settings.Untouched,
        new("64 units", [new(nameof(TrainingOptions.HiddenSize), 64)]),
        new("the mean of the steps", [new(nameof(SequenceTrainerOptions.Pooling), Pooling.Mean)]),
        new("both directions, attention over the steps",
        [
            new(nameof(TrainingOptions.Bidirectional), true), new(nameof(SequenceTrainerOptions.Pooling), Pooling.Attention),
        ]),
        .. Features.IsText ? (Settings[])[] : [new("nothing that reads the steps beside the network",
            [new(nameof(LstmRegressionTrainer.Options.SkipSteps), 0) { Usual = 0 }])],
        new("dropout", [new(nameof(TrainingOptions.OutputDropout), 0.3f)]),
    ];

    public override Validation Validate(ITransformer model, int[] seen, int[] rows)
    {
        double squares = Mean(Score(model, rows), rows, error => error * error);
        return new Validation(squares, Math.Sqrt(squares));
    }

    // Of squares, which vary twice as much as their root; those of two networks vary together.
    public override double NoiseOf(double error, int rows)
        => Math.Max(error * 2 * (0.0025 + 0.15 / Math.Sqrt(rows)), LeastGain(error, 1.2 * error * error / rows));

    public override string Show(double figure) => string.Create(CultureInfo.InvariantCulture, $"RMSE {figure:G4}");

    public override Measurement Measure(IReadOnlyList<(Settings Settings, ITransformer Model)> models, int[] seen)
    {
        Contender[] networks = [.. models.Where((one, i) => i == 0 || one.Settings == Settings.Untouched)
            .Select(one => ContenderOf(NameOf(one.Settings, one.Model), Score(one.Model, Parts.Unseen)))];
        return new Measurement(
            Comparison.Of([new("RMSE", HigherIsBetter: false), new("MAE", HigherIsBetter: false), new("R²", HigherIsBetter: true)],
                networks[0].Name, networks.DistinctBy(one => one.Name).Concat(Baselines(seen))),
            Table.View(Parts.Unseen), models[0].Model.Transform(Table.View(Parts.Unseen)));
    }

    public override TaskCode CodeOf(Settings settings) => new(Table.Columns, [new("float", "Score", "The predicted number.")],
        PipelineStep.CodeOf(Pipeline(new TrainingCall(settings, TrainingEffort.Default, null, default))));

    protected override IEnumerable<PipelineStep> Pipeline(TrainingCall call) =>
    [
        .. Features.Steps(Context, Table),
        new(Context.Regression.Trainers.Lstm(WithColumns(new LstmRegressionTrainer.Options(), call)),
            $"Regression.Trainers.Lstm({CodeOfOptions(call.Settings)})"),
    ];

    private float[] Score(ITransformer model, int[] rows) => [.. model.Transform(Table.View(rows)).GetColumn<float>("Score")];

    private double Mean(float[] scores, int[] rows, Func<double, double> of)
    {
        float[] labels = (float[])Table[Label].Values;
        // A row that could not be scored is as wrong as the mean.
        double mean = rows.Average(row => (double)labels[row]);
        return rows.Zip(scores, (row, score) => of((float.IsFinite(score) ? score : mean) - labels[row])).Average();
    }

    private Contender ContenderOf(string name, float[] scores)
    {
        int[] rows = Parts.Unseen;
        float[] labels = (float[])Table[Label].Values;
        double mean = rows.Average(row => (double)labels[row]), squares = Mean(scores, rows, error => error * error);
        double variance = rows.Average(row => Math.Pow(labels[row] - mean, 2));
        return new Contender(name, [Math.Sqrt(squares), Mean(scores, rows, Math.Abs), variance > 0 ? 1 - squares / variance : double.NaN]);
    }

    private IEnumerable<Contender> Baselines(int[] seen)
    {
        float[] labels = (float[])Table[Label].Values;
        double mean = seen.Average(row => (double)labels[row]);
        yield return ContenderOf("the mean", [.. Parts.Unseen.Select(_ => (float)mean)]);
        if (!Features.IsText && Table[SequenceFeatures.Sequence] is { Steps: not null, Values: float[][] sequences }
            && sequences[0].Length <= MostInputsOfBaseline)
            yield return ContenderOf("ridge regression on all numbers", Ridge(sequences, labels, seen));
    }

    /// <summary>A ridge regression of the label on all numbers of a sequence, its shrinkage chosen by a fifth of the rows.</summary>
    private float[] Ridge(float[][] sequences, float[] labels, int[] seen)
    {
        int inputs = sequences[0].Length;
        double[] means = [.. Enumerable.Range(0, inputs).Select(i => Finite(sequences, seen, i).DefaultIfEmpty(0).Average())];
        double[] scales = [.. Enumerable.Range(0, inputs).Select(i =>
            Math.Sqrt(Finite(sequences, seen, i).Select(value => Math.Pow(value - means[i], 2)).DefaultIfEmpty(0).Average()))];
        int[] fitted = [.. seen.Where((_, i) => i % 5 != 0)], held = [.. seen.Where((_, i) => i % 5 == 0)];
        double best = Shrinkages.MinBy(shrinkage =>
        {
            double[] weights = Fit(fitted, shrinkage);
            return held.Sum(row => Math.Pow(Predict(weights, row) - labels[row], 2));
        });
        double[] all = Fit(seen, best);
        return [.. Parts.Unseen.Select(row => (float)Predict(all, row))];

        double[] Inputs(int row) => [.. sequences[row].Select((value, i) =>
            float.IsFinite(value) && scales[i] > 0 ? (value - means[i]) / scales[i] : 0)];

        double[] Fit(int[] rows, double shrinkage)
        {
            var ridge = new Ridge(inputs, 1);
            foreach (int row in rows)
                ridge.Add(Inputs(row), [labels[row]]);
            return ridge.Solve(shrinkage)[0];
        }

        double Predict(double[] weights, int row) => Inputs(row).Zip(weights, (input, weight) => input * weight).Sum() + weights[inputs];
    }

    private static IEnumerable<double> Finite(float[][] sequences, int[] rows, int place)
        => rows.Select(row => (double)sequences[row][place]).Where(double.IsFinite);
}
