using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>The parts of ML.NET that our users' pipelines are made of, with figures worked out by hand.</summary>
[TestClass]
public sealed class PipelineTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    public void TextFileGivesTypedColumns()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "number,text,a,b,key\n1.5,\"x, \"\"y\"\"\",1,2,0\n\n-2,,,4,3\n?,z\n");
            IDataView data = _ml.Data.LoadFromTextFile<TextRow>(path, ',', hasHeader: true, allowQuoting: true);
            CollectionAssert.AreEqual((float[])[1.5f, -2, float.NaN], data.GetColumn<float>("Number").ToArray());
            CollectionAssert.AreEqual((string[])["x, \"y\"", "", "z"], data.GetColumn<string>("Text").ToArray());
            CollectionAssert.AreEqual((float[])[0, 4], data.GetColumn<float[]>("Pair").ElementAt(1));
            CollectionAssert.AreEqual((uint[])[1, 0, 0], data.GetColumn<uint>("Key").ToArray(), "fields count keys from 0 and columns from 1; 0 is missing");
            Assert.AreEqual("Vector<Single, 2>", data.Schema["Pair"].Type.ToString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void NormalizersScaleByTheTrainingData()
    {
        IDataView data = Rows((2, 0), (float.NaN, 0), (4, 0));
        float[] Normalize(IEstimator<ITransformer> estimator) => estimator.Fit(data).Transform(data).GetColumn<float>("X").ToArray();
        CollectionAssert.AreEqual((float[])[0.5f, float.NaN, 1], Normalize(_ml.Transforms.NormalizeMinMax("X")));
        CollectionAssert.AreEqual((float[])[0, float.NaN, 1], Normalize(_ml.Transforms.NormalizeMinMax("X", fixZero: false)));
        CollectionAssert.AreEqual((float[])[-1, float.NaN, 1], Normalize(_ml.Transforms.NormalizeMeanVariance("X", fixZero: false)));
        float[] byRootMeanSquare = Normalize(_ml.Transforms.NormalizeMeanVariance("X"));
        Assert.AreEqual(2 / Math.Sqrt(10), byRootMeanSquare[0], 1e-7);
        Assert.AreEqual(4 / Math.Sqrt(10), byRootMeanSquare[2], 1e-7);
    }

    [TestMethod]
    public void NormalizerMakesAConstantColumnZero()
    {
        IDataView data = Rows((3, 0), (3, 0));
        CollectionAssert.AreEqual(new float[2], _ml.Transforms.NormalizeMinMax("X").Fit(data).Transform(data).GetColumn<float>("X").ToArray());
    }

    [TestMethod]
    public void EvaluateGivesTheFiguresWorkedOutByHand()
    {
        // The errors are 1, -2 and 0, the labels' variance is 8/3; the row without a label does not count.
        IDataView data = Rows((1, 2), (3, 1), (float.NaN, 9), (5, 5));
        RegressionMetrics metrics = _ml.Regression.Evaluate(data, "X", "Y");
        Assert.AreEqual(1, metrics.MeanAbsoluteError, 1e-12);
        Assert.AreEqual(5.0 / 3, metrics.MeanSquaredError, 1e-12);
        Assert.AreEqual(Math.Sqrt(5.0 / 3), metrics.RootMeanSquaredError, 1e-12);
        Assert.AreEqual(1 - 5.0 / 8, metrics.RSquared, 1e-12);
    }

    [TestMethod]
    public void ConcatenateNamesTheSlotsAfterTheirColumns()
    {
        IDataView data = Rows((1, 2));
        IDataView output = _ml.Transforms.Concatenate("Pair", "X", "Y").Append(_ml.Transforms.Concatenate("Three", "Pair", "X")).Fit(data).Transform(data);
        CollectionAssert.AreEqual((float[])[1, 2, 1], output.GetColumn<float[]>("Three").Single());
        VBuffer<ReadOnlyMemory<char>> names = default;
        output.Schema["Three"].GetSlotNames(ref names);
        CollectionAssert.AreEqual((string[])["Pair.X", "Pair.Y", "X"], names.DenseValues().Select(n => n.ToString()).ToArray());
    }

    [TestMethod]
    public void SplitsDependOnTheSeedAlone()
    {
        IDataView data = Rows(Enumerable.Range(0, 30).Select(i => ((float)i, 0f)).ToArray());
        // ML.NET draws these rows with these seeds.
        CollectionAssert.AreEqual((float[])[2, 12, 13, 28], _ml.Data.TrainTestSplit(data, 0.2, seed: 1).TestSet.GetColumn<float>("X").ToArray());
        CollectionAssert.AreEqual((float[])[3, 16, 17, 19, 22], _ml.Data.TrainTestSplit(data, 0.2, seed: 7).TestSet.GetColumn<float>("X").ToArray());
        var folds = _ml.Data.CrossValidationSplit(data, 3);
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 30).Select(i => (float)i).ToArray(), folds.SelectMany(f => f.TestSet.GetColumn<float>("X")).ToArray());
    }

    [TestMethod]
    public void ShuffledRowsComeInOneOrderForOneSeed()
    {
        IDataView data = Rows(Enumerable.Range(0, 50).Select(i => ((float)i, 0f)).ToArray());
        float[] Shuffle(int seed) => _ml.Data.ShuffleRows(data, seed).GetColumn<float>("X").ToArray();
        CollectionAssert.AreEqual(Shuffle(3), Shuffle(3));
        CollectionAssert.AreNotEqual(Shuffle(3), Shuffle(4));
        CollectionAssert.AreEquivalent(data.GetColumn<float>("X").ToArray(), Shuffle(3));
    }

    [TestMethod]
    public void CachedDataCanBeReadByManyThreadsAndIsReadOnceFromItsSource()
    {
        int read = 0;
        IEnumerable<Row> Source()
        {
            for (int i = 0; i < 500; i++)
            {
                Interlocked.Increment(ref read);
                yield return new() { X = i, Vector = [i, -i] };
            }
        }
        IDataView data = _ml.Data.Cache(_ml.Data.LoadFromEnumerable(Source()), "X", "Vector");
        float[] expected = data.GetColumn<float>("X").ToArray();
        Parallel.For(0, 8, _ =>
        {
            CollectionAssert.AreEqual(expected, data.GetColumn<float>("X").ToArray());
            CollectionAssert.AreEqual(expected, data.GetColumn<float[]>("Vector").Select(v => -v[1]).ToArray());
        });
        Assert.AreEqual(500, read);
    }

    [TestMethod]
    public void CursorRefusesInactiveColumnsAndOtherTypes()
    {
        IDataView data = Rows((1, 2));
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema["X"]]);
        Assert.IsFalse(cursor.IsColumnActive(data.Schema["Y"]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => cursor.GetGetter<float>(data.Schema["Y"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<double>(data.Schema["X"]));
    }

    [TestMethod]
    public void MisfitInAChainComesOutBeforeAnythingIsFitted()
    {
        IDataView data = Rows((1, 2));
        var chain = _ml.Transforms.Concatenate("Pair", "X", "Y").Append(_ml.Transforms.CopyColumns("Other", "Nowhere"));
        var exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => chain.Fit(data));
        StringAssert.StartsWith(exception.Message, "Could not find input column 'Nowhere'");
    }

    [TestMethod]
    public void ModelFileIsLaidOutAsMlNetLaysItOut()
    {
        IDataView data = Rows((1, 2), (3, 4));
        ITransformer model = _ml.Transforms.Concatenate("Pair", "X", "Y").Append(_ml.Transforms.NormalizeMinMax("Pair")).Fit(data);
        var file = new MemoryStream();
        _ml.Model.Save(model, data.Schema, file);

        using var zip = new ZipArchive(file, ZipArchiveMode.Read);
        CollectionAssert.IsSubsetOf((string[])["Schema", "TransformerChain/Model.key", "TransformerChain/Transform_000/Model.key",
            "TransformerChain/Transform_001/Model.key", "TransformerChain/Transform_001/Normalizer_000/Model.key"], zip.Entries.Select(e => e.FullName.Replace('\\', '/')).ToArray());
        byte[] header = Read(zip, "TransformerChain/Transform_000/Model.key");
        Assert.AreEqual("ML\0MODEL", Encoding.ASCII.GetString(header, 0, 8));
        Assert.AreEqual("CONCAT\0F", Encoding.ASCII.GetString(header, 0x40, 8));
        Assert.AreEqual("ConcatTransform", Encoding.ASCII.GetString(header, 0x50, 24).TrimEnd('\0'));
        int assembly = (int)BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(0x90));
        int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(0x98));
        Assert.AreEqual("Microsoft.ML.Data, Version=1.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51", Encoding.Unicode.GetString(header, assembly, length));

        file.Position = 0;
        ITransformer loaded = new MLContext().Model.Load(file, out DataViewSchema schema);
        CollectionAssert.AreEqual(data.Schema.Select(c => c.ToString()).ToArray(), schema.Select(c => c.ToString()).ToArray());
        CollectionAssert.AreEqual(model.Transform(data).GetColumn<float[]>("Pair").Last(), loaded.Transform(data).GetColumn<float[]>("Pair").Last());
    }

    private IDataView Rows(params (float X, float Y)[] rows) =>
        _ml.Data.LoadFromEnumerable(Array.ConvertAll(rows, r => new Row { X = r.X, Y = r.Y, Vector = [r.X, r.Y] }));

    private static byte[] Read(ZipArchive zip, string name)
    {
        using Stream entry = zip.Entries.Single(e => e.FullName.Replace('\\', '/') == name).Open();
        var bytes = new MemoryStream();
        entry.CopyTo(bytes);
        return bytes.ToArray();
    }

    private sealed class Row
    {
        public float X { get; set; }

        public float Y { get; set; }

        [VectorType(2)]
        public float[] Vector { get; set; } = [];
    }

    private sealed class TextRow
    {
        [LoadColumn(0)]
        public float Number { get; set; }

        [LoadColumn(1)]
        public string Text { get; set; } = "";

        [LoadColumn(2, 3)]
        public float[] Pair { get; set; } = [];

        [LoadColumn(4)]
        [KeyType(3)]
        public uint Key { get; set; }
    }
}
