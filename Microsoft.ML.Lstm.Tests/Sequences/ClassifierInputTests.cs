using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>Labels, tokens and columns that trainers of classes can't use, or not as they are.</summary>
[TestClass]
public sealed class ClassifierInputTests
{
    public static IEnumerable<object[]> Classifiers => from trainer in AnyTrainer.Names[1..] select new object[] { trainer };

    public static IEnumerable<object[]> Damages =>
        from trainer in AnyTrainer.Names
        from damage in (string[])["fewer tokens", "more tokens", "no tokens", "missing label", "label beyond the count", "fewer labels",
            "more labels"]
        where damage.EndsWith("tokens", StringComparison.Ordinal)
            || trainer == AnyTrainer.Labeling
            || (trainer == AnyTrainer.Multiclass && !damage.EndsWith("labels", StringComparison.Ordinal))
        select new object[] { trainer, damage };

    [TestMethod]
    [DataRow(AnyTrainer.Binary, "Number", "expected Boolean, got Single")]
    [DataRow(AnyTrainer.Binary, "Flags", "expected Boolean, got VarVector<Boolean>")]
    [DataRow(AnyTrainer.Binary, "Key", "expected Boolean, got Key<UInt32>")]
    [DataRow(AnyTrainer.Binary, "Time", "expected Boolean, got DateTime")]
    [DataRow(AnyTrainer.Multiclass, "Time", "expected Key<UInt32>, got DateTime")]
    [DataRow(AnyTrainer.Multiclass, "Number", "expected Key<UInt32>, got Single")]
    [DataRow(AnyTrainer.Multiclass, "Text", "expected Key<UInt32>, got String")]
    [DataRow(AnyTrainer.Multiclass, "Flag", "expected Key<UInt32>, got Boolean")]
    [DataRow(AnyTrainer.Multiclass, "ByteKey", "expected Key<UInt32>, got Key<Byte>")]
    [DataRow(AnyTrainer.Multiclass, "Keys", "expected Key<UInt32>, got VarVector<Key<UInt32>>")]
    [DataRow(AnyTrainer.Labeling, "Key", "expected a vector of Key, one for each step, got Key<UInt32>")]
    [DataRow(AnyTrainer.Labeling, "Numbers", "expected a vector of Key, one for each step, got VarVector<Single>")]
    public void LabelColumnOfTheWrongKindIsRefused(string trainer, string column, string message)
        => OddRow.AssertRefused(AnyTrainer.Options(trainer, options => options.LabelColumnName = column),
            $"Schema mismatch for label column '{column}': {message}");

    [TestMethod]
    public void TooManyKeysAreRefused()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable([new OddRow()]);
        AssertRefused(AnyTrainer.Labeling, options => (options.FeatureColumnName, options.LabelColumnName) = ("Keys", "FarTooManyKeys"),
            "label");
        AssertRefused(AnyTrainer.Binary, options => (options.FeatureColumnName, options.LabelColumnName) = ("FarTooManyKeys", "Flag"),
            "feature");

        void AssertRefused(string trainer, Action<SequenceTrainerOptions> change, string role)
        {
            var estimator = AnyTrainer.Create(ml, trainer, change);
            StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(data)).Message,
                $"Schema mismatch for {role} column 'FarTooManyKeys': expected at most 67108864 keys, got Vector<Key<UInt64, "
                + "0-1099511627775>>");
        }
    }

    [TestMethod]
    public void KeysWithTwoDimensionsAreRefused()
    {
        var ml = new MLContext(seed: 1);
        SchemaDefinition schema = Example.Schema(Example.Vector(0));
        schema["Tokens"].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Example.Vocabulary), 5, 1);
        var trainer = AnyTrainer.Create(ml, AnyTrainer.Binary, options => options.FeatureColumnName = "Tokens");
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            trainer.Fit(ml.Data.LoadFromEnumerable(Example.Make(4), schema)));
        StringAssert.StartsWith(error.Message,
            "Schema mismatch for feature column 'Tokens': expected a vector of keys with one dimension, one key a step, got "
            + "Vector<Key<UInt32, 0-7>, 5, 1>");
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void OneClassIsNothingToTellApart(string trainer)
    {
        Example[] rows = Example.Make(10);
        foreach (Example row in rows)
            (row.IsHigh, row.Class, row.StepClasses) = (true, 1, [0, 2, 2, 0, 2]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(trainer, rows));
        Assert.AreEqual($"All labels of the training data in column '{AnyTrainer.Options(trainer).LabelColumnName}' are the same, so "
            + "there is nothing to tell apart.", error.Message);
        // A row of another class doesn't help if its weight is 0.
        rows[3].Weight = 0;
        (rows[3].IsHigh, rows[3].Class, rows[3].StepClasses) = (false, 0, [1, 1, 1, 1, 1]);
        Assert.ThrowsExactly<InvalidOperationException>(() =>
            AnyTrainer.Fit(trainer, rows, options => options.ExampleWeightColumnName = "Weight"));
    }

    [TestMethod]
    [DynamicData(nameof(Damages))]
    public void BadRowIsSkippedWithAWarningOrStopsTheTraining(string trainer, string damage)
    {
        string reason = damage switch
        {
            "missing label" or "label beyond the count" => "a missing or infinite label",
            "fewer labels" or "more labels" => "a label vector of another length than the sequence",
            _ => "different numbers of steps in the feature columns",
        };
        Example[] good = Example.Make(20, variable: true);
        Example[] rows = [.. good.Take(5), Damage(Example.Make(1, seed: 9)[0], damage), .. good.Skip(5)];

        (SequencePredictionTransformer model, string[] warnings) = AnyTrainer.Fit(trainer, rows, Change);
        CollectionAssert.AreEqual((string[])[$"Skipped 1 of the 21 rows of the training data: 1 with {reason}."], warnings);
        (SequencePredictionTransformer expected, string[] noWarnings) = AnyTrainer.Fit(trainer, good, Change);
        Assert.IsEmpty(noWarnings);
        AnyTrainer.AssertSameWeights(expected, model);

        var error = Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(trainer, rows, options =>
        {
            Change(options);
            options.BadRows = BadRowHandling.Throw;
        }));
        Assert.AreEqual($"Row 5 (counted from 0) of the training data has {reason}.", error.Message);

        static void Change(SequenceTrainerOptions options) => options.FeatureColumnNames = ["Features", "Tokens", "Shapes"];
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void UnlabelledRowsAloneCannotBeTrainedOn(string trainer)
    {
        if (trainer == AnyTrainer.Binary)
            return;
        Example[] rows = [.. Example.Make(3).Select(row => Damage(row, "missing label"))];
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => AnyTrainer.Fit(trainer, rows));
        Assert.AreEqual("None of the 3 rows of the training data can be used: 3 with a missing or infinite label.", error.Message);
    }

    [TestMethod]
    public void StepsWithoutALabelDoNotCount()
    {
        // A label beyond the count of keys is a missing one, from which nothing is learned: both give the same model.
        Example[] rows = Example.Make(30);
        foreach (Example row in rows)
            row.StepClasses[row.Id % 5] = 0;
        foreach (bool crf in new[] { false, true })
        {
            SequencePredictionTransformer known = Fit(rows, crf);
            Example[] others = Example.Make(30);
            foreach (Example row in others)
                row.StepClasses[row.Id % 5] = 4 + (uint)row.Id;
            AnyTrainer.AssertSameWeights(known, Fit(others, crf));
            Assert.IsFalse(known.Model.Weights["head.bias"].Span.SequenceEqual(Fit(Example.Make(30), crf).Model.Weights["head.bias"].Span));
        }

        static SequencePredictionTransformer Fit(Example[] rows, bool crf)
            => AnyTrainer.Fit(AnyTrainer.Labeling, rows,
                options => ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = crf).Model;
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void ValidationDataWithOtherClassesAreRefused(string trainer)
    {
        if (trainer == AnyTrainer.Binary)
            return;
        var ml = new MLContext(seed: 1);
        SchemaDefinition schema = Example.Schema(Example.Vector(0));
        string label = AnyTrainer.Options(trainer).LabelColumnName;
        var key = new KeyDataViewType(typeof(uint), 4);
        schema[label].ColumnType = trainer == AnyTrainer.Labeling ? new VectorDataViewType(key) : key;
        IDataView training = AnyTrainer.Data(ml, Example.Make(10)), validation = ml.Data.LoadFromEnumerable(Example.Make(10), schema);
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _ = trainer == AnyTrainer.Labeling
            ? ml.MulticlassClassification.Trainers.LstmSequenceLabeling(SmallOptions.Create<LstmSequenceLabelingTrainer.Options>())
                .Fit(training, validation).Model
            : ml.MulticlassClassification.Trainers.Lstm(SmallOptions.Create<LstmMulticlassTrainer.Options>())
                .Fit(training, validation).Model);
        StringAssert.StartsWith(error.Message, $"Schema mismatch for label column '{label}': expected 3 keys, got ");
    }

    [TestMethod]
    public void TokensOfAnotherVocabularyAreRefusedAtScoring()
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.Binary, Example.Make(20),
            options => options.FeatureColumnName = "Tokens");
        var ml = new MLContext(seed: 1);
        SchemaDefinition schema = Example.Schema(Example.Vector(0));
        foreach (int count in new[] { Example.Vocabulary - 1, Example.Vocabulary + 1 })
        {
            schema["Tokens"].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), count));
            var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
                model.Transform(ml.Data.LoadFromEnumerable(Example.Make(4), schema)));
            StringAssert.StartsWith(error.Message,
                $"Schema mismatch for feature column 'Tokens': expected a vector of keys from a vocabulary of {Example.Vocabulary}, got "
                + $"Vector<Key<UInt32, 0-{count - 1}>>");
        }
        var numbers = ml.Transforms.CopyColumns("Tokens", "Features")
            .Fit(AnyTrainer.Data(ml, Example.Make(4)))
            .Transform(AnyTrainer.Data(ml, Example.Make(4)));
        StringAssert.StartsWith(Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Transform(numbers)).Message,
            $"Schema mismatch for feature column 'Tokens': expected a vector of keys from a vocabulary of {Example.Vocabulary}, got "
            + "Vector<Single>");
    }

    [TestMethod]
    public void NumbersWhereTokensWereAndTheOtherWayRoundAreRefusedAtScoring()
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.Binary, Example.Make(20));
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(4));
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.Transform(ml.Transforms.CopyColumns("Features", "Tokens").Fit(data).Transform(data)));
        StringAssert.StartsWith(error.Message,
            "Schema mismatch for feature column 'Features': expected a vector of Single, got Vector<Key<UInt32, 0-7>>");
    }

    [TestMethod]
    public void TokensBeyondTheCountAreUnknown()
    {
        (SequencePredictionTransformer model, _) = AnyTrainer.Fit(AnyTrainer.Binary, Example.Make(20),
            options => options.FeatureColumnNames = ["Tokens", "Shapes"]);
        string[] missing = Score(row => (row.Tokens[2], row.Shapes[4]) = (0, 0));
        foreach ((uint token, byte shape) in new (uint, byte)[] { (Example.Vocabulary + 1, 5), (uint.MaxValue, byte.MaxValue) })
            CollectionAssert.AreEqual(missing, Score(row => (row.Tokens[2], row.Shapes[4]) = (token, shape)));
        CollectionAssert.AreNotEqual(missing, Score(row => { }));

        string[] Score(Action<Example> change)
        {
            Example[] rows = Example.Make(10, seed: 2);
            foreach (Example row in rows)
                change(row);
            return [.. ColumnReader.Read(model.Transform(AnyTrainer.Data(new MLContext(), rows)), "Score").Select(score => score[0])];
        }
    }

    [TestMethod]
    [DynamicData(nameof(Classifiers))]
    public void RowThatCannotBeScoredSaysSoAndDisturbsNoOther(string trainer)
    {
        foreach (bool crf in trainer == AnyTrainer.Labeling ? new[] { false, true } : [true])
        {
            (SequencePredictionTransformer model, _) = AnyTrainer.Fit(trainer, Example.Make(20, variable: true), options =>
            {
                options.FeatureColumnNames = ["Features", "Tokens"];
                if (options is LstmSequenceLabelingTrainer.Options labeling)
                    labeling.UseConditionalRandomField = crf;
            });
            Example[] damaged = Example.Make(12, variable: true);
            (damaged[2].Features, damaged[2].Tokens) = ([], []);
            damaged[3].Features = [1, 2, 3];
            damaged[7].Features[1] = float.NaN;
            Damage(damaged[8], "fewer tokens");
            Damage(damaged[11], "no tokens");
            foreach (string column in trainer == AnyTrainer.Binary
                ? (string[])["Score", "Probability", "PredictedLabel"]
                : ["Score", "PredictedLabel"])
            {
                string[][] expected = ColumnReader.Read(model.Transform(AnyTrainer.Data(new MLContext(), Example.Make(12, variable: true))),
                    column);
                string[] ofABadRow = trainer switch
                {
                    AnyTrainer.Labeling => [],
                    AnyTrainer.Multiclass => column == "Score" ? ["NaN", "NaN", "NaN"] : ["0"],
                    _ => column == "PredictedLabel" ? ["False"] : ["NaN"],
                };
                foreach (int bad in (int[])[2, 3, 7, 8, 11])
                    expected[bad] = ofABadRow;
                EstimatorHarness.AssertSame(expected,
                    ColumnReader.Read(model.Transform(AnyTrainer.Data(new MLContext(), damaged)), column));
            }
        }
    }

    [TestMethod]
    public void LongSequencesAreCutWithAWarning()
    {
        foreach (string trainer in AnyTrainer.Names)
        {
            Example[] rows = Example.Make(30, variable: true);
            int cut = rows.Count(row => row.Tokens.Length > 4);
            (SequencePredictionTransformer model, string[] warnings) = AnyTrainer.Fit(trainer,
                [.. rows, Damage(Example.Make(1)[0], "no tokens")], Change);
            CollectionAssert.AreEqual(
                (string[])["Skipped 1 of the 31 rows of the training data: 1 with different numbers of steps in the feature columns.",
                    $"Cut {cut} of the 30 sequences of the training data after 4 steps (MaximumSequenceLength)."],
                warnings);
            foreach (Example row in rows)
                (row.Features, row.Tokens, row.StepClasses) = ([.. row.Features.Take(8)], [.. row.Tokens.Take(4)],
                    [.. row.StepClasses.Take(4)]);
            (SequencePredictionTransformer expected, string[] none) = AnyTrainer.Fit(trainer, rows, Change);
            Assert.IsEmpty(none);
            AnyTrainer.AssertSameWeights(expected, model);
        }

        static void Change(SequenceTrainerOptions options)
            => (options.FeatureColumnNames, options.MaximumSequenceLength) = (["Features", "Tokens"], 4);
    }

    [TestMethod]
    public void CutValidationDataAreReportedAndScoredOnesAreNotCut()
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        Example[] rows = Example.Make(10);
        LstmBinaryTransformer model = ml.BinaryClassification.Trainers.Lstm(SmallOptions.Create<LstmBinaryTrainer.Options>(options =>
            options.MaximumSequenceLength = 2))
            .Fit(AnyTrainer.Data(ml, rows), AnyTrainer.Data(ml, rows[..4]));
        CollectionAssert.AreEqual(
            (string[])["Cut 10 of the 10 sequences of the training data after 2 steps (MaximumSequenceLength).",
                "Cut 4 of the 4 sequences of the validation data after 2 steps (MaximumSequenceLength)."],
            warnings.FindAll(warning => warning.StartsWith("Cut ", StringComparison.Ordinal)));
        string[][] whole = ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
        foreach (Example row in rows)
            row.Features = row.Features[..4];
        Assert.AreNotEqual(whole[0][0], ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score")[0][0]);
    }

    private static Example Damage(Example row, string damage)
    {
        switch (damage)
        {
            case "fewer tokens": row.Tokens = row.Tokens[1..]; break;
            case "more tokens": row.Tokens = [.. row.Tokens, 1]; break;
            case "no tokens": row.Tokens = []; break;
            case "missing label": (row.Class, row.StepClasses) = (uint.MaxValue, new uint[row.StepClasses.Length]); break;
            case "label beyond the count": (row.Class, row.StepClasses) = (3, [.. row.StepClasses.Select(_ => 4u)]); break;
            case "fewer labels": row.StepClasses = row.StepClasses[1..]; break;
            case "more labels": row.StepClasses = [.. row.StepClasses, 1]; break;
        }
        return row;
    }
}
