using System.Globalization;
using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>Which column of a file has the times of its rows.</summary>
/// <param name="data">The file.</param>
/// <param name="taken">Columns that are something else.</param>
internal sealed class TimeColumns(Dataset data, IReadOnlyCollection<SourceColumn> taken)
{
    // Beyond them whole numbers are more likely counts than years.
    private const int FirstYear = 1800, LastYear = 2100;

    private const int FewestRows = 8;

    private static readonly string[] ClockNames = ["time", "clock", "hour", "zeit", "stunde", "uhr", "heure", "hora"];

    private readonly SourceColumn[] _free = [.. data.Columns.Where(column => !taken.Contains(column))];

    /// <summary>The first column of written times, or else one of numbers that are times and go one way.</summary>
    public SourceColumn? Find() => _free.FirstOrDefault(column => column.Kind == ColumnKind.Time) ?? _free.FirstOrDefault(AreTimes);

    /// <summary>The column of the times of day that belong to a column of days; null where there is none.</summary>
    public SourceColumn? FindClock(SourceColumn time)
    {
        if (data.TimeFormatOf(time) is not { } format)
            return null;
        DateTime[] days = data.TimesOf(time);
        if (Array.Exists(days, day => day.TimeOfDay != default))
            return null;
        int distinct = days.Distinct().Count();
        return _free.FirstOrDefault(column => column.Kind == ColumnKind.Text && column.Missing == 0
            && data.AreMostly(column, TimeFormat.IsClock)
            && format.TryParse($"{data.TextsOf(time)[0]} {data.TextsOf(column)[0]}", out _)
            && days.Zip(data.TextsOf(column)).Distinct().Count() is var both && both > distinct
            && (both == data.Rows || Array.Exists(ClockNames, name => column.Name.Contains(name, StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>Why a file has no times though a column looks like it; empty if none does.</summary>
    public string WhyNone()
    {
        SourceColumn? part = _free.FirstOrDefault(column => column.Kind == ColumnKind.Text && data.AreMostly(column, TimeFormat.IsPart));
        return part is null ? ""
            : $", as '{part.Name}' has no {(data.AreMostly(part, TimeFormat.IsClock) ? "days" : "years")}";
    }

    /// <summary>What to say of a file without times that may begin with its newest row; null for nothing.</summary>
    public Inference? Downwards()
    {
        SourceColumn? falling = _free.FirstOrDefault(column => data.Rows >= FewestRows && column.Missing == 0 && column.Kind switch
        {
            ColumnKind.Number => Whole(column) is { } numbers && Direction(numbers) < 0,
            ColumnKind.Text => data.TextsOf(column) is var texts
                && texts.Zip(texts.Skip(1)).All(pair => string.CompareOrdinal(pair.First, pair.Second) > 0),
            _ => false,
        });
        return falling is null ? null : new($"order: as in the file, though '{falling.Name}' falls from row to row; where the newest row "
            + "is the first, turn the file round or give its times", "--time-col");
    }

    /// <summary>The whole numbers of a column; null if it has others.</summary>
    public static double[]? Whole(Dataset data, SourceColumn column)
    {
        double[] numbers = [.. data.TextsOf(column).Select(field =>
            double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN)];
        return Array.TrueForAll(numbers, number => number == Math.Truncate(number)) ? numbers : null;
    }

    private double[]? Whole(SourceColumn column) => Whole(data, column);

    /// <summary>Whether a column of numbers has times that go one way, in the whole file or where another column is the same.</summary>
    private bool AreTimes(SourceColumn column)
    {
        if (column.Kind != ColumnKind.Number || data.Rows < FewestRows || data.TimeFormatOf(column) is not { } format
            || !TimeFormat.OfNumbers.Contains(format)
            || !Array.TrueForAll(data.TextsOf(column), field => format.TryParse(field, out _)))
            return false;
        DateTime[] times = data.TimesOf(column);
        bool areMonths = format == TimeFormat.Months;
        if ((areMonths ? Array.ConvertAll(times, time => 12.0 * time.Year + time.Month) : Whole(column)) is not { } numbers)
            return false;
        // A year or a month, unlike the other ways to write times, may be any number: they have to be in equal steps.
        bool isYear = areMonths || numbers.Max() < 10_000;
        if (isYear && (times.Min().Year < FirstYear || times.Max().Year > LastYear))
            return false;
        if (Direction(numbers) != 0)
            return !isYear || Steps(numbers).Distinct().Count() == 1;
        return _free.Any(other => other != column && (other.Kind == ColumnKind.Text
            || other.Kind == ColumnKind.Number && Whole(other) is not null) && GoOneWay(data.TextsOf(other)));

        bool GoOneWay(string[] names)
        {
            double[][] parts = [.. names.Zip(numbers).GroupBy(one => one.First, one => one.Second).Select(part => part.ToArray())];
            if (parts.Length < 2 || 2 * parts.Length >= names.Length)
                return false;
            int direction = Direction(parts.MaxBy(part => part.Length)!);
            return direction != 0 && Array.TrueForAll(parts, part => part.Length == 1
                || Direction(part) == direction && (!isYear || Steps(part).Distinct().Count() == 1));
        }
    }

    /// <summary>1 if numbers rise strictly, -1 if they fall, 0 for neither.</summary>
    private static int Direction(double[] numbers) => numbers.Length < 2 ? 0
        : Steps(numbers).All(step => step > 0) ? 1 : Steps(numbers).All(step => step < 0) ? -1 : 0;

    private static IEnumerable<double> Steps(double[] numbers) => numbers.Zip(numbers.Skip(1), (a, b) => b - a);
}
