using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>
/// A language model whose embeddings and recurrent layers begin those of a network for another task (Howard and Ruder 2018). Its tokens are
/// those of a column by what their keys stand for, whatever their numbers.
/// </summary>
internal sealed class PretrainedEncoder
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly KeyValues _names;

    private PretrainedEncoder(SequenceModelParameters model)
    {
        Parameters = model.Network.Members[0];
        _names = model.LabelValues ?? throw new ArgumentException(
            "The tokens of the language model have no names that those of the data could be found by: train it on keys of MapValueToKey.",
            "initialModel");
        EmbeddingShape table = Shape.Embeddings[0];
        foreach ((int index, int key) in (table.Keys?.Keys ?? Enumerable.Range(1, table.KeyCount)).Index())
            _numbers[_names.Values[key - 1]] = index + 1;
    }

    /// <summary>The language model's parameters; of an ensemble those of its first member.</summary>
    public ParameterSet Parameters { get; }

    public NetworkShape Shape => Parameters.Shape;

    /// <summary>The initial model of a training, where it is a language model and something else is learned; else null.</summary>
    public static PretrainedEncoder? Of(SequenceModelParameters? initial, LabelKind label)
        => initial?.Network.Shape.Head == Head.NextToken && label != LabelKind.NextKey ? new PretrainedEncoder(initial) : null;

    /// <summary>The vectors of a column's keys that the language model knows.</summary>
    /// <param name="column">The column.</param>
    /// <param name="names">What its keys stand for; null where that is unknown.</param>
    /// <param name="monitor">Is told how many there are.</param>
    /// <exception cref="ArgumentException">They stand for values of another type, or none are known.</exception>
    public PretrainedEmbeddings EmbeddingsOf(FeatureColumn column, KeyValues? names, ITrainingMonitor monitor)
    {
        if (names?.Type != _names.Type)
            throw new ArgumentException(
                $"The tokens of the language model are values of type {_names.Type}, and those of column '{column.Name}' "
                + $"{(names is null ? "have no names" : $"of type {names.Type}")}, so that none can be found.", "initialModel");
        EmbeddingShape table = Shape.Embeddings[0];
        var found = new PretrainedEmbeddings(column.Vocabulary, table.Size) { [0] = VectorOf(0) };
        for (int key = 1; key <= column.Vocabulary; key++)
        {
            if (_numbers.TryGetValue(names.Values[key - 1], out int number))
                found[key] = VectorOf(number);
        }
        if (found.Found == 0)
            throw new ArgumentException(
                $"None of the {column.Vocabulary} tokens of column '{column.Name}' is one that the language model knows.", "initialModel");
        monitor.Info($"The network begins with a language model, which knows {found.Found} of the {column.Vocabulary} keys of column "
            + $"'{column.Name}'.");
        return found;

        float[] VectorOf(int number) => Parameters.Row(Parameters.Embeddings[0], number).ToArray();
    }

    /// <summary>Checks that a network can begin with the language model's layers.</summary>
    /// <exception cref="ArgumentException">It reads other inputs, or has other layers.</exception>
    public void Check(NetworkShape shape)
    {
        Require("columns of tokens", shape.Embeddings.Count, 1);
        Require("numeric features", shape.NumericSize, 0);
        Require("filters over characters", shape.Characters?.Filters ?? 0, 0);
        Require(nameof(TrainingOptions.CellType), shape.Cell, Shape.Cell);
        Require(nameof(TrainingOptions.HiddenSize), shape.HiddenSize, Shape.HiddenSize);
        Require(nameof(TrainingOptions.NumberOfLayers), shape.Layers, Shape.Layers);
        Require(nameof(TrainingOptions.Bidirectional), shape.Bidirectional, false);
        Require(nameof(SequenceTrainerOptions.StepsPerFrame), shape.StepsPerFrame, 1);

        static void Require<T>(string what, T found, T expected)
        {
            if (!EqualityComparer<T>.Default.Equals(found, expected))
                throw new ArgumentException(
                    $"A network that begins with a language model has its layers: {what} is {found}, expected {expected}.", "initialModel");
        }
    }
}
