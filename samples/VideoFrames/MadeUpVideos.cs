namespace VideoFrames;

/// <summary>
/// Videos of a bright spot on a dark noisy ground that does one of six things. A single frame does not tell which, and for most of them the
/// frames in another order would show something else.
/// </summary>
internal static class MadeUpVideos
{
    private const int Side = 12;
    private const int Frames = 16;

    private static readonly string[] Events = ["rises", "falls", "goes left", "goes right", "turns clockwise", "turns anticlockwise"];

    public static IEnumerable<Frame> Make()
    {
        var random = new Random(1);
        return Enumerable.Range(1, 900).SelectMany(i => Film($"video {i}", Events[i % Events.Length], random));
    }

    private static IEnumerable<Frame> Film(string name, string what, Random random)
    {
        double speed = 0.35 + 0.25 * random.NextDouble(), size = 1.2 + 0.8 * random.NextDouble();
        double x = Side * random.NextDouble(), y = Side * random.NextDouble(), angle = Math.Tau * random.NextDouble();
        double turning = 0.2 + 0.2 * random.NextDouble(), radius = 2.5 + 1.5 * random.NextDouble();
        for (int t = 0; t < Frames; t++)
        {
            double direction = angle + (what == "turns clockwise" ? turning : -turning) * t;
            (double atX, double atY) = what switch
            {
                "rises" => (x, y - speed * t),
                "falls" => (x, y + speed * t),
                "goes left" => (x - speed * t, y),
                "goes right" => (x + speed * t, y),
                _ => (Side / 2.0 + radius * Math.Cos(direction), Side / 2.0 + radius * Math.Sin(direction)),
            };
            // Whoever leaves on one side comes in on the other.
            (atX, atY) = (atX - Side * Math.Floor(atX / Side), atY - Side * Math.Floor(atY / Side));
            var pixels = new float[Side * Side];
            for (int i = 0; i < pixels.Length; i++)
            {
                double dx = Distance(i % Side, atX), dy = Distance(i / Side, atY);
                pixels[i] = (float)(Math.Exp(-(dx * dx + dy * dy) / (2 * size)) + 0.15 * (2 * random.NextDouble() - 1));
            }
            yield return new Frame { Video = name, Event = what, Pixels = pixels };
        }

        static double Distance(double one, double other) => Math.Min(Math.Abs(one - other), Side - Math.Abs(one - other));
    }
}
