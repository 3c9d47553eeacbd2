using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Columns;

/// <summary>The dimensions of a column say what a step is; where they hardly do, a warning says so.</summary>
[TestClass]
public sealed class StepDimensionsTests
{
    private const string OneStep = "Every sequence of the training data has only one step, so there is no order to learn from: ";

    public static IEnumerable<string> Trainers => [.. AnyTrainer.Names, AnyTrainer.Autoencoder];

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void LeadingAxesOfOneAreSkipped(string trainer)
    {
        SequencePredictionTransformer expected = Fit(trainer, [5, 2], null).Model;
        foreach (int[] dimensions in (int[][])[[1, 5, 2], [1, 1, 5, 2], [1, 5, 2, 1], [1, 0, 2]])
        {
            (SequencePredictionTransformer model, string[] warnings, IDataView data) = Fit(trainer, dimensions, null);
            AnyTrainer.AssertSameWeights(expected, model);
            Assert.IsEmpty(warnings);
            EstimatorHarness.AssertSame(ColumnReader.Read(expected.Transform(data), "Score"),
                ColumnReader.Read(model.Transform(data), "Score"));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void FeaturesPerStepCountMoreThanDimensions(string trainer)
    {
        // Its labels go by steps of two features.
        if (trainer == AnyTrainer.Labeling)
            return;
        (SequencePredictionTransformer expected, _, IDataView flat) = Fit(trainer, [10], 5);
        foreach (int[] dimensions in (int[][])[[5, 2], [2, 5], [1, 10], [1, 5, 2]])
        {
            (SequencePredictionTransformer model, _, IDataView data) = Fit(trainer, dimensions, 5);
            AnyTrainer.AssertSameWeights(expected, model);
            Assert.AreEqual(5, model.Model.FeaturesPerStep);
            EstimatorHarness.AssertSame(ColumnReader.Read(expected.Transform(flat), "Score"),
                ColumnReader.Read(model.Transform(data), "Score"));
        }
    }

    [TestMethod]
    public void KeysBehindALeadingAxisAreOneAStep()
    {
        SchemaDefinition schema = Example.Schema(Example.Vector(5, 2));
        schema[nameof(Example.Tokens)].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 1, 5);
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20), schema);
        SequencePredictionTransformer model = AnyTrainer.Create(ml, AnyTrainer.Binary,
            options => options.FeatureColumnNames = ["Tokens", "Features"]).Fit(data);
        Assert.DoesNotContain("NaN", ColumnReader.Read(model.Transform(data), "Score").SelectMany(values => values));
    }

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void SequencesOfOneStepAreWarnedOf(string trainer)
    {
        // Its labels are one for each of five steps.
        if (trainer == AnyTrainer.Labeling)
            return;
        CollectionAssert.AreEqual((string[])[OneStep
            + "'Features' (10 features a step). Steps come first in a column's dimensions, Vector<Single, T, F>, or FeaturesPerStep says "
            + "how many features a step has."],
            Fit(trainer, [1, 10], null).Warnings);
        Assert.IsEmpty(Fit(trainer, [1, 10], 2).Warnings);
    }

    [TestMethod]
    [DataRow("concatenated windows", "was made of columns 'Window', 'Other'")]
    [DataRow("concatenated numbers", "was made of columns 'Label', 'Weight'")]
    [DataRow("expression", "was made of column 'Window' of Vector<Single, 5, 2>")]
    [DataRow("components", "was made of column 'Flat' of Vector<Single, 10>")]
    [DataRow("bag of words", "was made of column 'Out' of Vector<Key<UInt32, 0-2>>")]
    [DataRow("normalized behind a filter and a cache", "was made of columns 'Window', 'Other'")]
    public void ATransformThatDroppedTheDimensionsIsWarnedOf(string form, string reason)
    {
        string[] warnings = FitBehind(form, featuresPerStep: null);
        CollectionAssert.AreEqual(
            (string[])[$"Column 'Out' {reason} and has no dimensions (steps, features), so each of its numbers is taken for a step of one "
                + "feature. FeaturesPerStep says how many features a step has, 1 if that is meant; FeatureColumnNames joins sequences "
                + "step by step."],
            warnings);
        Assert.IsEmpty(FitBehind(form, featuresPerStep: 1));
    }

    [TestMethod]
    [DataRow("flat")]
    [DataRow("normalized")]
    [DataRow("normalized with dimensions")]
    public void AVectorThatMayBeASeriesIsNotWarnedOf(string form) => Assert.IsEmpty(FitBehind(form, featuresPerStep: null));

    [TestMethod]
    public void AVectorWithNamesForItsNumbersIsWarnedOfWhereverItComesFrom()
    {
        var ml = new MLContext(seed: 1);
        (List<string> warnings, IDataView data) = Load(ml);
        IDataView cached = ml.Data.Cache(ml.Transforms.Concatenate("Out", "Label", "Weight").Fit(data).Transform(data));
        Trainer(ml, null).Fit(cached);
        CollectionAssert.AreEqual(
            (string[])["Column 'Out' has names for its numbers and has no dimensions (steps, features), so each of its numbers is taken "
                + "for a step of one feature. FeaturesPerStep says how many features a step has, 1 if that is meant; FeatureColumnNames "
                + "joins sequences step by step."],
            warnings);
    }

    private static string[] FitBehind(string form, int? featuresPerStep)
    {
        var ml = new MLContext(seed: 1);
        (List<string> warnings, IDataView data) = Load(ml);
        IEstimator<ITransformer> before = form switch
        {
            "concatenated windows" => ml.Transforms.Concatenate("Out", "Window", "Other"),
            "concatenated numbers" => ml.Transforms.Concatenate("Out", "Label", "Weight"),
            "expression" => ml.Transforms.Expression("Out", "x => x * 2", "Window"),
            "components" => ml.Transforms.ProjectToPrincipalComponents("Out", "Flat", rank: 3, seed: 1),
            "bag of words" => ml.Transforms.Text.ProduceWordBags("Out", "ClassName"),
            "flat" => ml.Transforms.CopyColumns("Out", "Flat"),
            "normalized" => ml.Transforms.NormalizeMinMax("Out", "Flat"),
            "normalized with dimensions" => ml.Transforms.NormalizeMinMax("Out", "Window"),
            _ => ml.Transforms.Concatenate("Out", "Window", "Other").Append(ml.Transforms.NormalizeMinMax("Out")),
        };
        IDataView transformed = before.Fit(data).Transform(data);
        if (form.Contains("behind", StringComparison.Ordinal))
            transformed = ml.Data.FilterRowsByColumn(transformed, "Label", lowerBound: -100);
        Trainer(ml, featuresPerStep).Fit(transformed);
        return [.. warnings];
    }

    private static LstmRegressionTrainer Trainer(MLContext ml, int? featuresPerStep)
        => ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
            (options.FeatureColumnName, options.FeaturesPerStep) = ("Out", featuresPerStep)));

    private static (List<string> Warnings, IDataView Data) Load(MLContext ml)
    {
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20), Example.Schema(Example.Vector(10)));
        IEstimator<ITransformer> shapes = ml.Transforms.CustomMapping<Numbers, Shapes>((input, output) =>
        {
            (output.Window, output.Other, output.Flat) = (input.Features, input.Features, input.Features);
        }, null);
        return (warnings, shapes.Fit(data).Transform(data));
    }

    private static (SequencePredictionTransformer Model, string[] Warnings, IDataView Data) Fit(string trainer, int[] dimensions,
        int? featuresPerStep)
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20), Example.Schema(Example.Vector(dimensions)));
        SequencePredictionTransformer model = AnyTrainer.CreateAny(ml, trainer, options => options.FeaturesPerStep = featuresPerStep)
            .Fit(data);
        return (model, [.. warnings.Where(warning => !warning.StartsWith("A rate of", StringComparison.Ordinal))], data);
    }

    private sealed class Numbers
    {
        [VectorType(10)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Shapes
    {
        [VectorType(5, 2)]
        public float[] Window { get; set; } = [];

        [VectorType(5, 2)]
        public float[] Other { get; set; } = [];

        [VectorType(10)]
        public float[] Flat { get; set; } = [];
    }
}
