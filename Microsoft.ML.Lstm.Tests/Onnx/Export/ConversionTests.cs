using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>
/// Pipelines that ML.NET's <c>ConvertToOnnx</c> converted give the same figures when its <c>ApplyOnnxModel</c> scores them.
/// </summary>
[TestClass]
public sealed class ConversionTests
{
    private readonly MLContext _ml = new(seed: 1);

    public static IEnumerable<object[]> Trainers
        => from name in (string[])[.. AnyTrainer.Names, .. AnyTrainer.PerStep, AnyTrainer.Autoencoder] select new object[] { name };

    public static IEnumerable<object[]> Predictors
        => from name in (string[])[.. AnyTrainer.Names, .. AnyTrainer.PerStep] select new object[] { name };

    public static IEnumerable<object[]> PoolingsOfCells =>
        from known in OnnxCell.All
        from pooling in Enum.GetValues<Pooling>()
        select new object[] { known.Cell, pooling };

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void EachTransformerIsConverted(string trainer)
    {
        foreach (CellType cell in OnnxCell.All.Select(known => known.Cell))
        {
            AssertConverted(_ml.Data.LoadFromEnumerable(SequenceRow.Make(12)), Fit(trainer, options =>
            {
                options.CellType = cell;
                options.EncodingColumnName = AnyTrainer.HasEncoding(trainer) ? "Encoding" : null;
            }));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Predictors))]
    public void SeveralNetworksAreConverted(string trainer)
        => AssertConverted(_ml.Data.LoadFromEnumerable(SequenceRow.Make(12)), Fit(trainer, options =>
        {
            options.Effort = TrainingEffort.Best;
            ((SequenceTrainerOptions)options).Convolution = ConvolutionOptions.Off();
            options.EncodingColumnName = AnyTrainer.HasEncoding(trainer) ? "Encoding" : null;
        }));

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void RowsThatCannotBeScoredAreMissing(string trainer)
    {
        // Ours has no labels of steps with NaN, the file as many that are missing.
        SequenceRow last = !AnyTrainer.HasEncoding(trainer) ? new() : new() { Features = [1, float.NaN, 2, 3] };
        IDataView data = _ml.Data.LoadFromEnumerable([new SequenceRow(), .. SequenceRow.Make(2), last]);
        foreach (object[] kind in PoolingsOfCells)
        {
            AssertConverted(data, Fit(trainer, options =>
            {
                options.CellType = (CellType)kind[0];
                if (options is SequenceTrainerOptions predicting && AnyTrainer.HasEncoding(trainer))
                    predicting.Pooling = (Pooling)kind[1];
            }));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Predictors))]
    public void RowsWithoutKeysAreMissing(string trainer)
        => AssertConverted(_ml.Data.LoadFromEnumerable([new KeyRow { Statics = [1, 2] }, .. KeyRow.Make(2)]), Fit(trainer, options =>
            options.FeatureColumnNames = ["Tokens"]));

    [TestMethod]
    [DynamicData(nameof(Trainers))]
    public void EachOperatorSetOfTheConverterWillDo(string trainer)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(SequenceRow.Make(12));
        SequencePredictionTransformer model = Fit(trainer, _ => { });
        for (int operatorSet = 9; operatorSet <= 12; operatorSet++)
        {
            using var stream = new MemoryStream();
            _ml.Model.ConvertToOnnx(model, data, operatorSet, stream);
            using InferenceSession session = OnnxRun.Load(stream.ToArray());
            Assert.HasCount(model.Transform(data).Schema.Count, session.OutputMetadata);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Predictors))]
    public void KeysAndStaticFeaturesAreConverted(string trainer)
    {
        SequencePredictionTransformer model = Fit(trainer, options =>
        {
            options.FeatureColumnNames = ["Shapes", "Features", "Tokens"];
            options.StaticFeatureColumnName = "Statics";
        });
        AssertConverted(_ml.Data.LoadFromEnumerable(KeyRow.Make(12)), model);
    }

    [TestMethod]
    public void TheNameOfAClassIsConverted()
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(60, variable: true));
        ITransformer label = _ml.Transforms.Conversion.MapValueToKey("Named", nameof(Example.ClassName)).Fit(data);
        SequencePredictionTransformer model = AnyTrainer.Create(_ml, AnyTrainer.Multiclass, options => options.LabelColumnName = "Named")
            .Fit(label.Transform(data));
        IDataView rows = _ml.Data.LoadFromEnumerable(SequenceRow.Make(12));
        ITransformer name = _ml.Transforms.Conversion.MapKeyToValue("Name", "PredictedLabel").Fit(model.Transform(rows));
        AssertConverted(rows, new TransformerChain<ITransformer>(model, name), "Score", "Name");
    }

    [TestMethod]
    public void ARandomFieldIsLeftOutAndTheLogSaysWhy()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(SequenceRow.Make(3));
        SequencePredictionTransformer model = AnyTrainer.Fit(AnyTrainer.Labeling, Example.Make(40, variable: true)).Model;
        var log = new List<string>();
        _ml.Log += (_, entry) => log.Add(entry.RawMessage);
        using var stream = new MemoryStream();
        var loaded = (ITransformer)_ml.Transforms.CopyColumns("Copy", "Features").Fit(data).Append(Rebound(model));
        Assert.ThrowsExactly<InvalidOperationException>(() => _ml.Model.ConvertToOnnx(loaded, data, stream));
        Assert.Contains("Column 'PredictedLabel' of LstmSequenceLabelingTransformer cannot be converted to ONNX, so the model doesn't have "
            + "it: a conditional random field needs a loop, which nodes that ML.NET writes can't have; ExportToOnnx writes it.", log);
    }

    [TestMethod]
    [DynamicData(nameof(PoolingsOfCells))]
    public void WordsOfATextAreConverted(CellType cell, Pooling pooling)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(TextRow.Make(40));
        ITransformer model = _ml.Transforms.Text.TokenizeIntoWords("Words", nameof(TextRow.Text))
            .Append(_ml.Transforms.Conversion.MapValueToKey("Tokens", "Words"))
            .Append(_ml.Regression.Trainers.Lstm(Small("Tokens", options => (options.CellType, options.Pooling) = (cell, pooling))))
            .Fit(data);
        // A word that training did not have is the missing key, and a text may have none.
        AssertConverted(_ml.Data.LoadFromEnumerable([.. TextRow.Make(12), new() { Text = "good unheard bad" }, new()]), model, "Score");
    }

    [TestMethod]
    public void NormalizedAndJoinedColumnsAreConverted()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(FlatRow.Make(40));
        ITransformer model = _ml.Transforms.NormalizeMinMax("First")
            .Append(_ml.Transforms.NormalizeMeanVariance("Second"))
            .Append(_ml.Transforms.Concatenate("Features", "First", "Second"))
            .Append(_ml.Regression.Trainers.Lstm(Small("Features", options => options.FeaturesPerStep = 2)))
            .Fit(data);
        AssertConverted(data, model, "Score");
    }

    [TestMethod]
    public void StepsAndFeaturesAsDimensionsAreConverted()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(FlatRow.Make(40));
        ITransformer model = _ml.Regression.Trainers.Lstm(Small("Steps", options => options.Bidirectional = true)).Fit(data);
        AssertConverted(data, model, "Score");
        AssertConverted(data, _ml.Transforms.CopyColumns("Copy", "Steps")
            .Append(_ml.Regression.Trainers.Lstm(Small("Copy", options => options.FeatureColumnNames = ["Copy", "Steps"])))
            .Fit(data), "Score");
    }

    [TestMethod]
    public void TwoNetworksInOnePipelineAreConverted()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(FlatRow.Make(60));
        ITransformer model = _ml.Regression.Trainers.Lstm(Small("Steps", options => options.EncodingColumnName = "First code"))
            .Append(_ml.Regression.Trainers.Lstm(Small("First code", options => options.EncodingColumnName = "Second code")))
            .Fit(data);
        AssertConverted(data, model, "First code", "Second code", "Score");
    }

    [TestMethod]
    public void ATrainerBehindTheEncodingIsConverted()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(FlatRow.Make(400));
        ITransformer model = _ml.Regression.Trainers.Lstm(Small("Steps", options => options.EncodingColumnName = "Encoding"))
            .Append(_ml.Regression.Trainers.LightGbm(featureColumnName: "Encoding"))
            .Fit(data);
        AssertConverted(data, model, "Encoding", "Score");
    }

    /// <summary>The same transformer in the context of the test, whose log it writes to.</summary>
    private ITransformer Rebound(ITransformer model)
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(model, inputSchema: null, stream);
        stream.Position = 0;
        return _ml.Model.Load(stream, out _);
    }

    private static LstmRegressionTrainer.Options Small(string features, Action<LstmRegressionTrainer.Options>? change = null)
    {
        var options = new LstmRegressionTrainer.Options { FeatureColumnName = features, HiddenSize = 6, NumberOfEpochs = 3, Seed = 2 };
        change?.Invoke(options);
        return options;
    }

    private SequencePredictionTransformer Fit(string trainer, Action<SequenceInputOptions> change)
        => AnyTrainer.CreateAny(_ml, trainer, options =>
        {
            if (options is LstmSequenceLabelingTrainer.Options labeling)
                labeling.UseConditionalRandomField = false;
            change(options);
        }).Fit(AnyTrainer.Data(_ml, Example.Make(40, variable: true)));

    /// <summary>What the model adds to rows comes out of its conversion too, row by row.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="model">The model.</param>
    /// <param name="outputs">The columns to compare; all that it adds, unless some are named.</param>
    private void AssertConverted(IDataView data, ITransformer model, params string[] outputs)
    {
        string[] inputs = [.. data.Schema.Select(column => column.Name)];
        IDataView expected = model.Transform(data);
        if (outputs.Length == 0)
            outputs = [.. expected.Schema.Skip(inputs.Length).Where(column => !column.IsHidden).Select(column => column.Name)];
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
        double scale = Math.Max(1e-3, expected.SelectMany(row => row).Select(Number).OfType<double>().Where(double.IsFinite)
            .DefaultIfEmpty(0).Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.HasCount(expected[i].Length, actual[i], $"{column}, row {i}");
            for (int j = 0; j < expected[i].Length; j++)
            {
                if (Number(expected[i][j]) is { } number)
                    Assert.AreEqual(number, Number(actual[i][j])!.Value, 1e-5 * scale, $"{column}, row {i}, value {j}");
                else
                    Assert.AreEqual(expected[i][j], actual[i][j], $"{column}, row {i}, value {j}");
            }
        }

        static double? Number(string value)
            => bool.TryParse(value, out bool isTrue) ? Convert.ToDouble(isTrue)
                : double.TryParse(value, CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    private sealed class SequenceRow
    {
        public float[] Features { get; set; } = [];

        public static SequenceRow[] Make(int count) => [.. Example.Make(count, variable: true, seed: 3).Select(row => new SequenceRow
        {
            Features = row.Features,
        })];
    }

    private sealed class KeyRow
    {
        [KeyType(4)]
        public byte[] Shapes { get; set; } = [];

        public float[] Features { get; set; } = [];

        [KeyType(Example.Vocabulary)]
        public uint[] Tokens { get; set; } = [];

        [VectorType(2)]
        public float[] Statics { get; set; } = [];

        public static KeyRow[] Make(int count) => [.. Example.Make(count, variable: true, seed: 4).Select(row => new KeyRow
        {
            Shapes = row.Shapes,
            Features = row.Features,
            Tokens = row.Tokens,
            Statics = row.Statics,
        })];
    }

    private sealed class TextRow
    {
        private static readonly string[] Words = ["good", "bad", "very", "not", "quite"];

        public string Text { get; set; } = "";

        public float Label { get; set; }

        public static TextRow[] Make(int count)
        {
            var random = new Random(21);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                string[] words = [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => Words[random.Next(Words.Length)])];
                return new TextRow { Text = string.Join(' ', words), Label = words.Count(word => word == "good") };
            })];
        }
    }

    private sealed class FlatRow
    {
        [VectorType(4)]
        public float[] First { get; set; } = [];

        [VectorType(6)]
        public float[] Second { get; set; } = [];

        [VectorType(5, 2)]
        public float[] Steps { get; set; } = [];

        public float Label { get; set; }

        public static FlatRow[] Make(int count)
        {
            var random = new Random(22);
            return [.. Enumerable.Range(0, count).Select(_ =>
            {
                float[] steps = Numbers(10);
                return new FlatRow { First = Numbers(4), Second = Numbers(6), Steps = steps, Label = 5 + steps[0] - steps[9] };
            })];

            float[] Numbers(int size) => [.. Enumerable.Range(0, size).Select(_ => random.NextSingle() * 2 - 1)];
        }
    }
}
