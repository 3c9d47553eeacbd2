namespace Captions;

/// <summary>
/// Pictures of two things, one above the other or beside it, each with a shape, a colour, a size and a place of its own, on a background of
/// noise; and what they show, in words.
/// </summary>
internal sealed class MadeUpPictures(Random random)
{
    private const int Side = 20;

    private static readonly string[] Shapes = ["square", "disc", "cross", "triangle"];

    private static readonly (string Name, float Red, float Green, float Blue)[] Colours =
        [("red", 0.9f, 0.15f, 0.15f), ("green", 0.15f, 0.75f, 0.2f), ("blue", 0.2f, 0.3f, 0.9f), ("yellow", 0.95f, 0.85f, 0.1f)];

    private static readonly (string Name, float Radius)[] Sizes = [("small", 2.2f), ("large", 4.2f)];

    public static IEnumerable<Picture> Make()
    {
        var pictures = new MadeUpPictures(new Random(1));
        return Enumerable.Range(0, 4000).Select(_ => pictures.MakeOne());
    }

    private Picture MakeOne()
    {
        var pixels = new float[Side * Side * 3];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 0.1f * random.NextSingle();
        bool isAbove = random.Next(2) == 0;
        // The first is above or on the left.
        float first = 5 + 0.5f * random.NextSingle(), second = 14 + 0.5f * random.NextSingle(), across = 5 + 9 * random.NextSingle();
        string one = Draw(pixels, isAbove ? across : first, isAbove ? first : across);
        string other = Draw(pixels, isAbove ? 5 + 9 * random.NextSingle() : second, isAbove ? second : across + random.NextSingle());
        return new Picture { Pixels = pixels, Rows = Side, Caption = $"a {one} {(isAbove ? "above" : "left of")} a {other}" };
    }

    private string Draw(float[] pixels, float x, float y)
    {
        string shape = Shapes[random.Next(Shapes.Length)];
        var colour = Colours[random.Next(Colours.Length)];
        var (size, radius) = Sizes[random.Next(Sizes.Length)];
        float brightness = 0.8f + 0.2f * random.NextSingle();
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                (float dx, float dy) = (column - x, row - y);
                if (Math.Max(Math.Abs(dx), Math.Abs(dy)) > radius || !Covers(shape, dx / radius, dy / radius))
                    continue;
                Span<float> pixel = pixels.AsSpan(3 * (row * Side + column), 3);
                (pixel[0], pixel[1], pixel[2]) = (brightness * colour.Red, brightness * colour.Green, brightness * colour.Blue);
            }
        }
        return $"{size} {colour.Name} {shape}";
    }

    private static bool Covers(string shape, float x, float y) => shape switch
    {
        "square" => true,
        "disc" => x * x + y * y <= 1.1f,
        "cross" => Math.Min(Math.Abs(x), Math.Abs(y)) <= 0.3f,
        _ => Math.Abs(x) <= (y + 1) / 2,
    };
}
