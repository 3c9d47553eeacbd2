using System.Globalization;

namespace Accuracy;

/// <summary>Results in words and as a table.</summary>
internal static class Report
{
    // A set counts as worse beyond that.
    private const int SureFrom = 2;

    public static string Line(Result result)
    {
        string aim = result.IsReached is { } reached ? $"; to be reached {Number(result.Aim)}: {Mark(reached)}" : "";
        string share = double.IsNaN(result.RelativeError)
            ? ""
            : Invariant($"; error {result.RelativeError:0.00} of the best simple method's{Sure(result)}");
        return Invariant($"  {result.Metric.Name} {Number(result.Mean)} (mean of {result.Figures.Length}){aim}{share}; {Bars(result)}");
    }

    /// <summary>All results, a line each.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<Result> results)
    {
        yield return "| task | metric | setting | each seed | mean | to be reached | | to compare with | processor time |";
        yield return "|---|---|---|---|---|---|---|---|---|";
        foreach (Result result in results)
        {
            string aim = double.IsNaN(result.Aim) ? "" : Number(result.Aim);
            string mark = result.IsReached is { } reached ? Mark(reached) : "";
            yield return Invariant($"| {result.Task} | {result.Metric.Name} | {result.Setting.ToString().ToLowerInvariant()} | ")
                + Invariant($"{string.Join(", ", result.Figures.Select(Number))} | {Number(result.Mean)} | {aim} | {mark} | ")
                + Invariant($"{Bars(result)} | {result.Seconds.Average():0} s |");
        }
        int missed = results.Count(result => result.IsReached == false), aims = results.Count(result => result.IsReached is not null);
        if (aims > 0)
            yield return Invariant($"{aims - missed} of {aims} aims are reached.");
    }

    /// <summary>How the results of many data sets compare with the best simple methods.</summary>
    public static IEnumerable<string> Shares(IReadOnlyList<Result> results)
    {
        foreach (var group in results.Where(result => double.IsFinite(result.RelativeError))
            .GroupBy(result => (result.Metric.HigherIsBetter, result.Setting)))
        {
            double mean = Math.Exp(group.Average(result => Math.Log(result.RelativeError)));
            Result[] worse = [.. group.Where(result => result.RelativeError > 1).OrderByDescending(result => result.RelativeError)];
            yield return Invariant($"{group.Key.Setting.ToString().ToLowerInvariant()}, {group.Count()} sets of ")
                + (group.Key.HigherIsBetter ? "classes" : "series")
                + Invariant($": error {mean:0.000} of the best simple method's (geometric mean), more than that on {worse.Length}: ")
                + string.Join(", ", worse.Select(result => Invariant($"{result.Task} {result.RelativeError:0.00}{Sure(result)}")))
                + Invariant($"; by more than {SureFrom} standard errors on ")
                + Invariant($"{worse.Count(result => result.StandardErrorsBehind > SureFrom)}");
        }
    }

    private static string Bars(Result result)
        => string.Join(", ", result.Bars.Concat(result.Published).Select(bar => $"{bar.Method} {Number(bar.Figure)}"));

    /// <summary>How sure a difference from the best simple method is, in words; empty where that is not known.</summary>
    private static string Sure(Result result)
    {
        double behind = result.StandardErrorsBehind;
        return double.IsNaN(behind) ? "" : Invariant($" ({Math.Abs(behind):0.0} standard errors {(behind > 0 ? "more" : "less")})");
    }

    private static string Mark(bool reached) => reached ? "ok" : "missed";

    private static string Number(double value) => value.ToString(Math.Abs(value) < 1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
