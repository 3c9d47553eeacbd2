using System.Text;
using Shared;

namespace Translator;

/// <summary>A sentence in two languages, as words.</summary>
internal sealed class Pair
{
    public string[] Source { get; set; } = [];

    public string[] Target { get; set; } = [];

    public static Pair Of(string source, string target) => new() { Source = Words.Of(source), Target = Words.Of(target) };
}

/// <summary>What a model writes, and where it looked: a weight of each word of the source for each word written.</summary>
internal sealed class Written
{
    public string[] Source { get; set; } = [];

    public string[] Translation { get; set; } = [];

    public float[] Attention { get; set; } = [];

    /// <summary>A row for each word written, with the darker a sign the more the decoder looked at the word of its column.</summary>
    public string DrawAttention()
    {
        int margin = Translation.Max(word => word.Length);
        var text = new StringBuilder().Append(' ', margin + 3).AppendJoin(' ', Source).AppendLine();
        for (int row = 0; row < Translation.Length; row++)
        {
            text.Append("  ").Append(Translation[row].PadRight(margin));
            for (int t = 0; t < Source.Length; t++)
                text.Append(' ').Append(" .:+#@"[(int)(5.99f * Math.Min(1, Attention[row * Source.Length + t]))], Source[t].Length);
            text.AppendLine();
        }
        return text.ToString();
    }
}

/// <summary>A translation and those it may be.</summary>
internal sealed class Judged
{
    public string Text { get; set; } = "";

    public string[] References { get; set; } = [];
}
