using System.Text;

namespace ImageRows;

/// <summary>A square picture of a digit, row by row, from 0 for paper to 1 for ink.</summary>
internal sealed class Picture
{
    public float[] Pixels { get; set; } = [];

    public int Digit { get; set; }

    /// <summary>The picture as lines of text.</summary>
    public override string ToString()
    {
        int side = (int)Math.Sqrt(Pixels.Length);
        var text = new StringBuilder();
        for (int i = 0; i < Pixels.Length; i++)
        {
            text.Append(i % side == 0 ? "    " : "").Append(" .:+#@"[(int)(5.99f * Math.Clamp(Pixels[i], 0, 1))]);
            if (i % side == side - 1)
                text.AppendLine();
        }
        return text.ToString();
    }
}

/// <summary>A picture with the digit that a model sees in it.</summary>
internal sealed class Seen
{
    public float[] Pixels { get; set; } = [];

    public int Digit { get; set; }

    public int Guess { get; set; }
}
