using System.Globalization;
using System.Text;

namespace Captions;

/// <summary>A picture, row by row with red, green and blue of each pixel from 0 to 1, and what it shows.</summary>
internal sealed class Picture
{
    public string Caption { get; set; } = "";

    /// <summary>How many rows of pixels it has.</summary>
    public float Rows { get; set; }

    public float[] Pixels { get; set; } = [];
}

/// <summary>A picture as the trainer reads it.</summary>
internal sealed class Captioned
{
    public float[] Pixels { get; set; } = [];

    public string[] Words { get; set; } = [];

    /// <summary>What a model writes.</summary>
    public string[] Written { get; set; } = [];

    /// <summary>The picture as squares of an SVG file.</summary>
    public string ToSvg(int left, int top, int columns, int pixelSize)
    {
        var svg = new StringBuilder();
        for (int i = 0; i < Pixels.Length / 3; i++)
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left + i % columns * pixelSize}\" y=\"{top + i / columns * pixelSize}\" ")
                .Append(CultureInfo.InvariantCulture, $"width=\"{pixelSize}\" height=\"{pixelSize}\" fill=\"#")
                .Append(Hex(Pixels[3 * i])).Append(Hex(Pixels[3 * i + 1])).Append(Hex(Pixels[3 * i + 2])).Append("\"/>");
        return svg.ToString();
    }

    private static string Hex(float value) => ((int)(255 * Math.Clamp(value, 0, 1))).ToString("x2", CultureInfo.InvariantCulture);
}
