using System.Collections.Concurrent;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Sequences;

/// <summary>A cursor of scores goes ahead of its consumer, who notices nothing of it.</summary>
[TestClass]
public sealed class LookAheadTests
{
    private const int Count = 600;

    [TestMethod]
    public void ValuesThatCantBeCopiedAreReadAtTheirOwnRow()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train();
        WithPicture[] rows = [.. Example.Make(Count)
            .Select(row => new WithPicture { Features = row.Features, Picture = new Picture { Id = row.Id } })];
        float[][] expected = EstimatorHarness.Values(model.Transform(ml.Data.LoadFromEnumerable(rows)), "Score");
        ScoredPicture[] scored =
            [.. ml.Data.CreateEnumerable<ScoredPicture>(model.Transform(new WatchedDataView(ml.Data.LoadFromEnumerable(rows))),
            reuseRowObject: false)];
        CollectionAssert.AreEqual(Enumerable.Range(0, Count).ToArray(), scored.Select(row => row.Picture.Id).ToArray());
        EstimatorHarness.AssertSame(expected, [.. scored.Select(row => new[] { row.Score })]);
    }

    [TestMethod]
    public void ARowThatHasToWaitRefusesValuesThatCantBeCopied()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = ml.Data.LoadFromEnumerable(Example.Make(20).Select(row => new WithPicture { Features = row.Features }));
        IDataView windows = ml.Transforms.SlidingWindow("Window", 2, "Features", "Next").Fit(data).Transform(data);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => windows.GetRowCursor(windows.Schema));
        StringAssert.Contains(error.Message, "'Picture'");
        Assert.HasCount(19, EstimatorHarness.Values(windows, "Next"));
    }

    [TestMethod]
    public void AValueThatFailsIsMetAtItsRowByWhoAsksForIt()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train();
        Example[] rows = Example.Make(Count);
        float[][] expected = EstimatorHarness.Values(model.Transform(ScoringTests.Data(ml, rows)), "Score");
        IDataView scored = model.Transform(new WatchedDataView(ScoringTests.Data(ml, rows), noIdAt: 400));
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Id"]]);
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        ValueGetter<int> getId = cursor.GetGetter<int>(scored.Schema["Id"]);
        for (int row = 0; row < Count; row++)
        {
            float score = 0;
            int id = 0;
            Assert.IsTrue(cursor.MoveNext());
            getScore(ref score);
            Assert.AreEqual(expected[row][0], score);
            if (row == 400)
            {
                Assert.ThrowsExactly<FormatException>(() => getId(ref id));
                continue;
            }
            getId(ref id);
            Assert.AreEqual(row, id);
        }
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void ARowThatComesTooLateForItsBatchHasItsOwnScore()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train();
        Example[] rows = Example.Make(Count);
        float[][] expected = EstimatorHarness.Values(model.Transform(ScoringTests.Data(ml, rows)), "Score");
        for (int slow = 2; slow < 30; slow++)
        {
            var view = new WatchedDataView(ScoringTests.Data(ml, rows)) { SlowAt = slow };
            IDataView scored = model.Transform(view);
            using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Id"]]);
            ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
            ValueGetter<int> getId = cursor.GetGetter<int>(scored.Schema["Id"]);
            for (int row = 0; row < Count; row++)
            {
                float score = 0;
                int id = -1;
                Assert.IsTrue(cursor.MoveNext());
                getScore(ref score);
                Assert.AreEqual(expected[row][0], score, $"row {row}, with row {slow} slow");
                // The scores of the rows before it are there, and so is its own value, which they did not wait for.
                if (row == slow - 1)
                    view.IsSlowValueThere.Set();
                getId(ref id);
                Assert.AreEqual(row, id);
            }
            Assert.AreEqual($"Features {Count}, Id {Count}",
                string.Join(", ", view.Reads.OrderBy(reads => reads.Key).Select(reads => $"{reads.Key} {reads.Value}")));
        }
    }

    [TestMethod]
    public void ACursorCanBeLeftWhileItsSourceBlocks()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train();
        using var live = new BlockingCollection<Example>();
        foreach (Example row in Example.Make(30))
            live.Add(row);
        var view = new WatchedDataView(ml.Data.LoadFromEnumerable(live.GetConsumingEnumerable(), Example.Schema(Example.Vector(10))));
        IDataView scored = model.Transform(view);
        using (DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]))
        {
            ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
            float score = 0;
            for (int row = 0; row < 30; row++)
            {
                Assert.IsTrue(cursor.MoveNext());
                getScore(ref score);
            }
        }
        // A source that was asked for a row that never came is disposed when it returns.
        live.CompleteAdding();
        Assert.IsTrue(SpinWait.SpinUntil(() => view.Disposals == 1, TimeSpan.FromMinutes(1)));
    }

    [TestMethod]
    public void TheSourceIsReadInTheCultureAndContextOfTheConsumer()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train();
        var context = new AsyncLocal<string>();
        var seen = new HashSet<string?>();
        IDataView scored = model.Transform(ml.Data.LoadFromEnumerable(Rows(), Example.Schema(Example.Vector(10))));
        context.Value = "consumer";
        Assert.HasCount(Count, EstimatorHarness.Values(scored, "Score"));
        CollectionAssert.AreEqual((string[])["consumer"], seen.ToArray());

        IEnumerable<Example> Rows()
        {
            foreach (Example row in Example.Make(Count))
            {
                seen.Add(context.Value);
                yield return row;
            }
        }
    }

    [TestMethod]
    public void AScoredRowAllocatesNothing()
    {
        (MLContext ml, LstmRegressionTransformer model) = ScoringTests.Train(options =>
            (options.EncodingColumnName, options.StaticFeatureColumnName) = ("Encoding", "Statics"));
        IDataView scored = model.Transform(new FixedDataView(ScoringTests.Data(ml, Example.Make(1)).Schema));
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema.Where(column => column.Name is "Score" or "Encoding"
            or "Features" or "Statics"));
        ValueGetter<float> getScore = cursor.GetGetter<float>(scored.Schema["Score"]);
        ValueGetter<VBuffer<float>> getEncoding = cursor.GetGetter<VBuffer<float>>(scored.Schema["Encoding"]);
        ValueGetter<VBuffer<float>> getFeatures = cursor.GetGetter<VBuffer<float>>(scored.Schema["Features"]);
        float score = 0;
        VBuffer<float> encoding = default, features = default;
        Read(5000);
        Assert.AreEqual(0, Allocations.Of(() => Read(5000)));
        Assert.IsTrue(float.IsFinite(score));

        void Read(int rows)
        {
            for (int i = 0; i < rows; i++)
            {
                cursor.MoveNext();
                getScore(ref score);
                getEncoding(ref encoding);
                getFeatures(ref features);
            }
        }
    }

    [TestMethod]
    public void RowsThatCantBeScoredAreWarnedOfOnceAPass()
    {
        foreach (string trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder])
        {
            var ml = new MLContext(seed: 1);
            ITransformer model = AnyTrainer.CreateAny(ml, trainer).Fit(AnyTrainer.Data(ml, Example.Make(30)));
            Example[] rows = Example.Make(Count);
            rows[2].Features = [];
            rows[300].Features[1] = float.NaN;
            rows[301].Features = [1, 2, 3];
            rows[^1].Features[0] = float.PositiveInfinity;
            var warnings = new List<string>();
            ml.Log += (_, entry) =>
            {
                if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                    warnings.Add(entry.RawMessage);
            };
            ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
            string expected = $"4 of the {Count} rows that were scored have no score (NaN, a missing key or nothing): 1 with an empty "
                + "sequence; "
                + "1 with a vector length that is no multiple of 2 (FeaturesPerStep); 2 with NaN or infinity in the features.";
            CollectionAssert.AreEqual((string[])[expected], warnings);
            ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, rows)), "Score");
            CollectionAssert.AreEqual((string[])[expected, expected], warnings);
            warnings.Clear();
            ColumnReader.Read(model.Transform(AnyTrainer.Data(ml, Example.Make(20))), "Score");
            Assert.IsEmpty(warnings);
        }
    }

    [TestMethod]
    public void AVectorOfAnotherLengthThanItsColumnsIsRefused()
    {
        const string Message =
            "Column 'Features' is of type Vector<Single, 5, 2>: expected vectors of size 10, but row 300 (counted from 0) has one of size "
            + "8.";
        foreach (string trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder])
        {
            var ml = new MLContext(seed: 1);
            IEstimator<ITransformer> estimator = AnyTrainer.CreateAny(ml, trainer);
            ITransformer model = estimator.Fit(AnyTrainer.Data(ml, Example.Make(30)));
            Example[] rows = Example.Make(Count);
            rows[300].Features = rows[300].Features[2..];
            IDataView data = ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(5, 2))), scored = model.Transform(data);
            Assert.AreEqual(Message, Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(data)).Message);
            using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
            Func<string[]> get = ColumnReader.Getter(cursor, scored.Schema["Score"]);
            for (int row = 0; row < 300; row++)
            {
                Assert.IsTrue(cursor.MoveNext());
                get();
            }
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(Message, Assert.ThrowsExactly<InvalidOperationException>(get).Message);
        }
    }

    private sealed class WithPicture
    {
        [VectorType(10)]
        public float[] Features { get; set; } = [];

        [PictureType]
        public Picture Picture { get; set; } = new();
    }

    private sealed class ScoredPicture
    {
        [PictureType]
        public Picture Picture { get; set; } = new();

        public float Score { get; set; }
    }

    private sealed class Picture
    {
        public int Id { get; set; }
    }

    private sealed class PictureDataViewType() : StructuredDataViewType(typeof(Picture))
    {
        public override bool Equals(DataViewType? other) => other is PictureDataViewType;

        public override int GetHashCode() => typeof(PictureDataViewType).GetHashCode();
    }

    private sealed class PictureTypeAttribute : DataViewTypeAttribute
    {
        public override void Register() => DataViewTypeManager.Register(new PictureDataViewType(), typeof(Picture), this);

        public override bool Equals(DataViewTypeAttribute? other) => other is PictureTypeAttribute;

        public override int GetHashCode() => typeof(PictureTypeAttribute).GetHashCode();
    }

    /// <summary>Rows without an end that never allocate.</summary>
    private sealed class FixedDataView(DataViewSchema schema) : IDataView
    {
        public DataViewSchema Schema => schema;

        public bool CanShuffle => false;

        public long? GetRowCount() => null;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
            new Cursor(new FixedRow(schema));

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [GetRowCursor(columnsNeeded)];

        private sealed class Cursor(FixedRow row) : DataViewRowCursor
        {
            public override DataViewSchema Schema => row.Schema;

            public override long Position => row.Position;

            public override long Batch => row.Batch;

            public override ValueGetter<DataViewRowId> GetIdGetter() => row.GetIdGetter();

            public override bool IsColumnActive(DataViewSchema.Column column) => true;

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => row.GetGetter<TValue>(column);

            public override bool MoveNext()
            {
                row.MoveNext();
                return true;
            }
        }
    }
}
