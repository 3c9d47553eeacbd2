using System.Globalization;
using System.Security;
using System.Text;
using Shared;

namespace Captions;

/// <summary>Pictures beside one another, each with its caption.</summary>
internal static class Album
{
    private const int PixelSize = 6;
    private const int Gap = 20;
    private const int Line = 18;
    private const int Columns = 4;
    private const int LettersOfALine = 24;

    public static string ToSvg(Captioned[] pictures, int columns, int rows)
    {
        int width = Math.Max(columns * PixelSize, 160) + Gap, height = rows * PixelSize + 3 * Line + Gap;
        int all = Columns * width + Gap, down = (pictures.Length + Columns - 1) / Columns * height + Gap;
        var svg = new StringBuilder(string.Create(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"{down}\" font-family=\"sans-serif\" "));
        svg.Append("font-size=\"13\"><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
        for (int i = 0; i < pictures.Length; i++)
        {
            int left = Gap + i % Columns * width, top = Gap + i / Columns * height;
            svg.Append(pictures[i].ToSvg(left, top, columns, PixelSize));
            foreach ((int line, string text) in Lines(pictures[i].Written).Index())
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{top + rows * PixelSize + (line + 1) * Line}\">")
                    .Append(SecurityElement.Escape(text)).Append("</text>");
        }
        return svg.Append("</svg>").ToString();
    }

    private static IEnumerable<string> Lines(string[] words)
    {
        var line = new List<string>();
        foreach (string word in words)
        {
            if (line.Count > 0 && Words.Join(line).Length + word.Length >= LettersOfALine)
            {
                yield return Words.Join(line);
                line.Clear();
            }
            line.Add(word);
        }
        yield return Words.Join(line);
    }
}
