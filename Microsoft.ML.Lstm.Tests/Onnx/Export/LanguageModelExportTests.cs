using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Tests.Sequences;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.Lstm.Tests.Onnx.Export;

/// <summary>Language models as ONNX files: ONNX Runtime goes through a text step by step as we do, and the file comes back.</summary>
[TestClass]
public sealed class LanguageModelExportTests
{
    private readonly MLContext _ml = new(seed: 1);

    [TestMethod]
    [DataRow(CellType.Lstm, true, false, 2)]
    [DataRow(CellType.Lstm, true, true, 1)]
    [DataRow(CellType.Lstm, false, false, 1)]
    [DataRow(CellType.Gru, true, true, 2)]
    [DataRow(CellType.Rnn, false, true, 1)]
    [DataRow(CellType.Lstm, true, false, 1, 3, 6)]
    public void OnnxRuntimeGoesThroughATextAsWeDo(CellType cell, bool hasBoundaries, bool isTied, int layers, params int[] cutoffs)
    {
        Example[] rows = Example.Make(40, variable: true);
        // A key that never occurs has no output.
        foreach (Example row in rows)
            row.Tokens = Array.ConvertAll(row.Tokens, key => key == 3 ? 4 : key);
        IDataView data = _ml.Data.LoadFromEnumerable(rows, Example.Schema(Example.Vector(0)));
        LstmLanguageModelTransformer model = _ml.MulticlassClassification.Trainers.LstmLanguageModel(new()
        {
            FeatureColumnName = nameof(Example.Tokens),
            CellType = cell,
            HasBoundaries = hasBoundaries,
            TieEmbeddings = isTied,
            SoftmaxCutoffs = cutoffs.Length > 0 ? cutoffs : null,
            HiddenSize = 7,
            NumberOfLayers = layers,
            NumberOfEpochs = 2,
        }).Fit(data);
        AssertRunsAsWeDo(model, data, hasBoundaries);
    }

    [TestMethod]
    [DataRow(CellType.Lstm, 9, 1)]
    [DataRow(CellType.Gru, 7, 1)]
    [DataRow(CellType.Lstm, 7, 2)]
    [DataRow(CellType.Rnn, 5, 3)]
    [DataRow(CellType.Lstm, 7, 1, 3, 6)]
    public void NetworksOfOtherSizesAreAveraged(CellType cell, int hiddenSize, int layers, params int[] cutoffs)
    {
        IDataView data = AnyTrainer.Data(_ml, Example.Make(40, variable: true));
        LstmLanguageModelTransformer first = Fit(CellType.Lstm, 7, 1, []), second = Fit(cell, hiddenSize, layers, cutoffs);
        AssertRunsAsWeDo(first.AverageWith(second), data, hasBoundaries: true);
        AssertRunsAsWeDo(second.AverageWith(first), data, hasBoundaries: true);

        LstmLanguageModelTransformer Fit(CellType cell, int hiddenSize, int layers, int[] cutoffs)
            => _ml.MulticlassClassification.Trainers.LstmLanguageModel(SmallOptions.CreateLanguageModel(options =>
            {
                (options.CellType, options.HiddenSize, options.NumberOfLayers) = (cell, hiddenSize, layers);
                options.SoftmaxCutoffs = cutoffs.Length > 0 ? cutoffs : null;
            })).Fit(data);
    }

    private void AssertRunsAsWeDo(LstmLanguageModelTransformer model, IDataView data, bool hasBoundaries)
    {
        using var file = new MemoryStream();
        model.ExportToOnnx(file);
        using var session = new InferenceSession(file.ToArray());
        var ours = new TokenStream([.. model.Model.Network.Members.Select(member => new SequenceNetwork(member, NetworkPasses.Forward))]);

        uint[] text = [.. hasBoundaries ? [Example.Vocabulary + 1u] : Array.Empty<uint>(), 1, 5, 3, 0, 8, 2];
        int length = session.InputMetadata["State"].Dimensions[1];
        float[] state = new float[length];
        float[] steps = [];
        foreach (uint key in text)
        {
            ours.Step(key > Example.Vocabulary ? model.Vocabulary.Boundary!.Value : model.Vocabulary.NumberOf(key));
            (steps, state) = Run(session, [key], state);
            AssertNear(ours.LogProbabilities.ToArray(), steps);
        }
        // All at once: the last step and the state are the same.
        (float[] all, float[] last) = Run(session, text, new float[length]);
        AssertNear(steps, all[^ours.Outputs..]);
        AssertNear(state, last);

        file.Position = 0;
        var back = (LstmLanguageModelTransformer)_ml.Model.LoadLstmFromOnnx(file);
        foreach (string column in new[] { "PredictedLabel", "Score", "LogLikelihood", "NumberOfTokens" })
            EstimatorHarness.AssertSame(ColumnReader.Read(model.Transform(data), column), ColumnReader.Read(back.Transform(data), column));
        CollectionAssert.AreEqual(model.Generate([1], new() { Seed = 1 }).ToArray(), back.Generate([1], new() { Seed = 1 }).ToArray());
    }

    private static (float[] LogProbabilities, float[] State) Run(InferenceSession session, uint[] keys, float[] state)
    {
        using var results = session.Run(
        [
            NamedOnnxValue.CreateFromTensor(nameof(Example.Tokens), new DenseTensor<uint>(keys, [1, keys.Length])),
            NamedOnnxValue.CreateFromTensor("State", new DenseTensor<float>(state, [1, state.Length])),
        ]);
        float[] Get(string name) => [.. results.Single(result => result.Name == name).AsTensor<float>()];
        return (Get("LogProbabilities"), Get("NextState"));
    }

    private static void AssertNear(float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], found[i], 1e-5f);
    }
}
