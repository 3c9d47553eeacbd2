using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

// An entry of a model.zip: ML.NET's header, which names our loader and this assembly, checksums, and beside them the columns as JSON and
// the network as one safetensors stream. The internal interface is how PermutationFeatureImportance finds the feature column.
public abstract partial class SequencePredictionTransformer : ISingleFeaturePredictionTransformer
{
    private const string ColumnsStream = "Columns.json";
    private const string NetworkStream = "Model.safetensors";

    private protected abstract VersionInfo GetVersionInfo();

    void ICanSaveModel.Save(ModelSaveContext ctx) => ModelEntry.Save(ctx, GetVersionInfo(), entry =>
    {
        entry.WriteJson(ColumnsStream, Columns.ToJson());
        entry.WriteNumbers(NetworkStream, stream => ModelFile.Write(stream, Model.Network));
    });

    /// <summary>Reads what <c>Save</c> wrote.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="ctx">The model's entry.</param>
    /// <param name="version">The versions that can be read.</param>
    /// <param name="head">The head of the task's networks; <see cref="Head.EveryStep"/> stands for <see cref="Head.Crf"/> too.</param>
    /// <param name="hasClasses">Whether the outputs are classes, of which a network may know some alone.</param>
    /// <param name="check">Throws when network and columns are none of the task's.</param>
    private protected static (SequenceModelParameters Model, ScoringColumns Columns) Load(IHostEnvironment environment,
        ModelLoadContext ctx, VersionInfo version, Head head, bool hasClasses, Action<NetworkShape, ScoringColumns> check)
        => ModelEntry.Load(environment, ctx, version, entry =>
        {
            ScoringColumns columns = entry.ReadJson(ColumnsStream, json => ScoringColumns.FromJson(json), NetworkStream);
            SequenceModel network = entry.Read(NetworkStream, ModelFile.Read);
            long featuresPerStep = columns.Features.Sum(column => (long)column.FeaturesPerStep);
            if (featuresPerStep != network.Shape.NumericSize)
                throw new InvalidDataException(
                    $"A saved LSTM model reads {network.Shape.NumericSize} features a step, but its columns have {featuresPerStep}.");
            if (!columns.Features.Where(column => column.IsTokens).Select(column => column.Vocabulary)
                .SequenceEqual(network.Shape.Embeddings.Select(embedding => embedding.KeyCount)))
                throw new InvalidDataException("A saved LSTM model has embeddings of other vocabularies than its columns.");
            if (columns.StaticFeatureColumnName is null != (network.Shape.StaticSize == 0))
                throw new InvalidDataException(
                    $"A saved LSTM model has {network.Shape.StaticSize} static features, but its columns say "
                    + $"'{columns.StaticFeatureColumnName}'.");
            if (columns.AttentionColumnName is not null && !network.Shape.HasAttention)
                throw new InvalidDataException(
                    $"A saved LSTM model pools by {network.Shape.Pooling}, but its columns have '{columns.AttentionColumnName}' for the "
                    + "weights of attention.");
            bool isAutoencoder = head == Head.Autoencoder;
            if (network.Shape.Head.IsPerStep != head.IsPerStep)
                throw new InvalidDataException(
                    $"A saved LSTM model has outputs for each {(head.IsPerStep ? "sequence" : "step")}; expected outputs for each "
                    + $"{(head.IsPerStep ? "step" : "sequence")}.");
            if (network.Shape.Head == Head.Autoencoder != isAutoencoder)
                throw new InvalidDataException(
                    $"A saved LSTM model has {(isAutoencoder ? "no" : "a")} decoder; expected {(isAutoencoder ? "one" : "none")}.");
            if (network.Shape.Classes is not null && !hasClasses)
                throw new InvalidDataException("A saved LSTM model has outputs for some classes of a label, but its task has no classes.");
            if (columns.StepErrorColumnName is not null && !isAutoencoder)
                throw new InvalidDataException(
                    $"A saved LSTM model reconstructs nothing, but its columns have '{columns.StepErrorColumnName}' for the errors of "
                    + "steps.");
            if (head.IsPerStep && columns.EncodingColumnName is not null)
                throw new InvalidDataException(
                    $"A saved LSTM model with outputs for each step has no encoding, but its columns say '{columns.EncodingColumnName}'.");
            check(network.Shape, columns);
            return (new SequenceModelParameters(network) { LabelValues = columns.LabelValues }, columns);
        });
}
