using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>The names of the keys of a column of labels.</summary>
internal sealed class LabelNames
{
    private readonly string[] _names;

    private LabelNames(string[] names, bool areTexts, bool areNumbers)
    {
        _names = names;
        AreTexts = areTexts;
        AreNumbers = areNumbers;
        All = areNumbers ? null : names.ToHashSet();
        Unseen = Array.Exists(names, name => !SpanTag.Parse(name).IsOutside) ? "I-(not in training)" : "(not in training)";
    }

    /// <summary>Whether keys stand for texts.</summary>
    public bool AreTexts { get; }

    /// <summary>Whether keys have no values and are named by their numbers, counted from 1.</summary>
    public bool AreNumbers { get; }

    /// <summary>All names; null where keys are named by their numbers.</summary>
    public IReadOnlySet<string>? All { get; }

    /// <summary>
    /// The name for a missing key, which stands for a label that training did not see. Where labels mark spans, a run of missing keys is
    /// read as one span.
    /// </summary>
    public string Unseen { get; }

    /// <summary>The name of a key, counted from 1.</summary>
    public string this[int key] => _names.Length > 0 ? _names[key - 1] : key.ToString(CultureInfo.InvariantCulture);

    /// <summary>The names of a column's keys; null for a column of texts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The keys have values that can't be written as texts.</exception>
    public static LabelNames? Of(IExceptionContext context, ColumnRole role, DataViewSchema.Column column)
    {
        if (TokenReader.VocabularyOf(column.Type) is not { } count)
            return null;
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues) is null)
            return new LabelNames([], areTexts: false, areNumbers: true);
        KeyValues values = KeyValues.Of(column, (int)Math.Min(count, int.MaxValue))
            ?? throw role.DimensionMismatch(context, column, "a vector of keys whose values are texts, numbers, Booleans or times");
        return new LabelNames(values.Values, values.IsText, areNumbers: false);
    }
}
