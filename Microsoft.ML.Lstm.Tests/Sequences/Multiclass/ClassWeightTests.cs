using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Tests.Sequences.Multiclass;

/// <summary>Weights of classes by what their keys stand for.</summary>
[TestClass]
public sealed class ClassWeightTests
{
    [TestMethod]
    public void WeightsByLabelAreThoseByKeyWhateverTheOrderOfTheKeys()
    {
        Example[] rows = Example.Make(40);
        uint first = rows[0].Class;
        foreach (Example[] order in new[] { rows, [.. rows.OrderBy(row => row.Class != (first + 1) % 3)] })
        {
            // Keys are in the order in which classes first occur.
            uint[] classes = [.. order.Select(row => row.Class).Distinct()];
            float[] byKey = [.. classes.Select(key => new[] { 2f, 1f, 0.25f }[key])];
            SequencePredictionTransformer expected = Fit(order, "ClassName", options => options.ClassWeights = byKey);
            AnyTrainer.AssertSameWeights(
                expected, Fit(order, "ClassName", options => options.ClassWeightsByLabel = new() { ["high"] = 0.25f, ["low"] = 2 }));
            AnyTrainer.AssertSameWeights(expected, Fit(order, "ClassTime", options => options.ClassWeightsByLabel = new()
            {
                ["2026-03-29 01:59:59.9990000"] = 2,
                ["2026-03-29T01:59:59.9990002"] = 0.25f,
            }));
        }
    }

    [TestMethod]
    public void BinaryLabelsAreNamedTrueAndFalse()
    {
        Example[] rows = Example.Make(30);
        AnyTrainer.AssertSameWeights(
            AnyTrainer.Fit(AnyTrainer.Binary, rows, options => ((LstmBinaryTrainer.Options)options).ClassWeights = [1, 5]).Model,
            AnyTrainer.Fit(AnyTrainer.Binary, rows,
                options => ((LstmBinaryTrainer.Options)options).ClassWeightsByLabel = new() { ["true"] = 5 }).Model);
        AssertRefused(new LstmBinaryTrainer.Options { ClassWeightsByLabel = new() { ["yes"] = 1 } },
            "ClassWeightsByLabel must be weights of \"true\" and \"false\"");
    }

    [TestMethod]
    public void ANameThatIsNoClassIsAnErrorWithTheNearest()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Fit(Example.Make(20), "ClassName", options => options.ClassWeightsByLabel = new() { ["Hihg"] = 3 }));
        StringAssert.StartsWith(
            error.Message, "ClassWeightsByLabel names 'Hihg', which is no value of column 'LabelKey'; its values are 'high', ");
        foreach (string name in new[] { "low", "middle" })
            Assert.Contains($"'{name}'", error.Message);

        Example[] rows = Example.Make(20);
        foreach (Example row in rows)
            row.ClassName = $"class {row.Id}";
        error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Fit(rows, "ClassName", options => options.ClassWeightsByLabel = new() { ["klass 17"] = 3 }));
        StringAssert.StartsWith(
            error.Message, "ClassWeightsByLabel names 'klass 17', which is no value of column 'LabelKey'; the nearest of its 20 values "
                + "are 'class 17', ");
    }

    [TestMethod]
    public void TwoNamesOfOneClassAreAnError()
    {
        Example[] rows = Example.Make(20);
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Fit(rows, "Weight", options => options.ClassWeightsByLabel = new() { ["0.5"] = 3, ["0.50"] = 2 }));
        Assert.AreEqual("ClassWeightsByLabel names a value of column 'LabelKey' twice, as '0.5' and '0.50'.", error.Message);
    }

    [TestMethod]
    public void KeysWithoutValuesHaveNoNames()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(AnyTrainer.Multiclass, Example.Make(20),
            options => ((LstmMulticlassTrainer.Options)options).ClassWeightsByLabel = new() { ["1"] = 3 }));
        Assert.AreEqual("The keys of column 'Class' have no values that ClassWeightsByLabel could name; give ClassWeights, in the order "
            + "of the keys.", error.Message);
    }

    [TestMethod]
    public void WeightsAreGivenInOneWayAndAreAboveZero()
    {
        foreach (float weight in new[] { 0, -1, float.NaN, float.PositiveInfinity })
            AssertRefused(new LstmMulticlassTrainer.Options { ClassWeightsByLabel = new() { ["low"] = weight } },
                "ClassWeightsByLabel must be above 0 and finite for 'low'");
        AssertRefused(new LstmMulticlassTrainer.Options { ClassWeightsByLabel = [], ClassWeights = [1, 1, 1] },
            "ClassWeights must be null when there are ClassWeightsByLabel");
        AssertRefused(new LstmMulticlassTrainer.Options { ClassWeightsByLabel = [], BalanceClasses = true },
            "BalanceClasses must be false when there are ClassWeightsByLabel");
    }

    [TestMethod]
    public void LaterChangesToTheNamesHaveNoEffect()
    {
        var ml = new MLContext(seed: 1);
        LstmBinaryTrainer.Options options = SmallOptions.Create<LstmBinaryTrainer.Options>(
            options => options.ClassWeightsByLabel = new() { ["false"] = 2 });
        LstmBinaryTrainer trainer = ml.BinaryClassification.Trainers.Lstm(options),
            expected = ml.BinaryClassification.Trainers.Lstm(options);
        LstmBinaryTransformer model = expected.Fit(AnyTrainer.Data(ml, Example.Make(20)));
        options.ClassWeightsByLabel!["false"] = 100;
        AnyTrainer.AssertSameWeights(model, trainer.Fit(AnyTrainer.Data(ml, Example.Make(20))));
    }

    [TestMethod]
    public void ValidationDataWithOtherValuesOfTheSameKeysAreRefused()
    {
        var ml = new MLContext(seed: 1);
        IDataView training = Keys([.. Example.Make(20).OrderBy(row => row.Class)]),
            validation = Keys([.. Example.Make(20).OrderByDescending(row => row.Class)]);
        LstmMulticlassTrainer trainer = ml.MulticlassClassification.Trainers.Lstm(
            SmallOptions.Create<LstmMulticlassTrainer.Options>(options => options.LabelColumnName = "LabelKey"));
        trainer.Fit(training, training);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.Fit(training, validation));
        StringAssert.StartsWith(
            error.Message, "Schema mismatch for label column 'LabelKey': expected keys of the same 3 values in the same order as those of "
                + "the training data, got ");

        IDataView Keys(Example[] rows)
        {
            IDataView data = AnyTrainer.Data(ml, rows);
            return ml.Transforms.Conversion.MapValueToKey("LabelKey", "ClassName").Fit(data).Transform(data);
        }
    }

    [TestMethod]
    public void ClassesAreBalancedByTheWeightsOfTheirRows()
    {
        var rows = new SequenceSet(1, 0, 0);
        foreach ((int label, float weight) in new[] { (1, 3f), (0, 0.5f), (0, 1.5f) })
            rows.Add(new TrainingSequence { Features = new float[] { 0 }, Labels = [label], Weight = weight });
        // Each class has half of the weight 5.
        CollectionAssert.AreEqual(new[] { 2.5f / 2, 2.5f / 3 }, new LstmBinaryTrainer.Options { BalanceClasses = true }
            .WeightsFor(rows, new LabelColumn(LabelKind.Boolean, "Label", TargetSize: 0, Classes: 2)));

        var steps = new SequenceSet(1, 0, 2) { HasStepTargets = true };
        steps.Add(new TrainingSequence { Features = new float[] { 0, 0 }, Targets = [1, 1, 1, float.NaN], Weight = 3 });
        steps.Add(new TrainingSequence { Features = new float[] { 0 }, Targets = [0, 1], Weight = 0.5f });
        // Of the second truth there is no no.
        CollectionAssert.AreEqual(new[] { 0.5f / 6, 1 }, new LstmPerStepBinaryTrainer.Options { BalanceClasses = true }
            .WeightsFor(steps, new LabelColumn(LabelKind.TruthsPerStep, "Label", TargetSize: 2, Classes: 0)));
    }

    private static SequencePredictionTransformer Fit(Example[] rows, string names, Action<LstmMulticlassTrainer.Options> change)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, rows);
        return ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>(options =>
        {
            options.LabelColumnName = "LabelKey";
            change(options);
        })).Fit(ml.Transforms.Conversion.MapValueToKey("LabelKey", names).Fit(data).Transform(data));
    }

    private static void AssertRefused(TrainingOptions options, string message)
        => StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate).Message, message);
}
