using Microsoft.ML.Lstm;

namespace Microsoft.ML;

/// <content>Ensembles of models that were trained one by one.</content>
public static partial class LstmCatalog
{
    /// <summary>
    /// A copy of a transformer whose model is an ensemble of its networks and of those of others: their outputs are averaged at each step
    /// of decoding, too, so that a search follows what all of them together find probable. Networks that differ in their seeds make
    /// different errors, and the average makes fewer.
    /// </summary>
    /// <remarks>
    /// <see cref="TrainingEffort.Best"/> trains several networks at once. This puts together what was trained by and by, on several
    /// machines, or with options of one's own: the models have to read and give the same columns, with the same keys, and must have been
    /// trained on rows that are scaled alike, which the same training rows with the same validation rows are; cells, sizes, layers and
    /// pooling may differ, but for those of a decoder, and for the sizes of embeddings and of the encoding of an autoencoder. What is
    /// averaged says <see cref="SequenceModelParameters.Members"/>. All other settings, such as those of a beam search, and what the keys
    /// of tokens and labels stand for are those of <paramref name="transformer"/>. The copy is saved, exported and scored as any other
    /// model.
    /// </remarks>
    /// <typeparam name="TTransformer">The transformer's type.</typeparam>
    /// <param name="transformer">A transformer of sequences.</param>
    /// <param name="others">The others; none gives a copy of <paramref name="transformer"/>.</param>
    /// <returns>The copy; all transformers stay as they are.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="transformer"/>, <paramref name="others"/> or one of them is
    /// <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">A model reads or gives something else than the first, knows other keys, has its inputs or
    /// outputs scaled otherwise, or keeps its weights in another format.</exception>
    /// <example>
    /// <code>
    /// var models = new LstmSequenceToSequenceTransformer[4];
    /// for (int i = 0; i &lt; models.Length; i++)
    /// {
    ///     options.Seed = i;
    ///     models[i] = ml.MulticlassClassification.Trainers.LstmSequenceToSequence(options).Fit(training, validation);
    /// }
    /// LstmSequenceToSequenceTransformer ensemble = models[0].AverageWith(models[1..]);
    /// </code>
    /// </example>
    public static TTransformer AverageWith<TTransformer>(this TTransformer transformer, params TTransformer[] others)
        where TTransformer : SequencePredictionTransformer
    {
        ArgumentNullException.ThrowIfNull(transformer);
        ArgumentNullException.ThrowIfNull(others);
        foreach (TTransformer other in others)
            ArgumentNullException.ThrowIfNull(other, nameof(others));
        return (TTransformer)transformer.WithNetworksOf(others);
    }
}
