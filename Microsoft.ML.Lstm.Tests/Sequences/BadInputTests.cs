using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>
/// Unusable input: wrong columns are refused before training, bad rows are skipped and reported.
/// </summary>
[TestClass]
public sealed class BadInputTests
{
    [TestMethod]
    [DataRow(nameof(SequenceTrainerOptions.FeatureColumnName), "Could not find feature column 'Nowhere'")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "Could not find label column 'Nowhere'")]
    [DataRow(nameof(SequenceTrainerOptions.ExampleWeightColumnName), "Could not find weight column 'Nowhere'")]
    [DataRow(nameof(SequenceTrainerOptions.StaticFeatureColumnName), "Could not find static feature column 'Nowhere'")]
    public void UnknownColumnIsRefused(string option, string message) => AssertRefused(option, "Nowhere", message);

    [TestMethod]
    [DataRow(nameof(SequenceTrainerOptions.FeatureColumnName), "Number",
        "Schema mismatch for feature column 'Number': expected a vector of Single or of Key, got Single")]
    [DataRow(nameof(SequenceTrainerOptions.FeatureColumnName), "Text",
        "Schema mismatch for feature column 'Text': expected a vector of Single or of Key, got String")]
    [DataRow(nameof(SequenceTrainerOptions.FeatureColumnName), "Doubles",
        "Schema mismatch for feature column 'Doubles': expected a vector of Single or of Key, got VarVector<Double>")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "Text",
        "Schema mismatch for label column 'Text': expected Single or Vector<Single>, got String")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "Numbers",
        "Schema mismatch for label column 'Numbers': expected Single or Vector<Single>, got VarVector<Single>")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "Time",
        "Schema mismatch for label column 'Time': expected Single or Vector<Single>, got DateTime")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "OffsetTime",
        "Schema mismatch for label column 'OffsetTime': expected Single or Vector<Single>, got DateTimeOffset")]
    [DataRow(nameof(SequenceTrainerOptions.LabelColumnName), "Key",
        "Schema mismatch for label column 'Key': expected Single or Vector<Single>, got Key<UInt32>")]
    [DataRow(nameof(SequenceTrainerOptions.ExampleWeightColumnName), "Numbers",
        "Schema mismatch for weight column 'Numbers': expected Single, got VarVector<Single>")]
    [DataRow(nameof(SequenceTrainerOptions.StaticFeatureColumnName), "Numbers",
        "Schema mismatch for static feature column 'Numbers': expected Single or Vector<Single>, got VarVector<Single>")]
    public void ColumnOfTheWrongTypeIsRefused(string option, string column, string message) => AssertRefused(option, column, message);

    [TestMethod]
    [DataRow(new[] { 10 }, 3,
        "Schema mismatch for feature column 'Features': expected Vector<Single> with a multiple of 3 values, the features of a step, got "
        + "Vector<Single, 10>")]
    [DataRow(new[] { 5, 2 }, 3,
        "Schema mismatch for feature column 'Features': expected Vector<Single> with a multiple of 3 values, the features of a step, got "
        + "Vector<Single, 5, 2>")]
    public void VectorThatIsNoWholeNumberOfStepsIsRefused(int[] dimensions, int featuresPerStep, string message)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(10), Example.Schema(Example.Vector(dimensions)));
        var trainer = ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.FeaturesPerStep = featuresPerStep));
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => trainer.Fit(data)).Message, message);
    }

    [TestMethod]
    public void ValidationDataIsCheckedToo()
    {
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(10);
        IDataView training = ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(10)));
        IDataView validation = ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(2, 5)));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            ml.Regression.Trainers.Lstm(SmallOptions.Create()).Fit(training, validation));
        StringAssert.StartsWith(error.Message,
            "Schema mismatch for feature column 'Features': expected steps of 2 features, got Vector<Single, 2, 5>");

        SchemaDefinition schema = Example.Schema(Example.Vector(10));
        schema[nameof(Example.Labels)].ColumnType = Example.Vector(4);
        foreach (Example row in rows)
            row.Labels = [1, 2, 3, 4];
        validation = ml.Data.LoadFromEnumerable(rows, schema);
        var trainer = ml.Regression.Trainers.Lstm(SmallOptions.Create(options => options.LabelColumnName = "Labels"));
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            trainer.Fit(ml.Data.LoadFromEnumerable(Example.Make(10), Example.Schema(Example.Vector(10))), validation));
        StringAssert.StartsWith(error.Message, "Schema mismatch for label column 'Labels': expected 3 values, got Vector<Single, 4>");
    }

    [TestMethod]
    [DataRow("empty", "an empty sequence")]
    [DataRow("partial step", "a vector length that is no multiple of 2 (FeaturesPerStep)")]
    [DataRow("NaN feature", "NaN or infinity in the features")]
    [DataRow("infinite feature", "NaN or infinity in the features")]
    [DataRow("NaN static", "NaN or infinity in the static features")]
    [DataRow("missing label", "a missing or infinite label")]
    [DataRow("infinite label", "a missing or infinite label")]
    [DataRow("negative weight", "a weight that is negative, NaN or infinite")]
    [DataRow("NaN weight", "a weight that is negative, NaN or infinite")]
    public void BadRowIsSkippedWithAWarningOrStopsTheTraining(string damage, string reason)
    {
        Example[] good = Example.Make(20, variable: true);
        Example[] rows = [.. good.Take(5), Damage(Example.Make(1, seed: 9)[0], damage), .. good.Skip(5)];

        (LstmRegressionTransformer model, List<string> warnings) = Fit(rows, BadRowHandling.Skip);
        CollectionAssert.AreEqual((string[])[$"Skipped 1 of the 21 rows of the training data: 1 with {reason}."], warnings);
        (LstmRegressionTransformer expected, List<string> noWarnings) = Fit(good, BadRowHandling.Skip);
        Assert.IsEmpty(noWarnings);
        AnyTrainer.AssertSameWeights(expected, model);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(rows, BadRowHandling.Throw));
        Assert.AreEqual($"Row 5 (counted from 0) of the training data has {reason}.", error.Message);
    }

    [TestMethod]
    public void WarningNamesEveryReason()
    {
        Example[] rows = [.. Example.Make(10), Damage(Example.Make(1)[0], "empty"), Damage(Example.Make(1)[0], "missing label"),
            Damage(Example.Make(1)[0], "missing label")];
        CollectionAssert.AreEqual(
            (string[])["Skipped 3 of the 13 rows of the training data: 1 with an empty sequence; 2 with a missing or infinite label."],
            Fit(rows, BadRowHandling.Skip).Warnings);
    }

    [TestMethod]
    public void MissingValueInAVectorLabelIsAMissingLabel()
    {
        Example[] rows = Example.Make(10);
        rows[3].Labels[1] = float.NaN;
        CollectionAssert.AreEqual(
            (string[])["Skipped 1 of the 10 rows of the training data: 1 with a missing or infinite label."],
            Fit(rows, BadRowHandling.Skip, options => options.LabelColumnName = "Labels").Warnings);
    }

    [TestMethod]
    public void DataWithoutAUsableRowIsAnError()
    {
        Example[] rows = [.. Example.Make(2).Select(row => Damage(row, "missing label")), Damage(Example.Make(1)[0], "weight 0")];
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(rows, BadRowHandling.Skip));
        Assert.AreEqual("None of the 3 rows of the training data can be used: 2 with a missing or infinite label; 1 with weight 0.",
            error.Message);
    }

    [TestMethod]
    public void DataWithoutRowsIsAnError()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Fit([], BadRowHandling.Skip));
        Assert.AreEqual("The training data has no rows.", error.Message);
    }

    [TestMethod]
    public void RowsOfWeightZeroAreLeftOutInSilence()
    {
        Example[] good = Example.Make(20);
        (LstmRegressionTransformer model, List<string> warnings) = Fit([.. good, Damage(Example.Make(1, seed: 4)[0], "weight 0")],
            BadRowHandling.Throw);
        Assert.IsEmpty(warnings);
        AnyTrainer.AssertSameWeights(Fit(good, BadRowHandling.Skip).Model, model);
    }

    [TestMethod]
    [DataRow("empty")]
    [DataRow("partial step")]
    [DataRow("NaN feature")]
    [DataRow("NaN static")]
    [DataRow("missing label")]
    public void NothingIsWrongWithARowOfWeightZero(string damage)
    {
        Example[] good = Example.Make(20);
        Example[] rows = [.. good, Damage(Damage(Example.Make(1, seed: 4)[0], damage), "weight 0")];
        foreach (BadRowHandling badRows in Enum.GetValues<BadRowHandling>())
        {
            (LstmRegressionTransformer model, List<string> warnings) = Fit(rows, badRows);
            Assert.IsEmpty(warnings);
            AnyTrainer.AssertSameWeights(Fit(good, BadRowHandling.Skip).Model, model);
        }
    }

    private static Example Damage(Example row, string damage)
    {
        switch (damage)
        {
            case "empty": row.Features = []; break;
            case "partial step": row.Features = [1, 2, 3]; break;
            case "NaN feature": row.Features[3] = float.NaN; break;
            case "infinite feature": row.Features[3] = float.PositiveInfinity; break;
            case "NaN static": row.Statics[1] = float.NaN; break;
            case "missing label": row.Label = float.NaN; break;
            case "infinite label": row.Label = float.NegativeInfinity; break;
            case "negative weight": row.Weight = -1; break;
            case "NaN weight": row.Weight = float.NaN; break;
            case "weight 0": row.Weight = 0; break;
        }
        return row;
    }

    private static (LstmRegressionTransformer Model, List<string> Warnings) Fit(Example[] rows, BadRowHandling badRows,
        Action<LstmRegressionTrainer.Options>? change = null)
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        var trainer = ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
        {
            options.BadRows = badRows;
            options.ExampleWeightColumnName = "Weight";
            options.StaticFeatureColumnName = "Statics";
            change?.Invoke(options);
        }));
        return (trainer.Fit(ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(0)))), warnings);
    }

    private static void AssertRefused(string option, string column, string message)
        => OddRow.AssertRefused(AnyTrainer.Options(AnyTrainer.Regression, options =>
    {
        options.LabelColumnName = nameof(OddRow.Number);
        typeof(SequenceTrainerOptions).GetField(option)!.SetValue(options, column);
    }), message);
}
