using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What never varied in the training data has no weight in a score, and is named.</summary>
[TestClass]
public sealed class UnvariedTests
{
    private const string NoEffect = "What never varied in the training data has no effect on a score: ";

    public static IEnumerable<(string Trainer, bool Normalizes)> Trainers
        => from trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder]
           from normalizes in (bool[])[true, false]
           select (trainer,
            normalizes);

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void AConstantFeatureAndAConstantStaticHaveNoEffectWhateverComesLater(string trainer, bool normalizes)
    {
        Example[] rows = Example.Make(30, variable: true);
        foreach (Example row in rows)
            Set(row, 3, -7);
        (MLContext ml, SequencePredictionTransformer model, string[] warnings) = Fit(trainer, rows, options =>
        {
            options.NormalizeFeatures = normalizes;
            options.StaticFeatureColumnName = "Statics";
        });
        CollectionAssert.AreEqual((string[])[NoEffect + "feature 2 of 2 of column 'Features', static feature 2 of 2 of column 'Statics'."],
            warnings);

        string[][] expected = ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
        Assert.DoesNotContain("NaN", expected.SelectMany(values => values));
        foreach (float later in (float[])[0, 1, -1e30f, float.MaxValue])
        {
            foreach (Example row in rows)
                Set(row, later, -later);
            EstimatorHarness.AssertSame(expected, ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score"));
        }

        static void Set(Example row, float feature, float statics)
        {
            for (int i = 1; i < row.Features.Length; i += 2)
                row.Features[i] = feature;
            row.Statics[1] = statics;
        }
    }

    [TestMethod]
    [DataRow(AnyTrainer.Regression, "word")]
    [DataRow(AnyTrainer.Labeling, "word")]
    [DataRow(AnyTrainer.Labeling, "")]
    public void AConstantWordIsAllThatItsCharactersSay(string trainer, string word)
    {
        Example[] rows = Example.Make(30, variable: true);
        SetWords(word);
        (MLContext ml, SequencePredictionTransformer model, string[] warnings) = Fit(trainer, rows,
            options => ((SequenceTrainerOptions)options).CharacterColumnName = "Words");
        CollectionAssert.AreEqual((string[])[NoEffect + "column 'Words'."], warnings);

        string[][] expected = ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
        foreach (string later in (string[])["worry", "w", "another"])
        {
            SetWords(later);
            EstimatorHarness.AssertSame(expected, ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score"));
        }

        void SetWords(string word)
        {
            foreach (Example row in rows)
                row.Words = [.. row.Words.Select(_ => word)];
        }
    }

    [TestMethod]
    public void AConstantFeatureGoesByTheNameOfItsColumnOrSlot()
    {
        (_, _, string[] warnings) = Fit(AnyTrainer.Regression, [.. Example.Make(20).Select(row =>
        {
            row.Weight = 2;
            return row;
        })], options => options.StaticFeatureColumnName = "Weight");
        CollectionAssert.AreEqual((string[])[NoEffect + "column 'Weight'."], warnings);

        var ml = new MLContext(seed: 1);
        var found = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                found.Add(entry.RawMessage);
        };
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20), Example.Schema(Example.Vector(5, 2)));
        ml.Transforms.CustomMapping<Empty, Setting>((_, output) => output.Value = 5, null)
            .Append(ml.Transforms.Concatenate("Plant", "Weight", "Setting"))
            .Append(AnyTrainer.Create(ml, AnyTrainer.Regression, options => options.StaticFeatureColumnName = "Plant"))
            .Fit(data);
        CollectionAssert.AreEqual((string[])[NoEffect + "static feature 2 of 2 of column 'Plant' ('Setting')."], found);
    }

    [TestMethod]
    [DataRow(true, 0)]
    [DataRow(true, 3.25f)]
    [DataRow(true, 1e-30f)]
    [DataRow(true, -3e37f)]
    [DataRow(false, 3.25f)]
    public void AConstantLabelIsPredictedAsItIs(bool normalizes, float label)
    {
        Example[] rows = Example.Make(20, variable: true);
        foreach (Example row in rows)
            row.Label = label;
        (MLContext ml, SequencePredictionTransformer model, string[] warnings) = Fit(AnyTrainer.Regression, rows,
            options => ((LstmRegressionTrainer.Options)options).NormalizeLabel = normalizes);
        string text = label.ToString(CultureInfo.InvariantCulture);
        CollectionAssert.AreEqual(
            (string[])["What never varied among the labels of the training data is predicted for every row: column 'Label' is always "
            + $"{text}."], warnings);
        Assert.IsTrue(EstimatorHarness.Values(model.Transform(AnyTrainer.Data(ml, Example.Make(20, variable: true, seed: 5))), "Score")
            .All(score => score[0] == label));
    }

    [TestMethod]
    public void AConstantValueOfAVectorLabelIsPredictedAsItIsAndTheOthersAreLearned()
    {
        Example[] rows = Example.Make(20);
        foreach (Example row in rows)
            row.Labels[1] = 4;
        (MLContext ml, SequencePredictionTransformer model, string[] warnings) = Fit(AnyTrainer.Regression, rows,
            options => ((LstmRegressionTrainer.Options)options).LabelColumnName = "Labels");
        CollectionAssert.AreEqual(
            (string[])["What never varied among the labels of the training data is predicted for every row: value 2 of 3 of column "
            + "'Labels' is always 4."], warnings);
        float[][] scores = EstimatorHarness.Values(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
        Assert.IsTrue(scores.All(score => score[1] == 4));
        Assert.HasCount(20, scores.DistinctBy(score => score[0]).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(AllTrainers))]
    public void DegenerateDataGivesNumbers(string trainer)
    {
        foreach (string kind in (string[])["one row", "all zero", "one step", "a scale of 1e30", "a scale of 1e-30",
            "beyond half of a float's range", "subnormal"])
        {
            Example[] rows = Example.Make(kind == "one row" ? 2 : 20, variable: true);
            foreach (Example row in rows)
                Change(row, kind);
            // A classification needs two rows at least.
            if (kind == "one row")
            {
                (rows[0].IsHigh, rows[1].IsHigh, rows[0].Class, rows[1].Class) = (true, false, 0, 1);
                if (trainer is AnyTrainer.Regression or AnyTrainer.Labeling or AnyTrainer.Autoencoder)
                    rows = rows[..1];
            }
            (MLContext ml, SequencePredictionTransformer model, _) = Fit(trainer, rows);
            foreach (Example[] later in (Example[][])[rows, Example.Make(10, variable: true, seed: 3)])
            {
                foreach (string[] values in ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, later)), "Score"))
                    Assert.IsTrue(values.All(value => float.IsFinite(float.Parse(value, CultureInfo.InvariantCulture))),
                        $"{kind}: {string.Join(' ', values)}");
            }
        }

        static void Change(Example row, string kind)
        {
            row.Features = kind switch
            {
                "all zero" => new float[row.Features.Length],
                "one step" => row.Features[..2],
                "a scale of 1e30" => [.. row.Features.Select((x, i) => i % 2 == 0 ? x * 1e30f : x)],
                "a scale of 1e-30" => [.. row.Features.Select((x, i) => i % 2 == 0 ? x * 1e-30f : x)],
                "beyond half of a float's range" => [.. row.Features.Select((x, i) => i % 2 == 0 ? x * 3e38f : x)],
                "subnormal" => [.. row.Features.Select((x, i) => i % 2 == 0 ? x * 1e-40f : x)],
                _ => row.Features,
            };
            if (kind == "one step")
                row.StepClasses = row.StepClasses[..1];
            row.Label *= kind switch
            {
                "a scale of 1e30" => 1e30f,
                "a scale of 1e-30" => 1e-30f,
                _ => 1,
            };
        }
    }

    public static IEnumerable<string> AllTrainers => [.. AnyTrainer.Names, AnyTrainer.Autoencoder];

    private static (MLContext Ml, SequencePredictionTransformer Model, string[] Warnings) Fit(string trainer, Example[] rows,
        Action<SequenceInputOptions>? change = null)
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        SequencePredictionTransformer model = AnyTrainer.CreateAny(ml, trainer, change).Fit(AnyTrainer.Data(ml, rows));
        return (ml, model, [.. warnings.Where(warning => !warning.StartsWith("A rate of", StringComparison.Ordinal))]);
    }

    private sealed class Empty;

    private sealed class Setting
    {
        [ColumnName("Setting")]
        public float Value { get; set; }
    }
}
