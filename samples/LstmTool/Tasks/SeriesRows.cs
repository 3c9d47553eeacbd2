using System.Globalization;
using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>The order of rows in time, and which series each belongs to.</summary>
internal sealed class SeriesRows
{
    private const double UsualShare = 0.15;

    // Up to so many of a file's times stand there twice by accident, as an hour of autumn does in local time: they tell no series apart,
    // and what differs in them, such as the zone of the time, is no name of a series.
    private const double AccidentalShare = 0.02;

    private readonly SourceColumn? _time;
    private readonly SourceColumn? _clock;
    private readonly SourceColumn? _series;
    private readonly DateTime[]? _times;
    private readonly TimeFormat? _format;
    private readonly string[] _names;
    // From the order in time to that of the file.
    private readonly int[] _order;
    private readonly List<Inference> _inferred = [];
    private readonly string? _step;
    private readonly int _season;

    private SeriesRows(Dataset data, TaskRequest request, IReadOnlyCollection<SourceColumn> taken)
    {
        SourceColumn? givenSeries = request.Series is { } series ? data.Find(series, "--series-col") : null;
        SourceColumn[] known = [.. request.Known.Select(name => data.Find(name, "--known-cols"))];
        var columns = new TimeColumns(data, [.. taken, .. known]);
        _time = request.Time is { } time ? data.Find(time, "--time-col") : columns.Find();
        _clock = _time is null ? null : columns.FindClock(_time);
        if (_clock == givenSeries)
            _clock = null;
        _times = _time is null ? null : data.TimesOf(_time, _clock);
        _format = _time is null ? null : data.TimeFormatOf(_time) ?? TimeFormat.Usual;
        _series = givenSeries ?? InferSeries(data, taken);
        bool isRepeated = _series is null && request.Time is null && RepeatedTimes is > 0 and var repeats
            && repeats <= AccidentalShare * data.Rows;
        _names = _series is null ? [.. Enumerable.Repeat("", data.Rows)] : data.TextsOf(_series);
        _order = [.. Enumerable.Range(0, data.Rows)];
        if (_times is not null)
            Order(data, isRepeated, taken);
        if (isRepeated)
        {
            // No steps of time, but still the order: the file may begin with the newest row.
            DroppedTime = new RowOrder(_time!.Name, _format!) { Clock = _clock?.Name };
            (_time, _times, _format) = (null, null, null);
        }
        Count = _names.Distinct().Count();
        string longest = _names.CountBy(name => name).MaxBy(pair => pair.Value).Key;
        (_step, _season) = TimeSteps.Of([.. _order.Where(row => _names[row] == longest).Select(row => _times?[row] ?? default)]);
        if (request.Time is null)
            _inferred.Add(new(_time is not null
                ? $"time: column '{_time.Name}'{Clock}, {_format!.Name}, a row every {_step ?? "step"}"
                : $"time: none{(DroppedTime is null ? columns.WhyNone() : $", as '{DroppedTime.Column}'{Clock} has some times twice")}"
                    + ", rows follow each other in equal steps", "--time-col"));
        if (_time is null && DroppedTime is null && columns.Downwards() is { } downwards)
            _inferred.Add(downwards);
        if (request.Series is null)
            _inferred.Add(new(_series is null ? "series: one" : $"series: {Count}, by column '{_series.Name}'", "--series-col"));
    }

    private string Clock => _clock is null ? "" : $" with '{_clock.Name}'";

    /// <summary>The name of the column of times.</summary>
    public string? Time => _time?.Name;

    /// <summary>The name of the column of series.</summary>
    public string? Series => _series?.Name;

    /// <summary>What the rows are in the order of though the model has no times, since some stand there twice; null where it has.</summary>
    public RowOrder? DroppedTime { get; }

    /// <summary>How many series there are.</summary>
    public int Count { get; }

    /// <summary>The columns of times and series, in the order of the file.</summary>
    public IEnumerable<TableColumn> Columns =>
    [
        .. _times is null ? (TableColumn[])[] : [TableColumn.OfTimes(_time!.Name, _times) with
        {
            TimeFormat = _format!,
            Sources = _clock is null ? [_time.Name] : [_time.Name, _clock.Name],
        }],
        .. _series is null ? (TableColumn[])[] : [TableColumn.OfTexts(_series.Name, _names)],
    ];

    /// <param name="data">The file.</param>
    /// <param name="request">What the user says of its columns.</param>
    /// <param name="taken">Columns that are something else.</param>
    public static SeriesRows Of(Dataset data, TaskRequest request, IReadOnlyCollection<SourceColumn> taken) => new(data, request, taken);

    public bool Uses(SourceColumn column) => column == _time || column == _clock || column == _series;

    /// <summary>The rows in the order of time.</summary>
    public Table Sort(Table table) => table.Pick(_order);

    /// <summary>Values of the file in the order of time.</summary>
    public T[] Sort<T>(T[] values) => Array.ConvertAll(_order, row => values[row]);

    /// <summary>The row before each in its series, in the order of time.</summary>
    public Dictionary<int, int> RowBefore(int[] rows)
    {
        var wanted = rows.ToHashSet();
        var last = new Dictionary<string, int>();
        var before = new Dictionary<int, int>();
        for (int row = 0; row < _order.Length; row++)
        {
            string name = _names[_order[row]];
            if (wanted.Contains(row) && last.TryGetValue(name, out int place))
                before[row] = place;
            last[name] = row;
        }
        return before;
    }

    /// <summary>The last rows of each series are unseen, those before them validate.</summary>
    /// <param name="horizon">The steps ahead: each part has at least as many rows, where there are enough.</param>
    /// <exception cref="InvalidDataException">No series is long enough.</exception>
    public RowParts Split(int horizon)
    {
        List<int> train = [], validation = [], unseen = [];
        foreach (int[] rows in Enumerable.Range(0, _order.Length).GroupBy(i => _names[_order[i]]).Select(group => group.ToArray()))
        {
            int part = Math.Min(Math.Max(horizon, (int)Math.Round(UsualShare * rows.Length)), rows.Length / 4);
            train.AddRange(rows[..^(2 * part)]);
            validation.AddRange(rows[^(2 * part)..^part]);
            unseen.AddRange(rows[^part..]);
        }
        if (unseen.Count == 0)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"There are {_order.Length} rows; a series needs 8 or more to train, to choose and to measure, and hundreds to learn."));
        train.Sort();
        validation.Sort();
        unseen.Sort();
        return new RowParts([.. train], [.. validation], [.. unseen], Count > 1 ? "by time, the last rows of each series" : "by time");
    }

    /// <summary>What a report says of the file.</summary>
    public DatasetFacts FactsOf(Dataset data, RowParts parts, Func<SourceColumn, string> roleOf, IReadOnlyList<Inference> further) => new(
        data.Text.Path, data.Text.Format, data.Rows,
        [.. data.Columns.Select(column => data.FactsOf(column,
            column == _time || column == _clock ? "time" : column == _series ? "series" : roleOf(column)))])
    {
        Inferred = [.. data.Text.Inferred, .. _inferred, .. further],
        TimeStep = _time is null ? null : _step,
        Season = _season,
        Parts = new PartFacts(parts.Train.Length, parts.Validation.Length, parts.Unseen.Length, parts.How),
    };

    /// <summary>
    /// The places of rows, and of the last row before them in each series, in a list of rows that are in the order of time.
    /// </summary>
    public int[] FromTheRowBefore(int[] through, int[] rows)
    {
        var wanted = rows.ToHashSet();
        var last = new Dictionary<string, int>();
        var places = new HashSet<int>();
        for (int place = 0; place < through.Length; place++)
        {
            string name = _names[_order[through[place]]];
            if (wanted.Contains(through[place]))
            {
                places.Add(place);
                if (last.TryGetValue(name, out int before))
                    places.Add(before);
            }
            last[name] = place;
        }
        return [.. places.Order()];
    }

    /// <summary>How many rows have a time that a row before them has too.</summary>
    private int RepeatedTimes => _times is null ? 0 : _times.Length - _times.Distinct().Count();

    private SourceColumn? InferSeries(Dataset data, IReadOnlyCollection<SourceColumn> taken)
    {
        int repeats = RepeatedTimes;
        if (_times is null || repeats == 0)
            return null;
        bool areMany = repeats > AccidentalShare * data.Rows;
        return Names(data, taken)
            .Select(column => (Column: column, Texts: data.TextsOf(column)))
            .Where(one => one.Texts.Zip(_times).Distinct().Count() == _times.Length
                && (areMany || one.Column.Kind == ColumnKind.Text && AreSeries(one.Texts, repeats)))
            .Select(one => (one.Column, Names: one.Texts.Distinct().Count()))
            .Where(one => one.Names < data.Rows / 2)
            .OrderBy(one => one.Column.Kind == ColumnKind.Text ? 0 : 1).ThenBy(one => one.Names)
            .Select(one => one.Column)
            .FirstOrDefault();
    }

    /// <summary>The columns that may have names of series: texts and whole numbers, as what is measured has fractions.</summary>
    private IEnumerable<SourceColumn> Names(Dataset data, IReadOnlyCollection<SourceColumn> taken)
        => data.Columns.Where(column => column != _time && column != _clock && !taken.Contains(column)
            && (column.Kind == ColumnKind.Text || column.Kind == ColumnKind.Number && TimeColumns.Whole(data, column) is not null));

    /// <summary>What to do where a time stands there twice: to name the column that tells series apart, or two that do together.</summary>
    private string AdviceOnSeries(Dataset data, IReadOnlyCollection<SourceColumn> taken)
    {
        (SourceColumn Column, string[] Texts)[] names = [.. Names(data, taken).Select(column => (column, data.TextsOf(column)))];
        var pairs = names.SelectMany((first, i) => names.Skip(i + 1), (first, second) => (First: first, Second: second));
        var key = pairs.Select(pair => (pair.First.Column, Other: pair.Second.Column,
                Names: pair.First.Texts.Zip(pair.Second.Texts).ToArray()))
            .FirstOrDefault(pair => pair.Names.Distinct().Count() < data.Rows / 2
                && pair.Names.Zip(_times!).Distinct().Count() == data.Rows);
        return key.Column is null ? "if there are several series, name the column that tells them apart with --series-col."
            : $"'{key.Column.Name}' and '{key.Other.Name}' together tell series apart: join them to one column, and name it with "
                + "--series-col.";
    }

    /// <summary>
    /// Whether texts tell series apart whose times are seldom the same, rather than the two times that an hour of autumn stands there: a
    /// zone changes twice a year, and with each of these rows at the most.
    /// </summary>
    private bool AreSeries(string[] texts, int repeats)
    {
        int[] sorted = [.. Enumerable.Range(0, texts.Length).OrderBy(row => _times![row])];
        int changes = sorted.Zip(sorted.Skip(1)).Count(pair => texts[pair.First] != texts[pair.Second]);
        HashSet<DateTime> repeated = [.. _times!.CountBy(time => time).Where(pair => pair.Value > 1).Select(pair => pair.Key)];
        return changes > 3 * repeats + 1 || Enumerable.Range(0, texts.Length).GroupBy(row => texts[row])
            .Any(rows => 2 * rows.Count(row => repeated.Contains(_times![row])) > rows.Count());
    }

    private void Order(Dataset data, bool isRepeated, IReadOnlyCollection<SourceColumn> taken)
    {
        bool isSorted = true;
        foreach (int[] rows in _order.GroupBy(row => _names[row]).Select(group => group.ToArray()))
            isSorted &= rows.Zip(rows.Skip(1)).All(pair => _times![pair.First] <= _times[pair.Second]);
        if (!isSorted)
        {
            // Of two rows of one time the later one is above the other where the newest is the first.
            if (_times!.Zip(_times!.Skip(1)).All(pair => pair.First >= pair.Second))
                Array.Reverse(_order);
            int[] sorted = [.. _order.OrderBy(row => _times![row])];
            sorted.CopyTo(_order, 0);
            string time = isRepeated ? $"'{_time!.Name}'" : "time";
            _inferred.Add(new($"order: rows were not in the order of {time}, and have been sorted", ""));
        }
        if (isRepeated)
            return;
        var seen = new Dictionary<(string, DateTime), int>();
        foreach (int row in _order)
        {
            if (!seen.TryAdd((_names[row], _times![row]), row))
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{data.Text.Place(row, _time!.Index)}: the time {_times[row]:yyyy-MM-dd HH:mm:ss} stands in line ")
                    + string.Create(CultureInfo.InvariantCulture, $"{data.Text.Lines[seen[(_names[row], _times[row])]]} too; ")
                    + AdviceOnSeries(data, taken));
        }
    }
}
