using System.Globalization;
using LstmTool.Data;
using Microsoft.ML;

namespace LstmTool.Tasks;

/// <summary>What of a row is the sequence, and what is known of the row as a whole; and the transforms that make both ready.</summary>
internal sealed class SequenceFeatures
{
    /// <summary>Columns that the pipeline makes.</summary>
    public const string Sequence = "Sequence", Words = "Words", Tokens = "Tokens", Statics = "RowFeatures";

    private const int MostCategories = 50;
    private const double FewWords = 1.5;

    private static readonly char[] Blanks = [' ', '\t', '\r', '\n', '\u00A0'];
    private static readonly char[] Signs = [.. Blanks, .. ".,;:!?\"()[]{}<>…“”„"];

    private readonly SourceColumn? _text;
    private readonly SourceColumn[] _lists;
    private readonly StepColumns? _steps;
    private readonly SourceColumn[] _numbers;
    private readonly SourceColumn[] _categories;
    private readonly char[] _separators = Blanks;
    private readonly List<Inference> _inferred = [];

    private SequenceFeatures(Dataset data, SourceColumn label, TaskRequest request, IReadOnlyCollection<string> but)
    {
        SourceColumn[] columns = [.. data.Columns.Where(column => column != label && column.Missing < data.Rows
            && !but.Contains(column.Name) && column.Name != data.Text.Layout.Group)];
        SourceColumn[] ids = RowIds.Find(data, columns, request.Keep, request.FeaturesPerStep);
        columns = [.. columns.Except(ids)];
        SourceColumn[] numbers = [.. columns.Where(column => column.Kind == ColumnKind.Number)];
        SourceColumn[] texts = [.. columns.Where(column => column.Kind == ColumnKind.Text)];
        _categories = [.. texts.Where(column => data.TextsOf(column).Distinct().Count() is var kinds
            && kinds <= MostCategories && kinds < data.Rows / 5)];
        _lists = [.. columns.Where(column => column.Kind == ColumnKind.Numbers)];
        SourceColumn[] words = [.. columns.Where(column => column.Kind == ColumnKind.Texts).Take(1)];
        SourceColumn? text = texts.Except(_categories).MaxBy(column => data.TextsOf(column).Average(field => (double)field.Length));
        if (_lists.Length > 0)
        {
            string where = data.Text.Layout.Group is { } group ? $"rows of one '{group}', columns" : "lists in";
            _inferred.Add(new($"sequence: {where} {Join(_lists)}",
                data.Text.Layout.Group is null ? "--ignore-cols" : "--series-col, --ignore-cols"));
            int missing = _lists.Sum(column => data.NumberListsOf(column).Values.Sum(list => list.Count(float.IsNaN)));
            if (missing > 0)
                _inferred.Add(new(string.Create(CultureInfo.InvariantCulture,
                    $"missing within sequences: {missing} of the numbers, each read as the one before it"), ""));
        }
        else if (words.Length > 0 || text is not null)
        {
            _text = words.FirstOrDefault() ?? text!;
            IsCharacters = words.Length == 0 && data.TextsOf(_text).Average(field => (double)field.Split(Blanks,
                StringSplitOptions.RemoveEmptyEntries).Length) < FewWords;
            if (words.Length == 0 && !IsCharacters)
                _separators = HasSpacesAroundSigns(data.TextsOf(_text)) ? Blanks : Signs;
            _inferred.Add(new($"sequence: the {(IsCharacters ? "characters" : "words")} of '{_text.Name}'", "--ignore-cols"));
        }
        else if (numbers.Length > 0)
        {
            _steps = StepColumns.Infer(numbers, request.FeaturesPerStep);
            _inferred.Add(new($"sequence: {_steps.Steps} steps of {_steps.FeaturesPerStep} in columns {Span(_steps.Columns)}",
                "--features-per-step, --ignore-cols"));
        }
        else if (_categories.Length > 0)
        {
            _text = _categories[0];
            _categories = _categories[1..];
            IsCharacters = true;
            _inferred.Add(new($"sequence: the characters of '{_text.Name}'", "--ignore-cols"));
        }
        else
        {
            throw new InvalidDataException($"{data.Text.Path} has no column beside '{label.Name}' to learn from.");
        }
        _numbers = _steps is null ? numbers : [.. _steps.Rest];
        if (_numbers.Length + _categories.Length > 0)
            _inferred.Add(new($"known of a row as a whole: {Join(_numbers.Concat(_categories))}", "--ignore-cols"));
        if (ids.Length > 0)
            _inferred.Add(RowIds.LeftOut(ids));
    }

    /// <summary>Whether the sequence is made of tokens rather than of numbers.</summary>
    public bool IsText => _text is not null;

    /// <summary>Whether the tokens are characters rather than words.</summary>
    public bool IsCharacters { get; }

    /// <summary>The column of the trainer's features.</summary>
    public string Feature => IsText ? Tokens : Sequence;

    /// <summary>The column of what is known of a row; null if there is none.</summary>
    public string? Static => _numbers.Length + _categories.Length > 0 ? Statics : null;

    public IReadOnlyList<Inference> Inferred => _inferred;

    /// <summary>The columns that the pipeline makes; a text itself may be called as its words are.</summary>
    public IEnumerable<string> Made => (_text is null ? (string?[])[Static] : IsCharacters ? [Tokens, Static] : [Words, Tokens, Static])
        .OfType<string>().Where(name => name != _text?.Name);

    /// <param name="data">The rows.</param>
    /// <param name="label">The label.</param>
    /// <param name="request">What the user says of the columns.</param>
    /// <param name="but">The names of columns that are something else.</param>
    public static SequenceFeatures Infer(Dataset data, SourceColumn label, TaskRequest request, IReadOnlyCollection<string> but)
        => new(data, label, request, but);

    /// <summary>What a column is read as.</summary>
    public string RoleOf(SourceColumn column)
        => column == _text ? "text" : _lists.Contains(column) || _steps?.Columns.Contains(column) == true ? "sequence"
            : _numbers.Contains(column) || _categories.Contains(column) ? "of the row as a whole" : "not used";

    /// <summary>The columns of the pipeline's input, of a file with the same columns.</summary>
    public IEnumerable<TableColumn> Read(Dataset data)
    {
        SourceColumn Of(SourceColumn column) => data.Find(column.Name, data.Text.Path);
        if (_text is not null)
        {
            SourceColumn text = Of(_text);
            yield return _text.Kind == ColumnKind.Texts ? TableColumn.OfTextLists(_text.Name, data.TextListsOf(text)) with
            {
                Origin = ColumnOrigin.Lists,
            }
            : TableColumn.OfTexts(_text.Name, data.TextsOf(text));
        }
        else if (_lists.Length > 0)
        {
            yield return ReadLists(data, Array.ConvertAll(_lists, Of));
        }
        else
        {
            StepColumns steps = _steps! with { Columns = [.. _steps.Columns.Select(Of)] };
            yield return TableColumn.OfNumberLists(Sequence, steps.ValuesOf(data), steps.FeaturesPerStep) with
            {
                Sources = [.. steps.Columns.Select(column => column.Name)],
                Origin = ColumnOrigin.Fields,
            };
        }
        foreach (SourceColumn column in _numbers)
            yield return TableColumn.OfNumbers(column.Name, data.NumbersOf(Of(column)));
        foreach (SourceColumn column in _categories)
            yield return TableColumn.OfTexts(column.Name, data.TextsOf(Of(column)));
    }

    /// <summary>What several columns of lists of numbers have at each step, as one.</summary>
    /// <exception cref="InvalidDataException">The lists of a row differ in length.</exception>
    public static TableColumn ReadLists(Dataset data, SourceColumn[] columns)
    {
        (float[][] Values, int Features)[] lists = Array.ConvertAll(columns, data.NumberListsOf);
        if (lists.Length > 1)
            RefuseOtherLengths(data, Array.ConvertAll(lists, list => list.Values));
        float[][] values = lists.Length == 1 ? lists[0].Values : [.. Enumerable.Range(0, data.Rows).Select(row =>
            Enumerable.Range(0, lists[0].Values[row].Length).SelectMany(step => lists.Select(list => list.Values[row][step])).ToArray())];
        int features = lists.Length == 1 ? lists[0].Features : lists.Length;
        foreach (float[] list in values)
            Lists.Fill(list, features);
        return TableColumn.OfNumberLists(Sequence, values, features) with
        {
            Sources = [.. columns.Select(column => column.Name)],
            Origin = ColumnOrigin.Lists,
        };
    }

    /// <summary>Refuses rows whose lists differ in length.</summary>
    public static void RefuseOtherLengths<T>(Dataset data, T[][][] lists)
    {
        for (int row = 0; row < data.Rows; row++)
        {
            if (Array.Exists(lists, list => list[row].Length != lists[0][row].Length))
                throw new InvalidDataException($"{data.Text.Path}({data.Text.Lines[row]}): the lists of this row differ in length: "
                    + $"{string.Join(", ", lists.Select(list => list[row].Length))}.");
        }
    }

    /// <summary>The transforms that make the features of the trainer.</summary>
    public IEnumerable<PipelineStep> Steps(MLContext ml, Table table)
    {
        if (_text is { Kind: ColumnKind.Text } && IsCharacters)
        {
            yield return new(ml.Transforms.Text.TokenizeIntoCharactersAsKeys(Tokens, _text.Name),
                $"Transforms.Text.TokenizeIntoCharactersAsKeys(\"{Tokens}\", {CSharp.Text(_text.Name)})");
        }
        else if (_text is not null)
        {
            if (_text.Kind == ColumnKind.Text)
            {
                yield return new(ml.Transforms.Text.NormalizeText(Words, _text.Name),
                    $"Transforms.Text.NormalizeText(\"{Words}\", {CSharp.Text(_text.Name)})");
                yield return new(ml.Transforms.Text.TokenizeIntoWords(Words, Words, _separators),
                    $"Transforms.Text.TokenizeIntoWords(\"{Words}\", \"{Words}\", [.. {CSharp.Text(new string(_separators))}])");
            }
            else
            {
                yield return new(ml.Transforms.CopyColumns(Words, _text.Name),
                    $"Transforms.CopyColumns(\"{Words}\", {CSharp.Text(_text.Name)})");
            }
            yield return new(ml.Transforms.Conversion.MapValueToKey(Tokens, Words),
                $"Transforms.Conversion.MapValueToKey(\"{Tokens}\", \"{Words}\")");
        }
        else if (table[Sequence] is { Steps: not null } sequence
            && ((float[][])sequence.Values).Any(values => values.AsSpan().Contains(float.NaN)))
        {
            yield return new(ml.Transforms.ReplaceMissingValues(Sequence, replacementMode: Mean),
                $"Transforms.ReplaceMissingValues(\"{Sequence}\", replacementMode: {MeanCode})");
        }
        foreach (PipelineStep step in StaticSteps(ml, table))
            yield return step;
    }

    private const Microsoft.ML.Transforms.MissingValueReplacingEstimator.ReplacementMode Mean =
        Microsoft.ML.Transforms.MissingValueReplacingEstimator.ReplacementMode.Mean;

    private const string MeanCode = "Microsoft.ML.Transforms.MissingValueReplacingEstimator.ReplacementMode.Mean";

    private IEnumerable<PipelineStep> StaticSteps(MLContext ml, Table table)
    {
        if (Static is null)
            yield break;
        foreach (SourceColumn column in _categories)
            yield return new(ml.Transforms.Categorical.OneHotEncoding(OneHot(column), column.Name),
                $"Transforms.Categorical.OneHotEncoding({CSharp.Text(OneHot(column))}, {CSharp.Text(column.Name)})");
        string[] parts = [.. _numbers.Select(column => column.Name), .. _categories.Select(OneHot)];
        yield return new(ml.Transforms.Concatenate(Statics, parts),
            $"Transforms.Concatenate(\"{Statics}\", {string.Join(", ", parts.Select(CSharp.Text))})");
        if (_numbers.Any(column => ((float[])table[column.Name].Values).Contains(float.NaN)))
            yield return new(ml.Transforms.ReplaceMissingValues(Statics, replacementMode: Mean),
                $"Transforms.ReplaceMissingValues(\"{Statics}\", replacementMode: {MeanCode})");

        static string OneHot(SourceColumn column) => $"{column.Name} as numbers";
    }

    /// <summary>Whether signs of punctuation stand by themselves, since somebody has cut the text into words already.</summary>
    private static bool HasSpacesAroundSigns(string[] texts)
    {
        int apart = 0, attached = 0;
        foreach (string text in texts)
        {
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] is not ('.' or ',' or '?' or '!'))
                    continue;
                if (i > 0 && !char.IsWhiteSpace(text[i - 1]))
                    attached++;
                else
                    apart++;
            }
        }
        return apart > 4 * attached;
    }

    private static string Join(IEnumerable<SourceColumn> columns) => string.Join(", ", columns.Select(column => column.Name));

    private static string Span(IReadOnlyList<SourceColumn> columns)
        => columns.Count <= 4 ? Join(columns) : $"{columns[0].Name}, {columns[1].Name} … {columns[^1].Name}";
}

/// <summary>A step of a pipeline, and the C# for it behind <c>mlContext.</c></summary>
internal sealed record PipelineStep(IEstimator<ITransformer> Estimator, string Code)
{
    public static IEstimator<ITransformer> Chain(IEnumerable<PipelineStep> steps)
        => steps.Select(step => step.Estimator).Aggregate((chain, next) => chain.Append(next));

    public static string CodeOf(IEnumerable<PipelineStep> steps)
        => string.Join("\n    ", steps.Select((step, i) => i == 0 ? $"mlContext.{step.Code}" : $".Append(mlContext.{step.Code})"));
}
