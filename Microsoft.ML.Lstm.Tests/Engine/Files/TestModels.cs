using System.Runtime.InteropServices;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Tests.Engine.Files;

/// <summary>Small models of any shape, with sines as values.</summary>
internal static class TestModels
{
    public static SequenceModel Create(
        CellType cell = CellType.Lstm, int layers = 1, bool bidirectional = false, int statics = 0, int hidden = 4,
            Pooling pooling = Pooling.Last)
        => Create(new NetworkShape
        {
            Cell = cell,
            InputSize = 3,
            HiddenSize = hidden,
            Layers = layers,
            Bidirectional = bidirectional,
            Pooling = pooling,
            StaticSize = statics,
            OutputSize = 2,
        });

    /// <summary>A model like a language model: tokens of two columns beside a number, and a head per step.</summary>
    public static SequenceModel CreateWithTokens(int numericSize = 1) => Create(new NetworkShape
    {
        Cell = CellType.Lstm,
        InputSize = numericSize + 2 + 3,
        Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(5, 2), new EmbeddingShape(0, 3)),
        HiddenSize = 4,
        Head = Head.EveryStep,
        OutputSize = 2,
    });

    /// <summary>A model that reads words by their characters beside their keys.</summary>
    public static SequenceModel CreateWithCharacters() => Create(new NetworkShape
    {
        Cell = CellType.Lstm,
        InputSize = 1 + 2 + 4,
        Embeddings = new ValueList<EmbeddingShape>(new EmbeddingShape(5, 2)),
        Characters = new CharacterShape(new EmbeddingShape(3, 5) { Keys = KeySubset.Of(65536, [98, 101, 65536]) }, Filters: 4,
            KernelSize: 3),
        HiddenSize = 4,
        Head = Head.EveryStep,
        OutputSize = 2,
    });

    /// <summary>A model with convolutions beside recurrent layers that read frames of two steps.</summary>
    public static SequenceModel CreateWithConvolutions()
    {
        SequenceModel model = Create(new NetworkShape
        {
            Cell = CellType.Lstm,
            InputSize = 3,
            StepsPerFrame = 2,
            Convolutions = new ValueList<ConvolutionShape>(new ConvolutionShape(5, 8), new ConvolutionShape(2, 3)),
            HiddenSize = 4,
            OutputSize = 2,
        });
        for (int i = 0; i < 2; i++)
            model.Parameters[ParameterSet.NormalizationName(i, ParameterRole.RunningVariance)].Fill(0.5f + i);
        return model;
    }

    /// <summary>A model with convolutions in front of its recurrent layers.</summary>
    public static SequenceModel CreateWithInputConvolutions() => Create(new NetworkShape
    {
        Cell = CellType.Lstm,
        InputSize = 3,
        InputConvolutions = new ValueList<InputConvolutionShape>(new InputConvolutionShape(5, 8, 2), new InputConvolutionShape(2, 3, 1)),
        HiddenSize = 4,
        OutputSize = 2,
    });

    /// <summary>An autoencoder with a code of two numbers.</summary>
    public static SequenceModel CreateAutoencoder(int layers = 1, bool bidirectional = false) => Create(new NetworkShape
    {
        Cell = CellType.Gru,
        InputSize = 3,
        HiddenSize = 4,
        Layers = layers,
        Bidirectional = bidirectional,
        OutputSize = 2,
        Head = Head.Autoencoder,
    });

    /// <summary>Three networks with the same inputs and outputs.</summary>
    public static SequenceModel CreateEnsemble() => SequenceModel.Average(
        [Create(), Create(CellType.Gru, bidirectional: true), Create(layers: 2, hidden: 6, pooling: Pooling.Attention)]);

    public static SequenceModel CreateEnsembleWithTokens()
    {
        SequenceModel first = CreateWithTokens();
        return SequenceModel.Average([first, Create(first.Shape with { HiddenSize = 7 })]);
    }

    public static SequenceModel Create(NetworkShape shape)
    {
        var parameters = new ParameterSet(shape);
        for (int i = 0; i < parameters.Values.Length; i++)
            parameters.Values[i] = MathF.Sin(i + 1);
        parameters.Values[0] = -0f;
        parameters.Values[1] = float.Epsilon;
        parameters.Values[2] = float.MinValue;
        return new SequenceModel(parameters, Scaler(shape.NumericSize), Scaler(shape.StaticSize), Scaler(shape.OutputSize));
    }

    public static byte[] Bytes(SequenceModel model)
    {
        var stream = new MemoryStream();
        ModelFile.Write(stream, model);
        return stream.ToArray();
    }

    public static void AssertSameBits(SequenceModel expected, SequenceModel actual)
    {
        AssertSameBits(expected.Parameters.Values, actual.Parameters.Values);
        AssertSameBits(expected.InputScaler.Offset, actual.InputScaler.Offset);
        AssertSameBits(expected.InputScaler.Scale, actual.InputScaler.Scale);
        AssertSameBits(expected.StaticScaler.Offset, actual.StaticScaler.Offset);
        AssertSameBits(expected.StaticScaler.Scale, actual.StaticScaler.Scale);
        AssertSameBits(expected.OutputScaler.Offset, actual.OutputScaler.Offset);
        AssertSameBits(expected.OutputScaler.Scale, actual.OutputScaler.Scale);
    }

    private static void AssertSameBits(float[] expected, float[] actual) =>
        Assert.IsTrue(MemoryMarshal.AsBytes<float>(expected).SequenceEqual(MemoryMarshal.AsBytes<float>(actual)));

    private static AffineScaler Scaler(int size) =>
        new([.. Enumerable.Range(1, size).Select(i => MathF.Cos(i))], [.. Enumerable.Range(1, size).Select(i => 1f / i)]);
}
