using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Sequences.Labeling.Evaluation;

/// <summary>
/// A column of texts that the keys of labels may have been made of: in all rows so far, each key stands for the text of its step, and the
/// missing key for a text that no key stands for. Such a column names the labels that training did not see.
/// </summary>
/// <param name="row">A cursor over the rows.</param>
/// <param name="column">The column of texts.</param>
/// <param name="names">The names of the keys of the labels.</param>
/// <param name="predictable">The labels that can be predicted; null where that is not known.</param>
internal sealed class LabelSource(DataViewRow row, DataViewSchema.Column column, LabelNames names, IReadOnlySet<string>? predictable)
{
    private readonly StepTextReader _texts = StepTextReader.Create(row, column, names: null, missing: null);

    /// <summary>Counts the rows by the texts of this column.</summary>
    public SequenceLabelingCounter Counter { get; } = new(predictable);

    /// <summary>The columns with a text for each step, including columns hidden by a column of keys of the same name.</summary>
    public static DataViewSchema.Column[] Candidates(DataViewSchema schema)
        => [.. schema.Where(column => column.Type is VectorDataViewType { ItemType: TextDataViewType })];

    /// <summary>Adds the current row.</summary>
    /// <param name="labels">The labels, read from keys.</param>
    /// <param name="predicted">The predicted labels.</param>
    /// <returns>Whether the labels can still have been made of this column.</returns>
    public bool Add(string?[] labels, string?[] predicted)
    {
        string?[] texts = _texts.Read();
        bool fits = texts.Length == labels.Length && texts.Zip(labels).All(step => Fits(step.First, step.Second));
        if (fits)
            Counter.AddSequence(texts, predicted);
        return fits;
    }

    private bool Fits(string? text, string? label)
        => label == names.Unseen ? text is null || !names.All!.Contains(text) : text == label;
}
