using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Microsoft.ML;

/// <content>Smaller weights for scoring.</content>
public static partial class LstmCatalog
{
    /// <summary>
    /// A copy of a transformer, or of a pipeline, whose networks keep their weights in a smaller format: its file is smaller, and with
    /// <see cref="WeightFormat.Int8"/> it scores faster. Scores differ a little from those of the original.
    /// </summary>
    /// <remarks>
    /// Matrices are rounded, embeddings and heads among them: those of recurrent layers, and others of more than 1,024 weights. Biases,
    /// scalers, small matrices and the transitions of a conditional random field stay floats. The copy is saved in that format, and
    /// everything reads it that reads models of this package: <c>ml.Model.Load</c>, prediction engines, <see cref="SequencePredictor"/>,
    /// <see cref="SeriesPredictor"/>. Training that begins with it, explanations and ONNX files go on with the rounded weights as floats.
    /// </remarks>
    /// <typeparam name="TTransformer">The transformer's type.</typeparam>
    /// <param name="transformer">A transformer of this package, or a pipeline with one or more.</param>
    /// <param name="format">The format.</param>
    /// <returns>The copy; <paramref name="transformer"/> stays as it is.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="transformer"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is no format.</exception>
    /// <exception cref="ArgumentException"><paramref name="transformer"/> has no network of this package.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    /// <example>
    /// <code>
    /// ITransformer model = ml.Model.Load("model.zip", out DataViewSchema schema);
    /// ml.Model.Save(model.WithWeightFormat(WeightFormat.Int8), schema, "small.zip");
    /// </code>
    /// </example>
    public static TTransformer WithWeightFormat<TTransformer>(this TTransformer transformer, WeightFormat format)
        where TTransformer : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(transformer);
        RequireFormat(format);
        ITransformer rounded = Rounded(transformer, format) ?? throw NoNetwork(nameof(transformer));
        return rounded as TTransformer ?? throw new ArgumentException(
            $"A pipeline is to be given as {nameof(ITransformer)}, or by its own type, not as another type that it has.",
            nameof(transformer));
    }

    /// <summary>
    /// A copy of a pipeline whose networks keep their weights in a smaller format, see
    /// <see cref="WithWeightFormat{TTransformer}(TTransformer, WeightFormat)"/>.
    /// </summary>
    /// <typeparam name="TLastTransformer">The type of the last transformer.</typeparam>
    /// <param name="pipeline">A pipeline with one or more transformers of this package.</param>
    /// <param name="format">The format.</param>
    /// <returns>The copy; <paramref name="pipeline"/> stays as it is.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="pipeline"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is no format.</exception>
    /// <exception cref="ArgumentException"><paramref name="pipeline"/> has no network of this package.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    public static TransformerChain<TLastTransformer> WithWeightFormat<TLastTransformer>(
        this TransformerChain<TLastTransformer> pipeline, WeightFormat format)
        where TLastTransformer : class, ITransformer
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        RequireFormat(format);
        return Rounded<TLastTransformer>(pipeline, format) ?? throw NoNetwork(nameof(pipeline));
    }

    /// <summary>The copy; null for what has no network.</summary>
    private static ITransformer? Rounded(ITransformer transformer, WeightFormat format) => transformer switch
    {
        SequencePredictionTransformer sequences => sequences.WithWeights(format),
        SeriesTransformer series => series.WithWeights(format),
        LstmGeneratingTransformer generating => generating.WithWeights(format),
        // Of whatever type its last step is.
        ITransformerChainAccessor chain => Rounded<ITransformer>(chain, format),
        _ => null,
    };

    private static TransformerChain<TLast>? Rounded<TLast>(ITransformerChainAccessor chain, WeightFormat format)
        where TLast : class, ITransformer
    {
        ITransformer?[] rounded = Array.ConvertAll(chain.Transformers, step => Rounded(step, format));
        return Array.TrueForAll(rounded, step => step is null) ? null
            : new TransformerChain<TLast>(chain.Transformers.Zip(rounded, (step, copy) => copy ?? step), chain.Scopes);
    }

    private static void RequireFormat(WeightFormat format)
    {
        if (!Enum.IsDefined(format))
            throw new ArgumentOutOfRangeException(nameof(format), format, $"{nameof(format)} must be a {nameof(WeightFormat)}.");
    }

    private static ArgumentException NoNetwork(string parameter) => new("The model has no network of this package.", parameter);
}
