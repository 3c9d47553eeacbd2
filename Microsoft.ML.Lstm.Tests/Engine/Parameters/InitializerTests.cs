using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Parameters;

[TestClass]
public sealed class InitializerTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(95)]
    [DataRow(97)]
    [DataRow(300)]
    [DataRow(611)]
    public void ALargeRandomMatrixIsOrthogonalWhateverItsSize(int size)
    {
        float[] matrix = Make(size, key: 5, new WorkerTeam(2));
        for (int i = 0; i < size; i += 1 + size / 40)
        {
            for (int j = 0; j < size; j++)
            {
                double product = 0;
                for (int k = 0; k < size; k++)
                    product += (double)matrix[i * size + k] * matrix[j * size + k];
                Assert.AreEqual(i == j ? 1 : 0, product, 2e-6, $"rows {i} and {j}");
            }
        }
    }

    [TestMethod]
    public void NeitherThreadsNorRepetitionChangeABitOfALargeMatrixAndTheKeyDoes()
    {
        float[] expected = Make(530, key: 1, new WorkerTeam(1));
        foreach (int threads in new[] { 1, 2, 3, 5 })
            CollectionAssert.AreEqual(expected, Make(530, key: 1, new WorkerTeam(threads)));
        CollectionAssert.AreNotEqual(expected, Make(530, key: 2, new WorkerTeam(1)));
    }

    [TestMethod]
    public void LargeMatricesAreSpreadEvenly()
    {
        // Under the Haar measure each element has the variance 1 / size, its fourth power the mean 3 / (size · (size + 2)), and both signs
        // the same probability.
        const int size = 600;
        float[] matrix = Make(size, key: 3, new WorkerTeam(2));
        Assert.AreEqual(3.0 * size / (size + 2), matrix.Sum(value => Math.Pow(value, 4)), 0.05);
        double trace = Enumerable.Range(0, size).Sum(i => (double)matrix[i * (size + 1)]);
        Assert.IsLessThan(4, Math.Abs(trace));
        Assert.IsLessThan(4, Math.Abs(TensorPrimitives.Sum<float>(matrix.AsSpan(0, size))));
        Assert.AreEqual(0.5, matrix.Count(value => value > 0) / (double)matrix.Length, 0.01);
    }

    [TestMethod]
    public void AMatrixOfTwoIsARotationOrAReflectionByAnyAngle()
    {
        var quadrants = new HashSet<(bool, bool, bool)>();
        for (ulong key = 0; key < 200; key++)
        {
            float[] matrix = Make(2, key, new WorkerTeam(1));
            quadrants.Add((matrix[0] > 0, matrix[1] > 0, matrix[0] * matrix[3] - matrix[1] * matrix[2] > 0));
        }
        Assert.HasCount(8, quadrants);
    }

    [TestMethod]
    public void InitializationIsCancelled()
    {
        foreach (int size in new[] { 100, 700 })
        {
            var parameters = new ParameterSet(new NetworkShape { Cell = CellType.Lstm, InputSize = 3, HiddenSize = size, OutputSize = 1 });
            Assert.ThrowsExactly<OperationCanceledException>(() =>
                Initializer.Initialize(parameters, 1, new Random(1), new WorkerTeam(2), new CancellationToken(canceled: true)));
        }
    }

    private static float[] Make(int size, ulong key, WorkerTeam team)
    {
        float[] matrix = new float[size * size + 1];
        OrthogonalMatrix.Fill(matrix, offset: 1, size, key, team, CancellationToken.None);
        return matrix[1..];
    }
}
