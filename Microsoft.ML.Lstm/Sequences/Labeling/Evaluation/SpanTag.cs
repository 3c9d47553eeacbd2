namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>A step's label read as part of a span: the step's position in the span, and the span's type.</summary>
/// <param name="Position">B, I, E, S, [, ] or another letter, which is read as I; O outside of spans.</param>
/// <param name="Type">What stands behind the label's first dash.</param>
internal readonly record struct SpanTag(char Position, string Type)
{
    private const string BarePositions = "BIES[]";

    public static SpanTag Outside { get; } = new('O', "");

    public bool IsOutside => Position == Outside.Position;

    private bool IsFirst => Position is 'B' or 'S' or '[' or ']';

    private bool IsLast => Position is 'E' or 'S' or '[' or ']';

    public static SpanTag Parse(string label)
    {
        int dash = label.IndexOf('-', StringComparison.Ordinal);
        string position = dash < 0 ? label : label[..dash];
        string type = dash < 0 ? "" : label[(dash + 1)..];
        // Not every label with a dash is of this kind, nor every single letter: "-LRB-" and "X" are parts of speech.
        if (position.Length != 1 || position == "." || (type.Length == 0 && !BarePositions.Contains(position, StringComparison.Ordinal)))
            return Outside;
        return position[0] == Outside.Position ? Outside : new(position[0], type);
    }

    /// <summary>Whether the span of the step before goes on at this one.</summary>
    public bool Continues(SpanTag before)
        => !IsOutside && !before.IsOutside && Type == before.Type && !IsFirst && !before.IsLast;
}
