using Shared;

namespace Dialogue;

/// <summary>A question and an answer in turn.</summary>
/// <param name="Lines">What was said.</param>
internal sealed record Conversation(string[] Lines)
{
    private const string Pause = "/";

    /// <summary>Each answer with all that was said before.</summary>
    public IEnumerable<Turn> Turns() => Enumerable.Range(0, Lines.Length / 2)
        .Select(i => new Turn { Heard = Listen(Lines[..(2 * i + 1)]), Answer = Words.Of(Lines[2 * i + 1]) });

    /// <summary>What was said as one sequence of words, with a sign between the lines.</summary>
    public static string[] Listen(IEnumerable<string> lines) => [.. lines.SelectMany(line => Words.Of(line).Prepend(Pause))];

    /// <summary>Reads conversations from lines of text: question and answer in turn, and an empty line between two conversations.</summary>
    /// <exception cref="InvalidDataException">A question has no answer.</exception>
    public static Conversation[] Read(string file)
    {
        List<Conversation> conversations = [];
        List<string> said = [];
        int number = 0;
        foreach (string line in File.ReadLines(file).Append(""))
        {
            number++;
            if (line.Trim().Length > 0)
            {
                said.Add(line);
                continue;
            }
            if (said.Count % 2 != 0)
                throw new InvalidDataException($"{file}: the question before line {number} has no answer. Expected a line for each "
                    + "question and each answer in turn, and an empty line between two conversations.");
            if (said.Count > 0)
                conversations.Add(new Conversation([.. said]));
            said.Clear();
        }
        return [.. conversations];
    }
}

/// <summary>An answer, and what was said before.</summary>
internal sealed class Turn
{
    public string[] Heard { get; set; } = [];

    public string[] Answer { get; set; } = [];
}

/// <summary>What the model answers.</summary>
internal sealed class Reply
{
    public string[] Said { get; set; } = [];
}
