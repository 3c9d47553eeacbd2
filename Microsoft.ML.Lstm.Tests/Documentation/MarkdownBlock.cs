using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path from the root.</param>
/// <param name="Line">The number of the block's first line, the one behind the fence, counted from 1.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Text">The block.</param>
/// <param name="ExemptionReason">
/// Why no test runs it, where the line before the fence is <c>&lt;!-- not run: REASON --&gt;</c>; else null.
/// </param>
internal sealed partial record MarkdownBlock(string Page, int Line, string Language, string Text, string? ExemptionReason)
{
    public bool IsExempt => ExemptionReason is not null;

    /// <summary>All blocks of a page.</summary>
    public static IEnumerable<MarkdownBlock> Read(string root, string page)
    {
        string[] lines = File.ReadAllLines(Path.Combine(root, page));
        for (int i = 0; i < lines.Length; i++)
        {
            Match fence = FencePattern().Match(lines[i]);
            if (!fence.Success)
                continue;
            int indent = fence.Groups[1].Length, first = i + 1;
            for (i = first; i < lines.Length && !FencePattern().IsMatch(lines[i]);)
                i++;
            Assert.IsLessThan(lines.Length, i, $"{page}({first}): the block has no end.");
            string text = string.Concat(lines[first..i].Select(line => line[Math.Min(indent, line.Length)..] + "\n"));
            Match exemption = ExemptionPattern().Match(first < 2 ? "" : lines[first - 2]);
            yield return new MarkdownBlock(page, first + 1, fence.Groups[2].Value, text,
                exemption.Success ? exemption.Groups[1].Value.Trim() : null);
        }
    }

    [GeneratedRegex(@"^( *)```(\S*)\s*$")]
    private static partial Regex FencePattern();

    [GeneratedRegex(@"^\s*<!-- not run:(.*)-->\s*$")]
    private static partial Regex ExemptionPattern();
}
