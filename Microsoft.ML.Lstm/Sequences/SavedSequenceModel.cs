using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>A network and its columns as they come out of a file: not yet known to belong together, nor to a task.</summary>
/// <param name="Network">The network.</param>
/// <param name="Columns">Its columns.</param>
internal sealed record SavedSequenceModel(SequenceModel Network, ScoringColumns Columns)
{
    /// <summary>What the training said; null where the file does not have it.</summary>
    public TrainingReport? Report { get; init; }

    /// <summary>Checks that network and columns belong together and to a task with a value, or several, at every step.</summary>
    /// <param name="kind">What the task learns of each row.</param>
    /// <exception cref="InvalidDataException">They don't.</exception>
    public SequenceModelParameters CheckPerStep(LabelKind kind)
        => Network.Shape.Head == Head.Crf
            ? throw new InvalidDataException("A saved LSTM model has a conditional random field; expected none for values of steps.")
            : Check(Head.EveryStep, hasClasses: false, kind);

    /// <summary>Checks that network and columns belong together and to a task.</summary>
    /// <param name="head">The head of the task's networks; <see cref="Head.EveryStep"/> stands for <see cref="Head.Crf"/> too, and null for
    /// outputs of sequences or of steps.</param>
    /// <param name="hasClasses">Whether the outputs are classes, of which the network may know only some.</param>
    /// <param name="kind">What the task learns of each row; null for a network without a task.</param>
    /// <returns>The network, with what its columns say of it.</returns>
    /// <exception cref="InvalidDataException">They don't.</exception>
    public SequenceModelParameters Check(Head? head, bool hasClasses, LabelKind? kind)
    {
        NetworkShape shape = Network.Shape;
        if (Columns.LabelKind is { } learned && kind is { } expected && learned != expected)
            throw new InvalidDataException($"A saved LSTM model has learned labels of the kind {learned}; expected {expected}.");
        long featuresPerStep = Columns.Features.Sum(column => (long)column.FeaturesPerStep);
        if (featuresPerStep != shape.NumericSize)
            throw new InvalidDataException(
                $"A saved LSTM model reads {shape.NumericSize} features a step, but its columns have {featuresPerStep}.");
        if (!Columns.Features.Where(column => column.IsTokens).Select(column => column.Vocabulary)
            .SequenceEqual(shape.Embeddings.Select(embedding => embedding.KeyCount)))
            throw new InvalidDataException("A saved LSTM model has embeddings of other vocabularies than its columns.");
        if (Columns.StaticFeatureColumnName is null != (shape.StaticSize == 0))
            throw new InvalidDataException(
                $"A saved LSTM model has {shape.StaticSize} static features, but its columns say '{Columns.StaticFeatureColumnName}'.");
        if (Columns.CharacterColumnName is null != (shape.Characters is null))
            throw new InvalidDataException(
                $"A saved LSTM model reads {(shape.Characters is null ? "no " : "")}characters of words, but its columns say "
                + $"'{Columns.CharacterColumnName}'.");
        if (Columns.AttentionColumnName is not null && !Network.HasAttention)
            throw new InvalidDataException(
                $"A saved LSTM model pools by {shape.Pooling}, but its columns have '{Columns.AttentionColumnName}' "
                + "for the weights of attention.");
        if (shape.Head == Head.Ctc && head is not (null or Head.Ctc))
            throw new InvalidDataException("A saved LSTM model has outputs for labels without alignment; expected other ones.");
        if (shape.Head != Head.Ctc && head == Head.Ctc)
            throw new InvalidDataException("A saved LSTM model has no outputs for labels without alignment; expected such.");
        bool isLanguageModel = head == Head.NextToken;
        if (shape.Head == Head.NextToken != isLanguageModel)
            throw new InvalidDataException($"A saved LSTM model predicts {(isLanguageModel ? "no" : "the")} next tokens; expected "
                + $"{(isLanguageModel ? "them" : "other outputs")}.");
        bool isAutoencoder = head == Head.Autoencoder;
        bool isPerStep = head?.IsPerStep ?? shape.Head.IsPerStep;
        if (shape.Head.IsPerStep != isPerStep)
            throw new InvalidDataException(
                $"A saved LSTM model has outputs for each {(isPerStep ? "sequence" : "step")}; expected outputs for each "
                + $"{(isPerStep ? "step" : "sequence")}.");
        if (shape.Head == Head.Autoencoder != isAutoencoder)
            throw new InvalidDataException(
                $"A saved LSTM model has {(isAutoencoder ? "no" : "a")} decoder; expected {(isAutoencoder ? "one" : "none")}.");
        bool writes = head == Head.SequenceToSequence;
        if (shape.Head == Head.SequenceToSequence != writes || Columns.Decoding is not null != writes)
            throw new InvalidDataException($"A saved LSTM model {(writes ? "writes no" : "writes")} sequences; expected one that "
                + $"{(writes ? "does" : "does not")}, with columns that say how.");
        if (shape.Classes is not null && !hasClasses)
            throw new InvalidDataException("A saved LSTM model has outputs for some classes of a label, but its task has no classes.");
        if (Columns.StepErrorColumnName is not null && !isAutoencoder)
            throw new InvalidDataException(
                $"A saved LSTM model reconstructs nothing, but its columns have '{Columns.StepErrorColumnName}' for the errors of steps.");
        if (isPerStep && Columns.EncodingColumnName is not null)
            throw new InvalidDataException(
                $"A saved LSTM model with outputs for each step has no encoding, but its columns say '{Columns.EncodingColumnName}'.");
        KeyValues?[] tokens = [.. (Columns.TokenValues ?? []).Select(KeyValues.From)];
        if (tokens.Length > 0 && tokens.Length != shape.Embeddings.Count)
            throw new InvalidDataException($"A saved LSTM model has {shape.Embeddings.Count} columns of tokens, but the values of "
                + $"{tokens.Length}.");
        foreach ((int index, KeyValues? values) in tokens.Index())
            values?.Check(shape.Embeddings[index].Vocabulary);
        return new SequenceModelParameters(Network)
        {
            LabelKind = kind ?? Columns.LabelKind,
            LabelValues = KeyValues.From(Columns.LabelValues),
            TokenValues = tokens,
            Report = Report,
            OutputFunction = Columns.OutputFunction ?? OutputFunction.None,
        };
    }
}
