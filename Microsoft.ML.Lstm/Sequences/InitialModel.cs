using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Sequences;

/// <summary>
/// What a training takes of a network that was trained before: all of it where that has the outputs that are to be learned; else the layers
/// under its output layer, which is new (Howard and Ruder 2018). Tokens and classes are those of the data by what their keys stand for,
/// whatever their numbers, where that is known on both sides.
/// </summary>
internal sealed class InitialModel
{
    private const string Argument = "initialModel";

    private readonly SequenceModelParameters _model;
    private readonly FeatureColumn[] _columns;

    // Null where there are other columns of tokens, which is an error once the shapes are compared.
    private readonly KeyMatches? _matches;

    private InitialModel(
        SequenceModelParameters model, DataViewSchema schema, SequenceInput input, LabelColumn label, LabelKind kind)
    {
        _model = model;
        _columns = [.. input.Features.Where(column => column.IsTokens)];
        KeyMatch? labels = label.Classes > 0 && kind != LabelKind.Boolean && kind != LabelKind.NextKey ? MatchLabels(label) : null;
        NewHead = ReasonForNewHead(label, kind, labels);
        if (_columns.Length == Network.Shape.Embeddings.Count)
            _matches = new KeyMatches([.. _columns.Select((column, i) => MatchTokens(schema, column, i))], NewHead is null ? labels : null);
    }

    /// <summary>Why the output layer is new; null where that of the initial model goes on.</summary>
    public string? NewHead { get; }

    /// <summary>
    /// The shape of the initial model with the numbers that keys have in the data, where the whole network goes on; else null.
    /// </summary>
    public NetworkShape? Whole => NewHead is not null ? null : _matches?.Apply(Network.Shape) ?? Network.Shape;

    /// <summary>The network under the output layer, which begins one with another output layer; null where the whole network goes
    /// on. Of an ensemble the first member.</summary>
    public SequenceModel? Encoder => NewHead is null ? null : Network.Member(0);

    private SequenceModel Network => _model.Network;

    /// <summary>The initial model of a training; null for none.</summary>
    /// <param name="model">The model; null for none.</param>
    /// <param name="schema">The schema of the training data.</param>
    /// <param name="input">Where the sequences are.</param>
    /// <param name="label">Where the labels are.</param>
    /// <param name="kind">What is learned of each row.</param>
    /// <exception cref="ArgumentException">Its tokens can't be found in the data.</exception>
    public static InitialModel? Of(SequenceModelParameters? model, DataViewSchema schema, SequenceInput input, LabelColumn label,
        LabelKind kind)
        => model is null ? null : new InitialModel(model, schema, input, label, kind);

    /// <summary>The vectors of a column's keys that the initial model knows.</summary>
    /// <param name="index">Which column of tokens.</param>
    /// <param name="monitor">Is told how many there are.</param>
    public PretrainedEmbeddings? EmbeddingsOf(int index, ITrainingMonitor monitor)
    {
        if (_matches is null)
            return null;
        FeatureColumn column = _columns[index];
        ParameterSet parameters = Network.Parameters;
        Parameter table = parameters.Embeddings[index];
        var found = new PretrainedEmbeddings(column.Vocabulary, table.Columns) { [0] = parameters.Row(table, 0).ToArray() };
        foreach (int key in _matches.Tokens[index].Known)
            found[key] = parameters.Row(table, _matches.Tokens[index].NumberOf(key)).ToArray();
        monitor.Info($"The network begins with the initial model, which knows {found.Found} of the {column.Vocabulary} keys of column "
            + $"'{column.Name}'.");
        return found;
    }

    /// <summary>The networks that go on, one for each member of the initial model.</summary>
    /// <param name="settings">The settings of the training.</param>
    /// <param name="keepsLayers">Whether the settings take the layers of each member.</param>
    /// <param name="choices">How the settings were chosen.</param>
    /// <param name="shapeOf">The shape of the network that settings ask for.</param>
    /// <exception cref="ArgumentException">A member has another shape.</exception>
    public EnsembleCandidate[] Continue(TrainingSettings settings, bool keepsLayers, OptionChoices choices,
        Func<TrainingSettings, NetworkShape> shapeOf)
    {
        var candidates = new List<EnsembleCandidate>();
        foreach ((int index, ParameterSet member) in Network.Members.Index())
        {
            TrainingSettings own = keepsLayers ? settings.WithLayersOf(member.Shape) : settings;
            NetworkShape expected = shapeOf(own);
            InitialShape.CheckWhole(_matches?.Apply(member.Shape) ?? member.Shape, expected);
            candidates.Add(new EnsembleCandidate(own, choices, Widen(Network.Member(index), expected)));
        }
        return [.. candidates];
    }

    private SequenceModel Widen(SequenceModel model, NetworkShape expected)
    {
        try
        {
            return ModelWidening.Widen(model, expected, _matches!);
        }
        catch (ArgumentException) when (model.Shape.AdaptiveSoftmax is not null)
        {
            throw new ArgumentException("The data has none of the tokens of a cluster of the initial model's adaptive softmax.", Argument);
        }
    }

    private KeyMatch MatchTokens(DataViewSchema schema, FeatureColumn column, int index)
    {
        EmbeddingShape table = Network.Shape.Embeddings[index];
        KeyValues? known = _model.TokenValuesOf(index), names = KeyValues.Of(schema[column.Name], column.Vocabulary);
        if (known is null || names is null)
        {
            if (table.KeyCount != column.Vocabulary)
                throw InitialShape.Differs("vocabulary", table.KeyCount, column.Vocabulary,
                    $" Its tokens have names, by which they could be found, neither there nor in column '{column.Name}', or in one alone.");
            return KeyMatch.OfSame(table.Keys, column.Vocabulary);
        }
        if (names.Type != known.Type)
            throw new ArgumentException($"The tokens of the initial model are values of type {known.Type}, and those of column "
                + $"'{column.Name}' of type {names.Type}, so that none can be found.", Argument);
        var match = KeyMatch.OfNames(known.Values, names.Values);
        if (!match.Known.Any())
            throw new ArgumentException($"None of the {column.Vocabulary} tokens of column '{column.Name}' is one that the initial model "
                + "knows.", Argument);
        return match;
    }

    /// <summary>The classes of the data that the initial model knows; null for none.</summary>
    private KeyMatch? MatchLabels(LabelColumn label)
    {
        NetworkShape shape = Network.Shape;
        if (_model.LabelValues is not { } known || label.Values is not { } names)
            return shape.ClassCount == label.Classes ? KeyMatch.OfSame(shape.LabelKeys, label.Classes) : null;
        if (known.Type != names.Type)
            return null;
        var keys = KeyMatch.OfNames(known.Values, names.Values);
        var match = new KeyMatch(label.Classes, key => shape.LabelKeys is { } subset ? subset.NumberOf(keys.NumberOf(key))
            : keys.NumberOf(key));
        return match.Known.Any() ? match : null;
    }

    private string? ReasonForNewHead(LabelColumn label, LabelKind kind, KeyMatch? labels)
    {
        NetworkShape shape = Network.Shape;
        Head[] heads = kind switch
        {
            LabelKind.Numbers or LabelKind.Boolean or LabelKind.Key => [Head.Pooled],
            LabelKind.KeyPerStep => [Head.EveryStep, Head.Crf],
            LabelKind.KeySequence => [Head.Ctc],
            LabelKind.KeySequenceWithGaps => [Head.SequenceToSequence],
            LabelKind.NumbersPerStep => [Head.EveryStepWithSkip],
            LabelKind.TruthsPerStep => [Head.EveryStep],
            LabelKind.NextKey => [Head.NextToken],
            _ => [Head.Autoencoder],
        };
        // Of truths and of numbers a network may have the same outputs, but not in the same units.
        if (!heads.Contains(shape.Head) || (_model.LabelKind is { } learned && learned != kind))
            return "has learned another task";
        if (kind is LabelKind.NextKey or LabelKind.None)
            return null;
        bool isOfClasses = _model.OutputFunction is OutputFunction.Softmax or OutputFunction.LogSoftmax or OutputFunction.Sigmoid;
        if (_model.OutputFunction != OutputFunction.None && label.IsOfNumbers == isOfClasses)
            return $"has outputs that go through {_model.OutputFunction}";
        // The outputs of a classification have no scale; with a regression's scaler they would be scaled.
        if (!label.IsOfNumbers && !Network.OutputScaler.IsIdentity)
            return "predicts numbers, and classes are to be learned";
        if (label.IsOfNumbers && _model.LabelValues is not null)
            return "tells classes apart, and numbers are to be learned";
        if (kind is LabelKind.Key or LabelKind.KeyPerStep or LabelKind.KeySequence or LabelKind.KeySequenceWithGaps)
            return labels is not null ? null
                : _model.LabelValues is null || label.Values is null
                    ? $"has {shape.ClassCount} classes, and column '{label.Name}' {label.Classes}"
                    : $"has none of the classes of column '{label.Name}'";
        int outputs = kind == LabelKind.Boolean ? 1 : label.TargetSize;
        return shape.ClassCount == outputs && (_model.LabelValues is null || kind == LabelKind.Boolean) ? null
            : $"has {shape.ClassCount} outputs, and {outputs} are to be learned";
    }
}
