using System.Globalization;
using Microsoft.ML.Lstm;

// Scores the lines of a CSV file from standard input with the network of a model file, without ML.NET: edge MODEL [--stream].
// A line is a sequence, step by step; with --stream it is the next step of one sequence, whose state stays.
if (args.Length is 0 or > 2 || (args.Length == 2 && args[1] != "--stream"))
{
    Console.Error.WriteLine("Usage: edge MODEL [--stream] < rows.csv");
    return 2;
}
SequencePredictor predictor;
try
{
    predictor = SequencePredictor.Load(args[0]);
}
catch (Exception error) when (error is IOException or InvalidDataException or NotSupportedException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"{args[0]}: {error.Message}");
    return 1;
}
bool isStream = args.Length == 2;
using var input = new StreamReader(Console.OpenStandardInput());
using var output = new StreamWriter(Console.OpenStandardOutput());
float[] values = new float[16];
char[] text = new char[32];
int number = 0;
while (input.ReadLine() is { } line)
{
    number++;
    int count = 0;
    foreach (Range field in line.AsSpan().Split(','))
    {
        if (count == values.Length)
            Array.Resize(ref values, 2 * count);
        // What is no number is missing, and so is the score; a stream ends there.
        values[count++] = float.TryParse(line.AsSpan(field), CultureInfo.InvariantCulture, out float value) ? value : float.NaN;
    }
    ReadOnlySpan<float> scores;
    try
    {
        scores = isStream ? predictor.Step(values.AsSpan(0, count)) : predictor.Score(values.AsSpan(0, count));
    }
    catch (Exception error) when (error is ArgumentException or NotSupportedException)
    {
        output.Flush();
        Console.Error.WriteLine($"line {number}: {error.Message}");
        return 1;
    }
    for (int i = 0; i < scores.Length; i++)
    {
        if (i > 0)
            output.Write(',');
        scores[i].TryFormat(text, out int length, "R", CultureInfo.InvariantCulture);
        output.Write(text, 0, length);
    }
    output.Write('\n');
    // Whoever waits for a score has it at once.
    if (number == 1 || isStream)
        output.Flush();
}
return 0;
