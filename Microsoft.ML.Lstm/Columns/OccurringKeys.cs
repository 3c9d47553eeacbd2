using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Training;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>The keys of the token columns and of the label that occur in training data; a network stores nothing for the others.</summary>
internal sealed class OccurringKeys
{
    private const int MostNames = 10;

    private readonly SequenceInput _input;
    private readonly LabelColumn _label;
    private readonly HashSet<int>[] _tokens;
    private readonly HashSet<int> _classes = [];
    private readonly HashSet<int> _characters = [];
    private readonly SpelledWords? _words;

    // The only word that is read by its characters; null where there are several, or none are.
    private readonly int? _onlyWord;
    private readonly long _steps;
    private readonly long _unlabelledSteps;

    /// <param name="input">Where the sequences are.</param>
    /// <param name="label">Where the labels are.</param>
    /// <param name="training">The training data, whose keys have the numbers of their columns.</param>
    public OccurringKeys(SequenceInput input, LabelColumn label, TrainingData training)
    {
        _input = input;
        _label = label;
        _tokens = [.. input.Vocabularies.Select(_ => new HashSet<int>())];
        _words = training.Words;
        int columns = training.TokenColumns;
        var words = new HashSet<int>();
        foreach (TrainingSequence sequence in columns > 0 || HasClasses ? training.Sequences : [])
        {
            for (int i = 0; i < sequence.Tokens.Length; i++)
                (i % columns is var column && column < _tokens.Length ? _tokens[column] : words).Add(sequence.Tokens[i]);
            AddClasses(sequence, _classes);
            _steps += sequence.Labels.Length;
            _unlabelledSteps += sequence.Labels.Count(known => known < 0);
        }
        _onlyWord = words.Count == 1 ? words.First() : null;
        // Words of the validation data are spelled too, and their characters need not be known.
        foreach (int word in words)
        {
            foreach (int character in _words!.Spellings[word])
                _characters.Add(character);
        }
    }

    // A binary label's two classes share one output.
    private bool HasClasses => _label.Kind is LabelKind.Key or LabelKind.KeyPerStep or LabelKind.KeySequence
        or LabelKind.KeySequenceWithGaps;

    /// <summary>
    /// The numbering of the keys that the network knows: keys that occur, keys with a pretrained embedding, and keys that an initial model
    /// knows. Classes that only the validation data has are included, so that their loss can be measured.
    /// </summary>
    /// <param name="validation">The validation data; null for none.</param>
    /// <param name="pretrained">The pretrained embeddings of each token column.</param>
    /// <param name="initial">The network of an initial model; null for none.</param>
    public KeyNumbering Number(SequenceSet? validation, IReadOnlyList<PretrainedEmbeddings?> pretrained, NetworkShape? initial)
    {
        int[] vocabularies = _input.Vocabularies;
        var tokens = new KeySubset?[vocabularies.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            IEnumerable<int> known = _tokens[i].Concat(pretrained[i]?.Tokens ?? []).Where(key => key > 0);
            EmbeddingShape? before = initial?.Embeddings.Count == tokens.Length && initial.Embeddings[i].KeyCount == vocabularies[i]
                ? initial.Embeddings[i]
                : null;
            tokens[i] = before is { Keys: null } ? null : KeySubset.Of(vocabularies[i], known.Concat(before?.Keys?.Keys ?? []));
        }
        KeySubset? characters = NumberCharacters(initial?.Characters);
        if (!HasClasses || (initial is { LabelKeys: null } && initial.ClassCount == _label.Classes))
            return new KeyNumbering(tokens, null, characters);
        HashSet<int> classes = [.. _classes, .. initial?.ClassCount == _label.Classes ? initial.LabelKeys!.Keys : []];
        foreach (TrainingSequence sequence in validation?.Sequences ?? [])
            AddClasses(sequence, classes);
        return new KeyNumbering(tokens, KeySubset.Of(_label.Classes, classes), characters);
    }

    /// <summary>The characters that occur, with the boundary; null where there are none, or where an initial model knows all.</summary>
    private KeySubset? NumberCharacters(CharacterShape? before)
        => _words is null || before is { Table.Keys: null } ? null
            : KeySubset.Of(_words.Spellings.KeyCount, [.. _characters, _words.Spellings.KeyCount, .. before?.Table.Keys?.Keys ?? []]);

    /// <summary>
    /// The names of the columns of tokens in which every token is the same, even if it is the unknown token, and of the column of words
    /// where every word is the same.
    /// </summary>
    public IEnumerable<string> Constants =>
    [
        .. TokenColumns.Where((_, index) => _tokens[index].Count == 1).Select(column => column.Name),
        .. _onlyWord is null ? [] : new[] { _input.CharacterColumnName! },
    ];

    private IEnumerable<FeatureColumn> TokenColumns => _input.Features.Where(column => column.IsTokens);

    /// <summary>
    /// Gives every token of <see cref="Constants"/> the vector of the token that occurred, and every word the features of the word that
    /// did: nothing was learned about how others differ.
    /// </summary>
    public void LevelConstants(ParameterSet parameters)
    {
        // A text of one token alone says where it ends, too.
        if (parameters.Shape.Head == Head.NextToken)
            return;
        if (_onlyWord is { } word)
            LevelWords(parameters, _words!.Spellings[word]);
        for (int i = 0; i < _tokens.Length; i++)
        {
            if (_tokens[i].Count != 1)
                continue;
            EmbeddingShape shape = parameters.Shape.Embeddings[i];
            Span<float> table = parameters[ParameterSet.EmbeddingName(i)];
            int number = shape.Keys is null ? _tokens[i].First() : shape.Keys.NumberOf(_tokens[i].First());
            ReadOnlySpan<float> vector = table.Slice(number * shape.Size, shape.Size).ToArray();
            for (int row = 0; row < shape.Rows; row++)
                vector.CopyTo(table[(row * shape.Size)..]);
        }
    }

    private static void LevelWords(ParameterSet parameters, ReadOnlySpan<int> word)
    {
        CharacterShape shape = parameters.Shape.Characters!.Value;
        int size = shape.Table.Size, width = shape.KernelSize;
        ReadOnlySpan<float> table = parameters[ParameterSet.CharacterEmbedding];
        Span<float> weight = parameters[ParameterSet.CharacterWeight], bias = parameters[ParameterSet.CharacterBias];
        int[] rows =
        [
            .. Enumerable.Repeat(shape.Table.Vocabulary, shape.BoundariesBefore),
            .. word.ToArray().Select(key => shape.Table.Keys is { } keys ? keys.NumberOf(key) : key),
            .. Enumerable.Repeat(shape.Table.Vocabulary, width / 2),
        ];
        for (int filter = 0; filter < shape.Filters; filter++)
        {
            double best = word.IsEmpty ? -bias[filter] : double.NegativeInfinity;
            for (int window = 0; window < word.Length; window++)
            {
                double sum = 0;
                for (int i = 0; i < size * width; i++)
                    sum += weight[filter * size * width + i] * table[rows[window + i % width] * size + i / width];
                best = Math.Max(best, sum);
            }
            bias[filter] += (float)best;
        }
        weight.Clear();
    }

    /// <summary>Lines for the log about keys that don't occur and steps without a label.</summary>
    /// <param name="numbering">The result of <see cref="Number"/>.</param>
    /// <param name="dropsTokens">Whether training replaces some tokens by the unknown one.</param>
    public IEnumerable<string> Describe(KeyNumbering numbering, bool dropsTokens)
    {
        if (_unlabelledSteps > 0)
            yield return _label.Kind == LabelKind.KeySequenceWithGaps
                ? $"{_unlabelledSteps} of the {_steps} keys in column '{_label.Name}' are missing; without WriteUnknown they are not "
                    + "learned, and never written."
                : $"{_unlabelledSteps} of the {_steps} steps of the training data have no label in column '{_label.Name}'; "
                    + "they don't count.";
        FeatureColumn[] columns = [.. TokenColumns];
        for (int i = 0; i < columns.Length; i++)
        {
            if (numbering.Tokens[i] is { } keys)
                yield return $"{keys.Count} of the {columns[i].Vocabulary} keys of column '{columns[i].Name}' are known; all others are "
                    + "read as the unknown token.";
            if (!dropsTokens && !_tokens[i].Contains(0))
                yield return $"The training data has no missing key in column '{columns[i].Name}', and TokenDropout is 0, so nothing is "
                    + "learned of the unknown token: it is the mean of the others.";
        }
    }

    /// <summary>The warning about classes without a row in the training data; null when there are none.</summary>
    public string? DescribeClasses()
    {
        int missing = _label.Classes - _classes.Count;
        if (!HasClasses || missing == 0)
            return null;
        string[] names =
        [
            .. Enumerable.Range(1, _label.Classes)
                .Where(key => !_classes.Contains(key))
                .Take(MostNames)
                .Select(key => _label.Values is { } values ? $"'{values.Values[key - 1]}'" : $"{key}"),
        ];
        string more = missing > names.Length ? $" and {missing - names.Length} more" : "";
        return $"{missing} of the {_label.Classes} classes of column '{_label.Name}' never occur in the training data, so their "
            + $"probability is 0, or next to it, in every score: {string.Join(", ", names)}{more}.";
    }

    private void AddClasses(TrainingSequence sequence, HashSet<int> classes)
    {
        foreach (int label in HasClasses ? sequence.Labels : [])
        {
            if (label >= 0)
                classes.Add(label + 1);
        }
    }
}
