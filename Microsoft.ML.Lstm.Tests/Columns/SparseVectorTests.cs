using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Columns;

/// <summary>Sparse vectors stand for the same numbers as dense ones.</summary>
[TestClass]
public sealed class SparseVectorTests
{
    private const int Rows = 40;

    public static IEnumerable<(string Trainer, int Size)> Trainers
        => from trainer in (string[])[.. AnyTrainer.Names, AnyTrainer.Autoencoder] from size in (int[])[10, 0] select (trainer, size);

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void SparseAndDenseFeaturesStaticsAndTokensTrainAndScoreAlike(string trainer, int size)
    {
        Row[] dense = MakeRows(size, Dense), sparse = MakeRows(size, Sparse);
        IEstimator<SequencePredictionTransformer> Create(MLContext ml) => AnyTrainer.CreateAny(ml, trainer, options =>
        {
            options.StaticFeatureColumnName = "Statics";
            if (trainer != AnyTrainer.Autoencoder)
                options.FeatureColumnNames = ["Features", "Tokens"];
        });

        (SequencePredictionTransformer expected, string[][] expectedScores) = FitAndScore(dense, size, Create);
        (SequencePredictionTransformer found, string[][] scores) = FitAndScore(sparse, size, Create);

        AnyTrainer.AssertSameWeights(expected, found);
        EstimatorHarness.AssertSame(expectedScores, scores);
        Assert.DoesNotContain("NaN", scores.SelectMany(values => values));
        // The row mapper reads sparse vectors as the cursor does.
        EstimatorHarness.AssertSame(expectedScores, MapRows(found, Load(new MLContext(), sparse, size)));
        EstimatorHarness.AssertSame(expectedScores, MapRows(found, Load(new MLContext(), dense, size)));
    }

    [TestMethod]
    public void SparseAndDenseVectorLabelsTrainAlike()
    {
        IEstimator<SequencePredictionTransformer> Create(MLContext ml) =>
            AnyTrainer.Create(ml, AnyTrainer.Regression, options => options.LabelColumnName = "Labels");
        (SequencePredictionTransformer expected, _) = FitAndScore(MakeRows(10, Dense), 10, Create);
        (SequencePredictionTransformer found, _) = FitAndScore(MakeRows(10, Sparse), 10, Create);
        AnyTrainer.AssertSameWeights(expected, found);
    }

    [TestMethod]
    public void ARowOfZerosThatAreNotStoredIsNotSkipped()
    {
        var ml = new MLContext(seed: 1);
        var warnings = new List<string>();
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == Runtime.ChannelMessageKind.Warning)
                warnings.Add(entry.RawMessage);
        };
        Row[] rows = MakeRows(10, Sparse);
        Assert.AreEqual(0, rows[0].Features.GetValues().Length + rows[0].Statics.GetValues().Length + rows[0].Labels.GetValues().Length);
        AnyTrainer.Create(ml, AnyTrainer.Regression, options =>
        {
            (options.LabelColumnName, options.StaticFeatureColumnName, options.BadRows) = ("Labels", "Statics", BadRowHandling.Throw);
        }).Fit(Load(ml, rows, 10));
        Assert.IsEmpty(warnings);
    }

    [TestMethod]
    public void SparseAndDenseInputsOfAWindowAreTheSameWindow()
    {
        float[][] Windows(Func<float[], VBuffer<float>> form)
        {
            var ml = new MLContext();
            IDataView data = Load(ml, MakeRows(10, form), 10);
            return EstimatorHarness.Values(ml.Transforms.SlidingWindow("Window", windowSize: 3, inputColumnNames: ["Statics", "Labels"],
                labelColumnName: "Next", labelSourceColumnName: "Labels")
                .Fit(data).Transform(data), "Window");
        }
        EstimatorHarness.AssertSame(Windows(Dense), Windows(Sparse));
    }

    private static (SequencePredictionTransformer Model, string[][] Scores) FitAndScore(Row[] rows, int size,
        Func<MLContext, IEstimator<SequencePredictionTransformer>> create)
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Load(ml, rows, size);
        SequencePredictionTransformer model = create(ml).Fit(data);
        return (model, ColumnReader.Read(model.Transform(data), "Score"));
    }

    private static IDataView Load(MLContext ml, Row[] rows, int size)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema["Features"].ColumnType = Example.Vector(size);
        schema["Statics"].ColumnType = Example.Vector(3);
        schema["Labels"].ColumnType = Example.Vector(2);
        var keys = new KeyDataViewType(typeof(uint), 4);
        schema["Tokens"].ColumnType = new VectorDataViewType(keys, size / 2);
        schema["StepClasses"].ColumnType = new VectorDataViewType(keys, size / 2);
        return ml.Data.LoadFromEnumerable(rows, schema);
    }

    private static string[][] MapRows(SequencePredictionTransformer model, IDataView data)
    {
        IRowToRowMapper mapper = ((ITransformer)model).GetRowToRowMapper(data.Schema);
        DataViewSchema.Column score = mapper.OutputSchema["Score"];
        using DataViewRowCursor cursor = data.GetRowCursor(mapper.GetDependencies([score]));
        Func<string[]> get = ColumnReader.Getter(mapper.GetRow(cursor, [score]), score);
        var values = new List<string[]>();
        while (cursor.MoveNext())
            values.Add(get());
        return [.. values];
    }

    /// <summary>Rows with many zeros; the first has nothing but zeros and its labels.</summary>
    private static Row[] MakeRows(int size, Func<float[], VBuffer<float>> form)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, Rows).Select(i =>
        {
            int steps = size > 0 ? size / 2 : random.Next(1, 6);
            float[] Numbers(int count) =>
                [.. Enumerable.Range(0, count).Select(_ => i > 0 && random.Next(3) == 0 ? random.NextSingle() - 0.5f : 0)];
            float[] Keys(int least) => [.. Enumerable.Range(0, steps).Select(_ => i == 0 ? least : (float)random.Next(least, 5))];
            return new Row
            {
                Features = form(Numbers(2 * steps)),
                Statics = form(Numbers(3)),
                Labels = form(Numbers(2)),
                Tokens = ToKeys(form(Keys(0))),
                StepClasses = ToKeys(form(Keys(1))),
                Label = i,
                IsHigh = i % 3 == 0,
                Class = (uint)(i % 3),
            };
        })];
    }

    private static VBuffer<float> Dense(float[] values) => new(values.Length, values);

    private static VBuffer<float> Sparse(float[] values)
    {
        int[] indices = [.. Enumerable.Range(0, values.Length).Where(i => values[i] != 0)];
        return new VBuffer<float>(values.Length, indices.Length, [.. indices.Select(i => values[i])], indices);
    }

    private static VBuffer<uint> ToKeys(VBuffer<float> values)
    {
        uint[] keys = Array.ConvertAll(values.GetValues().ToArray(), value => (uint)value);
        return values.IsDense
            ? new VBuffer<uint>(values.Length, keys)
            : new VBuffer<uint>(values.Length, keys.Length, keys, values.GetIndices().ToArray());
    }

    private sealed class Row
    {
        public VBuffer<float> Features { get; set; }

        public VBuffer<float> Statics { get; set; }

        public VBuffer<float> Labels { get; set; }

        public VBuffer<uint> Tokens { get; set; }

        public VBuffer<uint> StepClasses { get; set; }

        public float Label { get; set; }

        public bool IsHigh { get; set; }

        [KeyType(3)]
        public uint Class { get; set; }
    }
}
