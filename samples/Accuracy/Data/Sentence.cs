namespace Accuracy.Data;

/// <summary>A sentence: columns of as many entries as it has words, the last of them the labels.</summary>
internal sealed record Sentence(string[][] Columns)
{
    public string[] Words => Columns[0];

    public string[] Labels => Columns[^1];
}
