using System.Text.RegularExpressions;

namespace Microsoft.ML.Lstm.Sequences.SequenceToSequence.Evaluation;

/// <summary>
/// Counts for BLEU (Papineni et al. 2002) as sacreBLEU defines it (Post 2018): tokens by the rules of mteval-v13a, words of one to four
/// tokens, of several references the largest count of each and the length that is closest, and for an order without a match the smoothing
/// of mteval (each such precision is halved once more, of 1 / all).
/// </summary>
internal sealed partial class BleuCounter
{
    private const int Orders = 4;

    private readonly long[] _matches = new long[Orders];
    private readonly long[] _all = new long[Orders];
    private long _referenceTokens;

    /// <summary>Tokens of the translations.</summary>
    public long Tokens { get; private set; }

    /// <summary>Tokens of the reference of each translation that is closest in length.</summary>
    public long ReferenceTokens => _referenceTokens;

    /// <summary>exp(1 − r/c) for translations of c tokens that are shorter than the references' r, else 1; 0 for none.</summary>
    public double BrevityPenalty => Tokens >= _referenceTokens ? 1 : Tokens == 0 ? 0 : Math.Exp(1 - (double)_referenceTokens / Tokens);

    /// <summary>The share of the runs of one to four tokens that a reference has too, from 0 to 1, smoothed.</summary>
    public double[] Precisions
    {
        get
        {
            double[] precisions = new double[Orders];
            double smoothing = 1;
            for (int n = 0; n < Orders && _all[n] > 0 && _matches[0] > 0; n++)
                precisions[n] = _matches[n] > 0 ? (double)_matches[n] / _all[n] : 1 / ((smoothing *= 2) * _all[n]);
            return precisions;
        }
    }

    /// <summary>BLEU from 0 to 100: 100 times the brevity penalty and the geometric mean of the precisions.</summary>
    public double Score => Precisions is var precisions && Array.Exists(precisions, precision => precision == 0) ? 0
        : 100 * BrevityPenalty * Math.Exp(precisions.Sum(Math.Log) / Orders);

    /// <summary>Adds a translation.</summary>
    public void Add(string translation, IEnumerable<string> references)
    {
        string[] tokens = Tokenize(translation);
        var most = new Dictionary<string, int>();
        int closest = -1;
        foreach (string[] reference in references.Select(Tokenize))
        {
            int distance = Math.Abs(reference.Length - tokens.Length), before = Math.Abs(closest - tokens.Length);
            if (closest < 0 || distance < before || (distance == before && reference.Length < closest))
                closest = reference.Length;
            foreach ((string run, int count) in RunsOf(reference))
                most[run] = Math.Max(count, most.GetValueOrDefault(run));
        }
        Tokens += tokens.Length;
        _referenceTokens += Math.Max(closest, 0);
        foreach ((string run, int count) in RunsOf(tokens))
        {
            int order = run.Count(letter => letter == ' ');
            _all[order] += count;
            _matches[order] += Math.Min(count, most.GetValueOrDefault(run));
        }
    }

    /// <summary>The tokens of a text, as mteval-v13a splits it.</summary>
    public static string[] Tokenize(string text)
    {
        text = text.TrimEnd().Replace("<skipped>", "", StringComparison.Ordinal).Replace("-\n", "", StringComparison.Ordinal)
            .Replace('\n', ' ').Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        text = Symbols().Replace($" {text} ", " $1 ");
        text = PointAfterOther().Replace(text, "$1 $2 ");
        text = PointBeforeOther().Replace(text, " $1 $2");
        text = DashAfterDigit().Replace(text, "$1 $2 ");
        return text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>How often each run of one to four tokens occurs; tokens have no spaces.</summary>
    private static Dictionary<string, int> RunsOf(string[] tokens)
    {
        var runs = new Dictionary<string, int>();
        for (int first = 0; first < tokens.Length; first++)
        {
            for (int n = 1; n <= Orders && first + n <= tokens.Length; n++)
            {
                string run = string.Join(' ', tokens, first, n);
                runs[run] = runs.GetValueOrDefault(run) + 1;
            }
        }
        return runs;
    }

    // All ASCII symbols but ' , - and .
    [GeneratedRegex(@"([\{-\~\[-\` -\&\(-\+\:-\@\/])")]
    private static partial Regex Symbols();

    [GeneratedRegex(@"([^0-9])([\.,])")]
    private static partial Regex PointAfterOther();

    [GeneratedRegex(@"([\.,])([^0-9])")]
    private static partial Regex PointBeforeOther();

    [GeneratedRegex("([0-9])(-)")]
    private static partial Regex DashAfterDigit();
}
