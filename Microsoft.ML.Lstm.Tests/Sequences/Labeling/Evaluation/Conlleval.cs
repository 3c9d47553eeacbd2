namespace Microsoft.ML.Lstm.Tests.Sequences.Labeling.Evaluation;

/// <summary>
/// The counts of conlleval, the scorer of the CoNLL shared tasks (Tjong Kim Sang and Buchholz 2000), written down from its Perl line by
/// line: one pass over the tokens, with a flag that says whether a correct chunk may be going on.
/// </summary>
internal sealed class Conlleval
{
    public int Tokens { get; private set; }

    public int CorrectTags { get; private set; }

    public int CorrectChunks { get; private set; }

    public int GoldChunks { get; private set; }

    public int GuessedChunks { get; private set; }

    /// <summary>Counts a sentence.</summary>
    /// <param name="gold">The right tags, such as B-NP, I-NP and O.</param>
    /// <param name="guessed">As many.</param>
    public void Add(string[] gold, string[] guessed)
    {
        (string lastCorrect, string lastCorrectType, string lastGuessed, string lastGuessedType) = ("O", "", "O", "");
        bool inCorrect = false;
        // The empty line behind a sentence is read as a token outside of all chunks.
        foreach ((string goldTag, string guessedTag, bool counts) in gold.Zip(guessed, (a, b) => (a, b, true)).Append(("O", "O", false)))
        {
            (string correct, string correctType) = Split(goldTag);
            (string guess, string guessType) = Split(guessedTag);
            bool goldEnds = EndOfChunk(lastCorrect, correct, lastCorrectType, correctType);
            bool guessEnds = EndOfChunk(lastGuessed, guess, lastGuessedType, guessType);
            if (inCorrect)
            {
                if (goldEnds && guessEnds && lastGuessedType == lastCorrectType)
                {
                    inCorrect = false;
                    CorrectChunks++;
                }
                else if (goldEnds != guessEnds || guessType != correctType)
                {
                    inCorrect = false;
                }
            }
            bool goldStarts = StartOfChunk(lastCorrect, correct, lastCorrectType, correctType);
            bool guessStarts = StartOfChunk(lastGuessed, guess, lastGuessedType, guessType);
            if (goldStarts && guessStarts && guessType == correctType)
                inCorrect = true;
            GoldChunks += goldStarts ? 1 : 0;
            GuessedChunks += guessStarts ? 1 : 0;
            if (counts)
            {
                CorrectTags += correct == guess && guessType == correctType ? 1 : 0;
                Tokens++;
            }
            (lastCorrect, lastCorrectType, lastGuessed, lastGuessedType) = (correct, correctType, guess, guessType);
        }
        CorrectChunks += inCorrect ? 1 : 0;
    }

    private static (string Tag, string Type) Split(string tag)
    {
        string[] parts = tag.Split('-', 2);
        return parts.Length == 2 ? (parts[0], parts[1]) : (tag, "");
    }

    private static bool EndOfChunk(string before, string tag, string typeBefore, string type)
        => (before, tag) is ("B", "B") or ("B", "O") or ("I", "B") or ("I", "O") or ("E", "E") or ("E", "I") or ("E", "O")
            || (before is not "O" and not "." && typeBefore != type)
            || before is "]" or "[";

    private static bool StartOfChunk(string before, string tag, string typeBefore, string type)
        => (before, tag) is ("B", "B") or ("I", "B") or ("O", "B") or ("O", "I") or ("E", "E") or ("E", "I") or ("O", "E")
            || (tag is not "O" and not "." && typeBefore != type)
            || tag is "[" or "]";
}
