using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>An encoder and its decoder's step as ONNX files: ONNX Runtime writes greedily what we write, and the files come back.</summary>
[TestClass]
public sealed class SequenceToSequenceExportTests
{
    private const int Symbols = 9, Unseen = 4;

    private static readonly MLContext Ml = new(seed: 1);

    [TestMethod]
    [DataRow(CellType.Lstm, SourceAttention.General, true, 1, 2, true)]
    [DataRow(CellType.Lstm, SourceAttention.General, false, 2, 1, true)]
    [DataRow(CellType.Gru, SourceAttention.General, true, 1, 2, false)]
    [DataRow(CellType.Lstm, SourceAttention.Additive, true, 2, 2, true)]
    [DataRow(CellType.Rnn, SourceAttention.Additive, false, 1, 1, true)]
    [DataRow(CellType.Lstm, SourceAttention.Dot, true, 2, 2, false)]
    [DataRow(CellType.Gru, SourceAttention.None, false, 1, 2, true)]
    [DataRow(CellType.Lstm, SourceAttention.None, true, 1, 1, true)]
    public void OnnxRuntimeWritesWhatWeWrite(CellType cell, SourceAttention attention, bool feeds, int layers, int decoderLayers,
        bool isBidirectional)
    {
        AssertSame(Fit(options =>
        {
            (options.CellType, options.Attention, options.InputFeeding) = (cell, attention, feeds);
            (options.NumberOfLayers, options.NumberOfDecoderLayers, options.Bidirectional) = (layers, decoderLayers, isBidirectional);
            options.AttentionColumnName = attention == SourceAttention.None ? null : "Weights";
        }));
    }

    [TestMethod]
    [DataRow(SourceAttention.General)]
    [DataRow(SourceAttention.Additive)]
    public void SeveralNetworksThatReadNumbersAndStaticFeaturesWriteWhatWeWrite(SourceAttention attention)
    {
        LstmSequenceToSequenceTransformer model = Fit(options =>
        {
            (options.Effort, options.Attention, options.AttentionColumnName) = (TrainingEffort.Best, attention, "Weights");
            options.FeatureColumnNames = ["Source", "Heights"];
            options.StaticFeatureColumnName = "Statics";
        });
        Assert.IsGreaterThan(1, model.Model.Members.Count);
        AssertSame(model);
    }

    [TestMethod]
    public void ARowThatCannotBeReadIsNaNAndLeavesOthersAlone()
    {
        LstmSequenceToSequenceTransformer model = Fit(options =>
        {
            (options.FeatureColumnNames, options.AttentionColumnName) = (["Source", "Heights"], "Weights");
            options.Bidirectional = false;
        });
        Row[] rows = Rows(4, seed: 3);
        rows[1].Heights[0] = float.NaN;
        (rows[2].Source, rows[2].Heights) = ([], []);
        (InferenceSession encoder, InferenceSession step) = Load(model);
        using (encoder)
        using (step)
        {
            Written[] written = Write(encoder, step, rows, model.MaximumOutputLength);
            Assert.IsTrue(float.IsNaN(written[1].Score) && float.IsNaN(written[2].Score));
            Written[] expected = Expected(model, rows);
            Assert.IsTrue(float.IsNaN(expected[1].Score) && float.IsNaN(expected[2].Score));
            foreach (int row in new[] { 0, 3 })
                AssertNear(expected[row], written[row], rows[row].Source.Length);
            Assert.IsTrue(Write(encoder, step, [rows[2], rows[2]], 3).All(one => float.IsNaN(one.Score)));
        }
    }

    [TestMethod]
    public void BothFilesTogetherGiveTheTransformerBack()
    {
        LstmSequenceToSequenceTransformer model = Fit(options =>
        {
            (options.Attention, options.AttentionColumnName) = (SourceAttention.Additive, "Weights");
            options.BeamSize = 3;
        });
        (byte[] encoder, byte[] step) = Export(model);
        LstmSequenceToSequenceTransformer again = Ml.Model.LoadLstmFromOnnx(new MemoryStream(encoder), new MemoryStream(step));
        IDataView data = Data(Rows(20, seed: 3));
        foreach (string column in new[] { "PredictedLabel", "Score", "Weights" })
            EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), column), ColumnReader.Read(again.Transform(data), column));
        (byte[] encoderAgain, byte[] stepAgain) = Export(again);
        CollectionAssert.AreEqual(encoder, encoderAgain);
        CollectionAssert.AreEqual(step, stepAgain);

        // Weights that were changed elsewhere are taken; what follows from the description is compared.
        ModelProto changed = ModelProto.Parser.ParseFrom(step);
        TensorProto combine = changed.Graph.Initializer.Single(tensor => tensor.Name == "network/decoder.combine.weight");
        byte[] weights = combine.RawData.ToByteArray();
        BitConverter.GetBytes(0.75f).CopyTo(weights, 0);
        combine.RawData = ByteString.CopyFrom(weights);
        LstmSequenceToSequenceTransformer other = Ml.Model.LoadLstmFromOnnx(new MemoryStream(encoder),
            new MemoryStream(changed.ToByteArray()));
        Assert.AreEqual(0.75f, other.Model.Weights["decoder.attention.combine.weight"].Span[0]);
        TensorProto places = changed.Graph.Initializer.Single(tensor => tensor.Name == "network/decoder.places");
        byte[] indices = places.RawData.ToByteArray();
        indices[0]++;
        places.RawData = ByteString.CopyFrom(indices);
        Assert.ThrowsExactly<InvalidDataException>(()
            => Ml.Model.LoadLstmFromOnnx(new MemoryStream(encoder), new MemoryStream(changed.ToByteArray())));
        combine.Name = "other";
        Assert.ThrowsExactly<InvalidDataException>(()
            => Ml.Model.LoadLstmFromOnnx(new MemoryStream(encoder), new MemoryStream(changed.ToByteArray())));
    }

    [TestMethod]
    [DataRow(true, false)]
    [DataRow(false, true)]
    public void OutputsThatTheFilesHaveNoPlaceForAreRefusedByName(bool isTied, bool writesUnknown)
    {
        LstmSequenceToSequenceTransformer model = Fit(options =>
            (options.TieEmbeddings, options.WriteUnknown, options.NumberOfEpochs) = (isTied, writesUnknown, 1));
        string message = Assert.ThrowsExactly<NotSupportedException>(() => Export(model)).Message;
        StringAssert.Contains(message, isTied ? "TieEmbeddings" : "WriteUnknown");
        Assert.DoesNotContain(isTied ? "WriteUnknown" : "TieEmbeddings", message);
    }

    [TestMethod]
    public void OneFileAloneIsRefusedByName()
    {
        LstmSequenceToSequenceTransformer model = Fit(options => options.Bidirectional = false);
        StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => model.ExportToOnnx(new MemoryStream())).Message,
            "ExportToOnnx(encoder, decoderStep)");
        (byte[] encoder, byte[] step) = Export(model);
        foreach (byte[] file in new[] { encoder, step })
        {
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(() => Ml.Model.LoadLstmFromOnnx(new MemoryStream(file)))
                .Message, "LoadLstmFromOnnx(encoder, decoderStep)");
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(()
                => SequenceModelParameters.LoadOnnx(new MemoryStream(file))).Message, "LoadLstmFromOnnx");
        }
        Assert.ThrowsExactly<InvalidDataException>(() => Ml.Model.LoadLstmFromOnnx(new MemoryStream(step), new MemoryStream(encoder)));
        Assert.ThrowsExactly<InvalidDataException>(() => Ml.Model.LoadLstmFromOnnx(new MemoryStream(encoder), new MemoryStream(encoder)));
        var other = new MemoryStream();
        AnyTrainer.Fit(AnyTrainer.Regression, Example.Make(40)).Model.ExportToOnnx(other);
        foreach ((byte[] first, byte[] second) in new[] { (encoder, other.ToArray()), (other.ToArray(), step) })
            StringAssert.Contains(Assert.ThrowsExactly<NotSupportedException>(()
                => Ml.Model.LoadLstmFromOnnx(new MemoryStream(first), new MemoryStream(second))).Message, "LstmRegressionTransformer");
        Assert.ThrowsExactly<ArgumentNullException>(() => model.ExportToOnnx(new MemoryStream(), null!));
    }

    private static void AssertSame(LstmSequenceToSequenceTransformer model)
    {
        (InferenceSession encoder, InferenceSession step) = Load(model);
        using (encoder)
        using (step)
        {
            Assert.AreEqual(Symbols + 1, step.OutputMetadata["LogProbabilities"].Dimensions[1]);
            Row[] rows = Rows(12, seed: 3);
            Written[] written = Write(encoder, step, rows, model.MaximumOutputLength), expected = Expected(model, rows);
            for (int i = 0; i < rows.Length; i++)
                AssertNear(expected[i], written[i], rows[i].Source.Length);
            // The key that training did not have is never written.
            Assert.IsFalse(written.SelectMany(one => one.PredictedLabel).Contains((uint)Unseen));
            Assert.IsGreaterThan(2, written.SelectMany(one => one.PredictedLabel).Distinct().Count());
            // Without lengths all sources are as long as the time axis.
            Row[] alike = [.. Rows(60, seed: 4).Where(row => row.Source.Length == 5)];
            written = Write(encoder, step, alike, model.MaximumOutputLength, hasLengths: false);
            expected = Expected(model, alike);
            for (int i = 0; i < alike.Length; i++)
                AssertNear(expected[i], written[i], alike[i].Source.Length);
        }
    }

    private static void AssertNear(Written expected, Written found, int sourceLength)
    {
        CollectionAssert.AreEqual(expected.PredictedLabel, found.PredictedLabel);
        Assert.AreEqual(expected.Score, found.Score, 1e-5f * Math.Max(1, Math.Abs(expected.Score)));
        int width = expected.Weights.Length == 0 ? 0 : found.Weights.Length / found.PredictedLabel.Length;
        for (int i = 0; i < expected.Weights.Length; i++)
            Assert.AreEqual(expected.Weights[i], found.Weights[i / sourceLength * width + i % sourceLength], 1e-5f);
    }

    /// <summary>Writes with ONNX Runtime, taking the most probable token at each step.</summary>
    private static Written[] Write(InferenceSession encoder, InferenceSession step, Row[] rows, int maximum, bool hasLengths = true)
    {
        int count = rows.Length, steps = rows.Max(row => row.Source.Length);
        uint[] keys = new uint[count * steps];
        float[] heights = [.. Enumerable.Repeat(float.NaN, count * steps)];
        for (int i = 0; i < count; i++)
        {
            rows[i].Source.CopyTo(keys, i * steps);
            rows[i].Heights.CopyTo(heights, i * steps);
        }
        var lengths = NamedOnnxValue.CreateFromTensor("Lengths",
            new DenseTensor<long>(Array.ConvertAll(rows, row => (long)row.Source.Length), [count]));
        NamedOnnxValue[] all =
        [
            NamedOnnxValue.CreateFromTensor("Source", new DenseTensor<uint>(keys, [count, steps])),
            NamedOnnxValue.CreateFromTensor("Heights", new DenseTensor<float>(heights, [count, steps, 1])),
            NamedOnnxValue.CreateFromTensor("Statics", new DenseTensor<float>(Array.ConvertAll(rows, row => row.Statics), [count, 1])),
            .. hasLengths ? new[] { lengths } : [],
        ];
        using var read = encoder.Run([.. all.Where(input => encoder.InputMetadata.ContainsKey(input.Name) || input.Name == "Lengths")]);
        float[] state = Get(read, "State");
        NamedOnnxValue[] memory = [.. read.Where(value => value.Name == "Memory"), .. hasLengths ? new[] { lengths } : []];
        uint[] tokens = [.. Enumerable.Repeat(Symbols + 1u, count)];
        bool[] hasEnded = new bool[count];
        var written = Array.ConvertAll(rows, _ => (Keys: new List<uint>(), Score: 0f, Weights: new List<float>()));
        for (int t = 0; t <= maximum && hasEnded.Contains(false); t++)
        {
            using var results = step.Run(
            [
                NamedOnnxValue.CreateFromTensor("Token", new DenseTensor<uint>(tokens, [count])),
                NamedOnnxValue.CreateFromTensor("State", new DenseTensor<float>(state, [count, state.Length / count])),
                .. step.InputMetadata.ContainsKey("Memory") ? memory : [],
            ]);
            float[] logs = Get(results, "LogProbabilities");
            float[] alphas = results.Any(value => value.Name == "Attention") ? Get(results, "Attention") : [];
            state = Get(results, "NextState");
            for (int i = 0; i < count; i++)
            {
                float[] ofRow = logs[(i * (Symbols + 1))..((i + 1) * (Symbols + 1))];
                // A sequence that is as long as may be ends.
                int best = t == maximum ? Symbols : Array.IndexOf(ofRow, ofRow.Max());
                tokens[i] = (uint)best + 1;
                if (hasEnded[i])
                    continue;
                written[i].Score += ofRow[best];
                hasEnded[i] = best == Symbols || float.IsNaN(ofRow[best]);
                if (hasEnded[i])
                    continue;
                written[i].Keys.Add(tokens[i]);
                written[i].Weights.AddRange(alphas.AsSpan(i * steps * (alphas.Length > 0 ? 1 : 0), alphas.Length / count));
            }
        }
        return Array.ConvertAll(written, one => new Written
        {
            PredictedLabel = [.. one.Keys],
            Score = one.Score,
            Weights = [.. one.Weights],
        });

        static float[] Get(IEnumerable<DisposableNamedOnnxValue> values, string name)
            => [.. values.Single(value => value.Name == name).AsTensor<float>()];
    }

    private static Written[] Expected(LstmSequenceToSequenceTransformer model, Row[] rows)
        => [.. Ml.Data.CreateEnumerable<Written>(model.WithDecoding(beamSize: 1, lengthPenalty: 0).Transform(Data(rows)),
            reuseRowObject: false, ignoreMissingColumns: true)];

    private static (InferenceSession Encoder, InferenceSession Step) Load(LstmSequenceToSequenceTransformer model)
    {
        (byte[] encoder, byte[] step) = Export(model);
        return (OnnxRun.Load(encoder), OnnxRun.Load(step));
    }

    private static (byte[] Encoder, byte[] Step) Export(LstmSequenceToSequenceTransformer model)
    {
        var encoder = new MemoryStream();
        var step = new MemoryStream();
        model.ExportToOnnx(encoder, step);
        return (encoder.ToArray(), step.ToArray());
    }

    private static LstmSequenceToSequenceTransformer Fit(Action<LstmSequenceToSequenceTrainer.Options> change)
    {
        var options = new LstmSequenceToSequenceTrainer.Options
        {
            LabelColumnName = "Target",
            FeatureColumnName = "Source",
            HiddenSize = 11,
            EmbeddingSize = 5,
            LearningRate = 0.05f,
            NumberOfEpochs = 10,
            BatchSize = 8,
            Seed = 1,
        };
        change(options);
        return Ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options).Fit(Data(Rows(80, seed: 1)));
    }

    private static Row[] Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            uint[] source = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (uint)random.Next(0, Symbols + 1))];
            return new Row
            {
                Source = source,
                Heights = Array.ConvertAll(source, _ => 3 * random.NextSingle()),
                Statics = random.NextSingle(),
                Target = [.. source.Reverse().Select(key => key is 0 or Unseen ? 5u : key)],
            };
        })];
    }

    private static IDataView Data(Row[] rows)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        foreach (string name in new[] { "Source", "Target" })
            schema[name].ColumnType = new VectorDataViewType(new KeyDataViewType(typeof(uint), Symbols));
        return Ml.Data.LoadFromEnumerable(rows, schema);
    }

    private sealed class Row
    {
        public uint[] Source = [];
        public float[] Heights = [];
        public float Statics;
        public uint[] Target = [];
    }

    private sealed class Written
    {
        public uint[] PredictedLabel = [];
        public float Score { get; set; }

        public float[] Weights = [];
    }
}
