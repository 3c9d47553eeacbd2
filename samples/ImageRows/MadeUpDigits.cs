namespace ImageRows;

/// <summary>
/// Digits of a 5 x 7 font, each drawn larger by a factor of its own in height and width, slanted, anywhere in the picture, brighter or
/// darker, with noise.
/// </summary>
internal static class MadeUpDigits
{
    private const int Side = 20;
    private const int FontWidth = 5;
    private const int FontHeight = 7;

    private static readonly string[] Font =
    [
        " ### |#   #|#  ##|# # #|##  #|#   #| ### ",
        "  #  | ##  |  #  |  #  |  #  |  #  | ### ",
        " ### |#   #|    #|   # |  #  | #   |#####",
        "#####|   # |  #  |   # |    #|#   #| ### ",
        "   # |  ## | # # |#  # |#####|   # |   # ",
        "#####|#    |#### |    #|    #|#   #| ### ",
        "  ## | #   |#    |#### |#   #|#   #| ### ",
        "#####|    #|   # |  #  | #   | #   | #   ",
        " ### |#   #|#   #| ### |#   #|#   #| ### ",
        " ### |#   #|#   #| ####|    #|   # | ##  ",
    ];

    public static Picture[] Make(int count, Random random) => [.. Enumerable.Range(0, count).Select(i => Draw(i % 10, random))];

    private static Picture Draw(int digit, Random random)
    {
        string[] font = Font[digit].Split('|');
        double height = Between(1.5, 2.3), width = Between(1.7, 2.6), slant = Between(-0.3, 0.3), ink = Between(0.6, 1);
        double left = Between(0, Side - FontWidth * width), top = Between(0, Side - FontHeight * height);
        var pixels = new float[Side * Side];
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                int y = (int)Math.Floor((row - top) / height);
                int x = (int)Math.Floor((column - left + slant * (row - top - FontHeight * height / 2)) / width);
                bool isInk = y is >= 0 and < FontHeight && x is >= 0 and < FontWidth && font[y][x] == '#';
                pixels[row * Side + column] = (float)((isInk ? ink : 0) + Between(-0.25, 0.25));
            }
        }
        return new Picture { Pixels = pixels, Digit = digit };

        double Between(double least, double most) => least + (most - least) * random.NextDouble();
    }
}
