using Microsoft.ML.Data;

namespace LstmTool.Data;

/// <summary>A column in memory.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">The kind of its values.</param>
/// <param name="Values">A value a row: <see cref="float"/>, <see cref="string"/>, <see cref="DateTime"/>, or arrays of numbers or texts; by
/// <paramref name="Kind"/>.</param>
internal sealed record TableColumn(string Name, ColumnKind Kind, Array Values)
{
    /// <summary>F: how many numbers of a list make a step.</summary>
    public int FeaturesPerStep { get; init; } = 1;

    /// <summary>How many steps each list has; null where they differ, and for what is no list.</summary>
    public int? Steps { get; init; }

    /// <summary>The columns of the file that it is made of, in the order of a list's values.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [Name];

    /// <summary>How its values are made of those columns.</summary>
    public ColumnOrigin Origin { get; init; }

    /// <summary>How its times are written.</summary>
    public TimeFormat TimeFormat { get; init; } = TimeFormat.Usual;

    /// <summary>How ML.NET sees it.</summary>
    public DataViewType Type => Kind switch
    {
        ColumnKind.Number => NumberDataViewType.Single,
        ColumnKind.Time => DateTimeDataViewType.Instance,
        ColumnKind.Text => TextDataViewType.Instance,
        ColumnKind.Texts => new VectorDataViewType(TextDataViewType.Instance),
        _ => Steps is not { } steps ? new VectorDataViewType(NumberDataViewType.Single)
            : FeaturesPerStep == 1 ? new VectorDataViewType(NumberDataViewType.Single, steps)
            : new VectorDataViewType(NumberDataViewType.Single, steps, FeaturesPerStep),
    };

    public static TableColumn OfNumbers(string name, float[] values) => new(name, ColumnKind.Number, values);

    public static TableColumn OfTexts(string name, string[] values) => new(name, ColumnKind.Text, values);

    public static TableColumn OfTimes(string name, DateTime[] values) => new(name, ColumnKind.Time, values);

    /// <summary>A column of words.</summary>
    public static TableColumn OfTextLists(string name, string[][] values) => new(name, ColumnKind.Texts, values);

    /// <summary>A column of sequences of numbers; the same number of steps in all rows is part of its type.</summary>
    public static TableColumn OfNumberLists(string name, float[][] values, int featuresPerStep) => new(name, ColumnKind.Numbers, values)
    {
        FeaturesPerStep = featuresPerStep,
        Steps = values.Length > 0 && Array.TrueForAll(values, list => list.Length == values[0].Length) && values[0].Length > 0
            ? values[0].Length / featuresPerStep
            : null,
    };
}

/// <summary>How the values of a column are made of fields.</summary>
internal enum ColumnOrigin
{
    /// <summary>A value of a field.</summary>
    Field,

    /// <summary>A list of the fields of several columns, side by side.</summary>
    Fields,

    /// <summary>A list of what several columns have at each step: lists in fields, or rows one below the other.</summary>
    Lists,
}
