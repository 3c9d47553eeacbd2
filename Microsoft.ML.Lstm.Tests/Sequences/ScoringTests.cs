using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>What LstmRegressionTransformer reads, when, and what it answers.</summary>
[TestClass]
public sealed class ScoringTests
{
    // The same as in LookAheadScorer.
    private const int RowsOfABatch = 256;

    [TestMethod]
    public void NothingIsReadBeforeAScoreIsAskedFor()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        var input = new CountingDataView(Data(ml, Example.Make(20)));
        IDataView scored = model.Transform(input);
        using (DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema))
        {
            Assert.IsTrue(cursor.IsColumnActive(scored.Schema["Score"]));
            while (cursor.MoveNext())
            {
            }
        }
        Assert.AreEqual(0, input.FeatureReads);
    }

    [TestMethod]
    public void OnlyColumnsThatAreNeededAreAskedFor()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        var input = new CountingDataView(Data(ml, Example.Make(20)));
        IDataView scored = model.Transform(input);
        scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Label"]]).Dispose();
        CollectionAssert.AreEqual((string[])["Label,Features"], input.Cursors);
        input.Cursors.Clear();
        scored.GetRowCursor([scored.Schema["Id"]]).Dispose();
        CollectionAssert.AreEqual((string[])["Id"], input.Cursors);
        input.Cursors.Clear();
        Assert.HasCount(1, scored.GetRowCursorSet([scored.Schema["Id"]], 2));
        CollectionAssert.AreEqual((string[])["Id"], input.Cursors);
    }

    [TestMethod]
    public void RowsThatNobodyAsksForAreNotScored()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        Example[] rows = Example.Make(RowsOfABatch + 44);
        float[][] expected = EstimatorHarness.Values(model.Transform(Data(ml, rows)), "Score");
        var input = new CountingDataView(Data(ml, rows));
        IDataView scored = model.Transform(input);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        float score = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            if (row < 280)
                continue;
            getScore(ref score);
            Assert.AreEqual(expected[row][0], score);
        }
        Assert.IsFalse(cursor.MoveNext());
        Assert.AreEqual(20, input.FeatureReads);
    }

    [TestMethod]
    public void EachRowIsReadOnceHoweverManyColumnsAreFetched()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train(options => options.EncodingColumnName = "Encoding");
        var input = new CountingDataView(Data(ml, Example.Make(2 * RowsOfABatch + 10)));
        IDataView scored = model.Transform(input);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Encoding"]]);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        ValueGetter<VBuffer<float>> getEncoding = cursor.GetGetter<VBuffer<float>>(scored.Schema["Encoding"]);
        float score = 0;
        VBuffer<float> encoding = default;
        while (cursor.MoveNext())
        {
            getScore(ref score);
            getEncoding(ref encoding);
            getScore(ref score);
            Assert.AreEqual(5, encoding.Length);
        }
        Assert.AreEqual(2 * RowsOfABatch + 10, input.FeatureReads);
    }

    [TestMethod]
    public void HugeSequencesAreScoredInSmallBatches()
    {
        // 2,001 values a step, so that two of these sequences have over the four million values that are a batch's limit.
        var ml = new MLContext(seed: 1);
        Example[] rows = Example.Make(5);
        foreach (Example row in rows)
            row.Features = new float[1100 * 2000];
        LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.Create(options =>
            (options.FeaturesPerStep, options.HiddenSize, options.NumberOfEpochs) = (2000, 1, 1)))
            .Fit(Data(ml, [new() { Features = new float[2000], Label = 1 }], Example.Vector(0)));
        var input = new CountingDataView(Data(ml, rows, Example.Vector(0)));
        IDataView scored = model.Transform(input);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        for (int row = 1; cursor.MoveNext(); row++)
        {
            float score = float.NaN;
            getScore(ref score);
            Assert.IsTrue(float.IsFinite(score));
            Assert.IsLessThanOrEqualTo(row + 1, input.FeatureReads);
        }
        Assert.AreEqual(5, input.FeatureReads);
    }

    [TestMethod]
    public void RowThatCannotBeScoredGetsNaNAndDisturbsNoOther()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train(options => options.EncodingColumnName = "Encoding", Example.Vector(0));
        Example[] rows = Example.Make(12, variable: true);
        foreach (string column in (string[])["Score", "Encoding"])
        {
            float[][] expected = EstimatorHarness.Values(model.Transform(Data(ml, rows, Example.Vector(0))), column);
            Example[] damaged = Example.Make(12, variable: true);
            damaged[2].Features = [];
            damaged[3].Features = [1, 2, 3];
            damaged[7].Features[1] = float.NaN;
            damaged[11].Features[0] = float.NegativeInfinity;
            float[][] scores = EstimatorHarness.Values(model.Transform(Data(ml, damaged, Example.Vector(0))), column);
            foreach (int bad in (int[])[2, 3, 7, 11])
            {
                Assert.IsTrue(Array.TrueForAll(scores[bad], float.IsNaN));
                expected[bad] = scores[bad];
            }
            EstimatorHarness.AssertSame(expected, scores);
        }
    }

    [TestMethod]
    public void SequencesMayBeLongerThanThoseTrainedOn()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        Example[] rows = Example.Make(10);
        foreach (Example row in rows)
            row.Features = [.. row.Features, .. row.Features];
        float[][] variable = EstimatorHarness.Values(model.Transform(Data(ml, rows, Example.Vector(0))), "Score");
        EstimatorHarness.AssertSame(variable, EstimatorHarness.Values(model.Transform(Data(ml, rows, Example.Vector(20))), "Score"));
        EstimatorHarness.AssertSame(variable, EstimatorHarness.Values(model.Transform(Data(ml, rows, Example.Vector(10, 2))), "Score"));
        Assert.IsTrue(variable.All(score => float.IsFinite(score[0])));
    }

    [TestMethod]
    public void StepsOfAnotherSizeAreRefused()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.Transform(Data(ml, Example.Make(3), Example.Vector(2, 5))));
        StringAssert.StartsWith(error.Message,
            "Schema mismatch for feature column 'Features': expected steps of 2 features, got Vector<Single, 2, 5>");
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            model.GetOutputSchema(Data(ml, Example.Make(3), Example.Vector(9)).Schema));
        StringAssert.StartsWith(error.Message,
            "Schema mismatch for feature column 'Features': expected Vector<Single> with a multiple of 2 values, the features of a step, "
            + "got Vector<Single, 9>");
        error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Transform(ml.Data.LoadFromEnumerable([new Prediction()])));
        StringAssert.StartsWith(error.Message, "Could not find feature column 'Features'");
    }

    [TestMethod]
    public void CursorHasThePositionsAndIdsOfItsInput()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        IDataView input = ml.Data.ShuffleRows(Data(ml, Example.Make(20)), seed: 2);
        IDataView scored = model.Transform(input);
        Assert.AreEqual(input.GetRowCount(), scored.GetRowCount());
        Assert.IsTrue(scored.CanShuffle);
        foreach (DataViewSchema.Column[] columns in (DataViewSchema.Column[][])[[scored.Schema["Score"]], []])
        {
            using DataViewRowCursor expected = input.GetRowCursor([]);
            using DataViewRowCursor actual = scored.GetRowCursor(columns);
            ValueGetter<DataViewRowId> getExpected = expected.GetIdGetter();
            ValueGetter<DataViewRowId> getActual = actual.GetIdGetter();
            DataViewRowId expectedId = default;
            DataViewRowId actualId = default;
            while (expected.MoveNext())
            {
                Assert.IsTrue(actual.MoveNext());
                getExpected(ref expectedId);
                getActual(ref actualId);
                Assert.AreEqual(expectedId, actualId);
                Assert.AreEqual(expected.Position, actual.Position);
                Assert.AreEqual(expected.Batch, actual.Batch);
            }
            Assert.IsFalse(actual.MoveNext());
        }
    }

    [TestMethod]
    public void GettersOfTheWrongTypeOrOfInactiveColumnsAreRefused()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        IDataView scored = model.Transform(Data(ml, Example.Make(3)));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(scored.Schema["Score"]));
        Assert.AreEqual("Invalid TValue in GetGetter: 'System.Double', expected type: 'System.Single'.", error.Message);
        Assert.IsFalse(cursor.IsColumnActive(scored.Schema["Label"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<float>(scored.Schema["Label"]));
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            float score = 0;
            getScore(ref score);
        });
    }

    [TestMethod]
    public void CursorSetGivesEveryRow()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        IDataView scored = model.Transform(Data(ml, Example.Make(20)));
        int rows = 0;
        foreach (DataViewRowCursor cursor in scored.GetRowCursorSet([scored.Schema["Score"]], 4))
        {
            using (cursor)
            {
                while (cursor.MoveNext())
                    rows++;
            }
        }
        Assert.AreEqual(20, rows);
    }

    [TestMethod]
    public void DataWithoutRowsHaveNoScores()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        Assert.IsEmpty(EstimatorHarness.Values(model.Transform(Data(ml, [])), "Score"));
    }

    [TestMethod]
    public void PredictionEngineGivesTheScoresOfTransform()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train(options => options.EncodingColumnName = "Encoding");
        Example[] rows = Example.Make(10);
        IDataView scored = model.Transform(Data(ml, rows));
        float[][] scores = EstimatorHarness.Values(scored, "Score");
        float[][] encodings = EstimatorHarness.Values(scored, "Encoding");
        PredictionEngine<Example, Prediction> engine = ml.Model.CreatePredictionEngine<Example, Prediction>(model,
            inputSchemaDefinition: Example.Schema(Example.Vector(10)));
        foreach (Example row in rows)
        {
            Prediction prediction = engine.Predict(row);
            EstimatorHarness.AssertSame([scores[row.Id], encodings[row.Id]], [[prediction.Score], prediction.Encoding]);
        }
        rows[0].Features[0] = float.NaN;
        Assert.IsTrue(float.IsNaN(engine.Predict(rows[0]).Score));
        EstimatorHarness.AssertSame([scores[1]], [[engine.Predict(rows[1]).Score]]);
    }

    [TestMethod]
    public void ASinglePredictionThatCantBeScoredIsWarnedOfOnce()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train();
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        using PredictionEngine<Example, Prediction> engine = ml.Model.CreatePredictionEngine<Example, Prediction>(model);
        Example[] rows = Example.Make(3);
        Assert.IsTrue(float.IsFinite(engine.Predict(rows[0]).Score));
        Assert.IsEmpty(warnings);
        rows[1].Features = [];
        rows[2].Features[0] = float.NaN;
        Assert.IsTrue(float.IsNaN(engine.Predict(rows[1]).Score));
        Assert.IsTrue(float.IsNaN(engine.Predict(rows[2]).Score));
        CollectionAssert.AreEqual(
            (string[])["A row has an empty sequence: it has no score (NaN, a missing key or nothing), and further ones are not named."],
            warnings);
    }

    [TestMethod]
    public void SinglePredictionAllocatesNothing()
    {
        (MLContext ml, LstmRegressionTransformer model) = Train(options =>
            (options.EncodingColumnName, options.StaticFeatureColumnName) = ("Encoding", "Statics"));
        IRowToRowMapper mapper = ((ITransformer)model).GetRowToRowMapper(Data(ml, Example.Make(1)).Schema);
        var input = new FixedRow(mapper.InputSchema);
        DataViewRow row = mapper.GetRow(input, mapper.OutputSchema);
        ValueGetter<float> getScore = row.GetGetter<float>(row.Schema["Score"]);
        ValueGetter<VBuffer<float>> getEncoding = row.GetGetter<VBuffer<float>>(row.Schema["Encoding"]);
        float score = 0;
        VBuffer<float> encoding = default;
        Predict(10);
        Assert.AreEqual(0, Allocations.Of(() => Predict(100)));
        Assert.IsTrue(float.IsFinite(score));

        void Predict(int times)
        {
            for (int i = 0; i < times; i++)
            {
                input.MoveNext();
                getScore(ref score);
                getEncoding(ref encoding);
            }
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void LabellingTheStepsOfARowAllocatesNothing(bool crf)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = AnyTrainer.Data(ml, Example.Make(10));
        ITransformer model = AnyTrainer.Create(ml, AnyTrainer.Labeling, options =>
        {
            (options.FeatureColumnNames, options.StaticFeatureColumnName) = (["Tokens", "Features"], "Statics");
            ((LstmSequenceLabelingTrainer.Options)options).UseConditionalRandomField = crf;
        }).Fit(data);
        IRowToRowMapper mapper = model.GetRowToRowMapper(data.Schema);
        var input = new FixedRow(mapper.InputSchema);
        DataViewRow row = mapper.GetRow(input, mapper.OutputSchema);
        ValueGetter<VBuffer<uint>> getLabels = row.GetGetter<VBuffer<uint>>(row.Schema["PredictedLabel"]);
        ValueGetter<VBuffer<float>> getScores = row.GetGetter<VBuffer<float>>(row.Schema["Score"]);
        VBuffer<uint> labels = default;
        VBuffer<float> scores = default;
        Predict(10);
        Assert.AreEqual(0, Allocations.Of(() => Predict(100)));
        Assert.AreEqual(5, labels.Length);
        Assert.AreEqual(5, scores.DenseValues().Sum(), 1e-4);

        void Predict(int times)
        {
            for (int i = 0; i < times; i++)
            {
                input.MoveNext();
                getLabels(ref labels);
                getScores(ref scores);
            }
        }
    }

    [TestMethod]
    public void ModelParametersTellWhatTheNetworkLooksLike()
    {
        (_, LstmRegressionTransformer model) = Train(options =>
        {
            options.CellType = CellType.Gru;
            options.Bidirectional = true;
            options.NumberOfLayers = 2;
            options.SkipSteps = 0;
            options.Pooling = Pooling.Mean;
            options.StaticFeatureColumnName = "Statics";
            options.LabelColumnName = "Labels";
        });
        SequenceModelParameters network = model.Model;
        Assert.AreEqual("Gru True 2 Mean 5 2 2 3",
            $"{network.CellType} {network.Bidirectional} {network.NumberOfLayers} {network.Pooling} {network.HiddenSize} "
            + $"{network.FeaturesPerStep} {network.StaticFeatureCount} {network.OutputCount}");
        Assert.AreEqual(
            "weight_ih_l0 30, weight_hh_l0 75, bias_l0 20, weight_ih_l0_reverse 30, weight_hh_l0_reverse 75, bias_l0_reverse 20, "
            + "weight_ih_l1 150, weight_hh_l1 75, bias_l1 20, weight_ih_l1_reverse 150, weight_hh_l1_reverse 75, bias_l1_reverse 20, "
            + "head.weight 36, head.bias 3",
            string.Join(", ", network.Weights.Select(weights => $"{weights.Key} {weights.Value.Length}")));
        Assert.AreEqual("Features Statics", $"{model.FeatureColumnName} {model.StaticFeatureColumnName}");
        Assert.IsNull(model.EncodingColumnName);
        Assert.AreEqual(Example.Vector(10), model.FeatureColumnType);

        using var stream = new MemoryStream();
        network.Save(stream);
        stream.Position = 0;
        SequenceModelParameters loaded = SequenceModelParameters.Load(stream);
        foreach ((string name, ReadOnlyMemory<float> weights) in network.Weights)
            Assert.IsTrue(weights.Span.SequenceEqual(loaded.Weights[name].Span), name);
    }

    internal static (MLContext ML, LstmRegressionTransformer Model) Train(Action<LstmRegressionTrainer.Options>? change = null,
        DataViewType? features = null)
    {
        var ml = new MLContext(seed: 1);
        return (ml, ml.Regression.Trainers.Lstm(SmallOptions.Create(change)).Fit(Data(ml, Example.Make(30), features)));
    }

    internal static IDataView Data(MLContext ml, Example[] rows, DataViewType? features = null)
        => ml.Data.LoadFromEnumerable(rows, Example.Schema(features ?? Example.Vector(10)));

    private sealed class Prediction
    {
        public float Score { get; set; }

        public float[] Encoding { get; set; } = [];
    }
}
