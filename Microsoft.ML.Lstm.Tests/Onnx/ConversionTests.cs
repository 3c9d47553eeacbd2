using System.Globalization;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;

namespace Microsoft.ML.Lstm.Tests.Onnx;

/// <summary>
/// Pipelines that ML.NET's <c>ConvertToOnnx</c> converted give the same figures when its <c>ApplyOnnxModel</c> scores them.
/// </summary>
[TestClass]
public sealed class ConversionTests
{
    private readonly MLContext _ml = new(seed: 1);

    public static IEnumerable<object[]> Trainers => AnyTrainer.Names.Append(AnyTrainer.Autoencoder).Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void EachTransformerIsConverted(string trainer)
    {
        foreach (CellType cell in OnnxCell.All.Select(known => known.Cell))
        {
            AssertConverted(_ml.Data.LoadFromEnumerable(SequenceRow.Make(12)), Fit(trainer, options =>
            {
                options.CellType = cell;
                options.EncodingColumnName = trainer == AnyTrainer.Labeling ? null : "Encoding";
            }));
        }
    }

    private SequencePredictionTransformer Fit(string trainer, Action<SequenceInputOptions> change)
        => AnyTrainer.CreateAny(_ml, trainer, options =>
        {
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
            change(options);
        }).Fit(AnyTrainer.Data(_ml, Example.Make(40, variable: true)));

    /// <summary>What the model adds to rows comes out of its conversion too, row by row.</summary>
    private void AssertConverted(IDataView data, ITransformer model)
    {
        string[] inputs = [.. data.Schema.Select(column => column.Name)];
        IDataView expected = model.Transform(data);
        string[] outputs = [.. expected.Schema.Skip(inputs.Length).Where(column => !column.IsHidden).Select(column => column.Name)];
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream stream = File.Create(path))
                _ml.Model.ConvertToOnnx(model, data, stream);
            IDataView actual = _ml.Transforms.ApplyOnnxModel([.. outputs.Select(output => $"{output}.output")], inputs, path).Fit(data)
                .Transform(data);
            foreach (string output in outputs)
                AssertSame(ColumnReader.Read(expected, output), ColumnReader.Read(actual, output), output);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void AssertSame(string[][] expected, string[][] actual, string column)
    {
        Assert.HasCount(expected.Length, actual, column);
        double scale = Math.Max(1e-3, expected.SelectMany(row => row).Select(Number).Where(double.IsFinite).Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.HasCount(expected[i].Length, actual[i], $"{column}, row {i}");
            for (int j = 0; j < expected[i].Length; j++)
                Assert.AreEqual(Number(expected[i][j]), Number(actual[i][j]), 1e-5 * scale, $"{column}, row {i}, value {j}");
        }

        static double Number(string value)
            => bool.TryParse(value, out bool isTrue) ? Convert.ToDouble(isTrue) : double.Parse(value, CultureInfo.InvariantCulture);
    }

    private sealed class SequenceRow
    {
        public float[] Features { get; set; } = [];

        public static SequenceRow[] Make(int count) => [.. Example.Make(count, variable: true, seed: 3).Select(row => new SequenceRow
        {
            Features = row.Features,
        })];
    }
}
