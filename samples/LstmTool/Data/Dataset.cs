using System.Globalization;

namespace LstmTool.Data;

/// <summary>A data set whose columns are known by their kinds, and read as what a task needs them for.</summary>
internal sealed class Dataset
{
    private const double Most = 0.9;
    private const int RowsLookedAt = 2000;
    private const int LongestShown = 40;

    private readonly TextTable _text;
    private readonly SourceColumn[] _columns;

    private Dataset(TextTable text)
    {
        _text = text;
        _columns = [.. text.Header.Select((name, i) => Look(name, i))];
    }

    public TextTable Text => _text;

    public int Rows => _text.Rows.Count;

    public IReadOnlyList<SourceColumn> Columns => _columns;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How.</param>
    /// <param name="isLabeling">Whether columns of CoNLL's kind are looked for.</param>
    public static Dataset Read(string path, ReadOptions options, bool isLabeling = false)
    {
        if (isLabeling)
        {
            (string text, bool isWindows1252) = TextTable.ReadText(path);
            if (!JsonLines.IsJson(text) && options.Separator is null && ConllText.IsConll(text))
                return new Dataset(ConllText.Read(path, text).Of(isWindows1252));
        }
        return new Dataset(TextTable.Read(path, options));
    }

    /// <summary>The same columns with other rows.</summary>
    public static Dataset Of(TextTable text) => new(text);

    /// <summary>A column by its name, or by its number from 0 on.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public SourceColumn Find(string name, string option)
    {
        SourceColumn? found = Array.Find(_columns, column => column.Name == name)
            ?? (TryParseIndex(name, out int index) && index < _columns.Length ? _columns[index] : null);
        return found ?? throw new InvalidDataException(
            $"{option}: there is no column '{name}' in {_text.Path}; {Nearest.Suggest(name, _text.Header)}.");
    }

    /// <summary>Whether what a user calls a column may be its number, from 0 on.</summary>
    public static bool TryParseIndex(string name, out int index)
        => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out index);

    /// <summary>The fields of a column.</summary>
    public string[] TextsOf(SourceColumn column) => [.. _text.Rows.Select(row => row[column.Index])];

    /// <summary>The numbers of a column, NaN where one is missing.</summary>
    /// <exception cref="InvalidDataException">A field is no number.</exception>
    public float[] NumbersOf(SourceColumn column)
    {
        bool? comma = _text.Layout.DecimalComma;
        var values = new float[Rows];
        for (int i = 0; i < values.Length; i++)
        {
            string field = _text.Rows[i][column.Index];
            if (Fields.TryParseNumber(field, comma, out float number))
                values[i] = number;
            else if (bool.TryParse(field, out bool truth))
                values[i] = truth ? 1 : 0;
            else if (Fields.IsMissing(field))
                values[i] = float.NaN;
            else
                throw new InvalidDataException($"{_text.Place(i, column.Index)}: '{Short(field)}' is no number such as "
                    + (comma == true ? "12,5" : "12.5") + (Fields.HasComma(field) && comma is null
                        ? "; if the file has decimal commas, give --decimal-comma; if commas part thousands, --decimal-comma false."
                        : "; leave the field empty if it is missing."));
        }
        return values;
    }

    /// <summary>The times of a column.</summary>
    /// <param name="column">The column.</param>
    /// <param name="clock">The column of the times of day, where the first one has days.</param>
    /// <exception cref="InvalidDataException">A field is no time, or empty.</exception>
    public DateTime[] TimesOf(SourceColumn column, SourceColumn? clock = null)
    {
        TimeFormat format = TimeFormatOf(column) ?? TimeFormat.Usual;
        return [.. _text.Rows.Select((row, i) =>
        {
            string field = row[column.Index] + (clock is null ? "" : $" {row[clock.Index]}");
            return format.TryParse(field, out DateTime time) ? time
                : throw new InvalidDataException($"{_text.Place(i, column.Index)}: '{Short(field)}' is no time"
                    + (TimeFormat.IsPart(field) ? ", as it has no year." : $"; the others are times {format.Name}."));
        })];
    }

    /// <summary>Whether nearly all fields of a column that are not missing are of a kind.</summary>
    public bool AreMostly(SourceColumn column, Predicate<string> fits)
    {
        string[] some = [.. TextsOf(column).Where(field => !Fields.IsMissing(field)).Take(RowsLookedAt)];
        return some.Length > 0 && some.Count(field => fits(field)) >= some.Length * Most;
    }

    /// <summary>How the times of a column are written; null if it has no times.</summary>
    public TimeFormat? TimeFormatOf(SourceColumn column)
    {
        string[] fields = [.. TextsOf(column).Where(field => !Fields.IsMissing(field))];
        bool Reads(TimeFormat format, double share) => fields.Count(field => format.TryParse(field, out _)) >= fields.Length * share;
        TimeFormat? found = fields.Length == 0 ? null : TimeFormat.All.FirstOrDefault(format => Reads(format, 1))
            ?? TimeFormat.All.FirstOrDefault(format => Reads(format, Most));
        bool isEither = found == TimeFormat.MonthFirst && Reads(TimeFormat.DayFirst, 1);
        return isEither && TimeFormat.IsDayFirst(fields) ? TimeFormat.DayFirst : found;
    }

    /// <summary>The lists of numbers of a column, and how many numbers a step has.</summary>
    /// <exception cref="InvalidDataException">A field is no list of numbers.</exception>
    public (float[][] Values, int FeaturesPerStep) NumberListsOf(SourceColumn column)
    {
        int width = 0;
        float[][] values = [.. _text.Rows.Select((row, i) =>
        {
            string field = row[column.Index];
            if (Fields.IsMissing(field))
                return [];
            if (!Lists.TryParseNumbers(field, out float[] list, out int features))
                return Fields.TryParseNumber(field, _text.Layout.DecimalComma, out float single) ? [single]
                    : throw new InvalidDataException($"{_text.Place(i, column.Index)}: '{Short(field)}' is no list of numbers.");
            if (width != 0 && features != width && list.Length > 0)
                throw new InvalidDataException($"{_text.Place(i, column.Index)}: its steps have {features} numbers, those before {width}.");
            width = list.Length > 0 ? features : width;
            return list;
        })];
        return (values, Math.Max(1, width));
    }

    /// <summary>The lists of texts of a column.</summary>
    /// <exception cref="InvalidDataException">A field is no list of texts.</exception>
    public string[][] TextListsOf(SourceColumn column) => [.. _text.Rows.Select((row, i) =>
        Lists.TryParseTexts(row[column.Index], out string[] texts) ? texts
            : Fields.IsMissing(row[column.Index]) ? []
            : throw new InvalidDataException($"{_text.Place(i, column.Index)}: '{Short(row[column.Index])}' is no list of texts."))];

    /// <summary>What a report says of a column.</summary>
    public ColumnFacts FactsOf(SourceColumn column, string role)
        => new(column.Name, column.Kind, role, column.Missing, Short(_text.Rows[0][column.Index]));

    private static string Short(string field) => field.Length <= LongestShown ? field : field[..LongestShown] + "…";

    private SourceColumn Look(string name, int index)
    {
        string[] fields = [.. _text.Rows.Select(row => row[index])];
        int missing = fields.Count(Fields.IsMissing);
        string[] some = [.. fields.Where(field => !Fields.IsMissing(field)).Take(RowsLookedAt)];
        bool Mostly(Predicate<string> fits) => some.Length > 0 && some.Count(field => fits(field)) >= some.Length * Most;
        ColumnKind kind = Mostly(field => Fields.IsNumber(field) || Fields.HasComma(field)) && !Array.TrueForAll(some, Fields.MayBeList)
            ? ColumnKind.Number
            : TimeFormat.Written.Any(format => Mostly(field => format.TryParse(field, out _))) ? ColumnKind.Time
            : Mostly(field => Lists.TryParseNumbers(field, out _, out _)) ? ColumnKind.Numbers
            : Mostly(field => Lists.TryParseTexts(field, out _)) ? ColumnKind.Texts
            : ColumnKind.Text;
        return new SourceColumn(name, index, kind, missing)
        {
            IsTruth = kind == ColumnKind.Text && some.Length > 0 && Array.TrueForAll(some, Fields.IsTruth),
        };
    }
}

/// <summary>A column of a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Index">Its place, from 0 on.</param>
/// <param name="Kind">What most of its fields are.</param>
/// <param name="Missing">How many fields are missing.</param>
internal sealed record SourceColumn(string Name, int Index, ColumnKind Kind, int Missing)
{
    /// <summary>Whether its fields are true and false, which are 1 and 0 where numbers are wanted.</summary>
    public bool IsTruth { get; init; }
}
