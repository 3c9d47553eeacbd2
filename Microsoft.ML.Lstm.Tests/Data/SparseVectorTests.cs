using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Tests.Trainers;

namespace Microsoft.ML.Lstm.Tests.Data;

/// <summary>Vectors that store only what isn't zero stand for the same sequences as those that store everything.</summary>
[TestClass]
public sealed class SparseVectorTests
{
    [TestMethod]
    [DataRow(10)]
    [DataRow(0)]
    public void SparseAndDenseVectorsTrainAndScoreAlike(int size)
    {
        var random = new Random(3);
        float[][] sequences = [.. Enumerable.Range(0, 30).Select(_ =>
        {
            float[] values = new float[size > 0 ? size : 2 * random.Next(1, 6)];
            for (int i = 0; i < values.Length; i += random.Next(1, 5))
                values[i] = random.NextSingle();
            return values;
        })];
        float[][] expected = FitAndScore(sequences.Select(values => new VBuffer<float>(values.Length, values)));
        EstimatorHarness.AssertSame(expected, FitAndScore(sequences.Select(Sparse)));
        Assert.HasCount(30, expected.DistinctBy(score => score[0]).ToArray());

        float[][] FitAndScore(IEnumerable<VBuffer<float>> vectors)
        {
            var ml = new MLContext(seed: 1);
            SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
            schema["Features"].ColumnType = Example.Vector(size);
            IDataView data = ml.Data.LoadFromEnumerable(vectors.Select((vector, i) => new Row { Features = vector, Label = i }), schema);
            LstmRegressionTransformer model = ml.Regression.Trainers.Lstm(SmallOptions.Create()).Fit(data);
            return EstimatorHarness.Values(model.Transform(data), "Score");
        }
    }

    private static VBuffer<float> Sparse(float[] values)
    {
        int[] indices = [.. Enumerable.Range(0, values.Length).Where(i => values[i] != 0)];
        return new VBuffer<float>(values.Length, indices.Length, [.. indices.Select(i => values[i])], indices);
    }

    private sealed class Row
    {
        public VBuffer<float> Features { get; set; }

        public float Label { get; set; }
    }
}
