using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>A <see cref="SlidingWindowTransformer"/> bound to the columns of an input: it adds the window and, if any, the label.</summary>
internal sealed class SlidingWindowBindings : OutputBindings
{
    /// <summary>The index of the window among the own columns; the label, if there is one, follows it.</summary>
    public const int Window = 0;

    public SlidingWindowBindings(IHost host, DataViewSchema inputSchema, SlidingWindowSettings settings)
        : this(host, inputSchema, settings, FindInputs(host, inputSchema, settings), FindLabelSource(host, inputSchema, settings))
    {
    }

    private SlidingWindowBindings(IHost host, DataViewSchema inputSchema, SlidingWindowSettings settings, DataViewSchema.Column[] inputs,
        DataViewSchema.Column? labelSource)
        : base(host, inputSchema, OwnColumns(settings, inputs, labelSource))
    {
        WindowSize = settings.WindowSize;
        StepSize = SizeOf(inputs);
        Horizon = settings.Horizon;
        RowsDropped = settings.KeepIncompleteWindows ? 0 : WindowSize - 1;
        InputColumns = inputs;
        LabelSource = labelSource;
    }

    /// <summary>W: rows in a window.</summary>
    public int WindowSize { get; }

    /// <summary>F: values that a row adds to a window.</summary>
    public int StepSize { get; }

    /// <summary>How many rows after the window's last row the label is.</summary>
    public int Horizon { get; }

    /// <summary>How many rows of the input come before the first row of the output.</summary>
    public int RowsDropped { get; }

    /// <summary>The columns of the input that windows are made of.</summary>
    public DataViewSchema.Column[] InputColumns { get; }

    /// <summary>The column of the input that labels are taken from; null where there are no labels.</summary>
    public DataViewSchema.Column? LabelSource { get; }

    public bool IsWindow(DataViewSchema.Column output) => output.Index == InputSchema.Count + Window;

    public bool IsLabel(DataViewSchema.Column output) => IsOwn(output) && !IsWindow(output);

    protected override IEnumerable<DataViewSchema.Column> SourcesOf(DataViewSchema.Column ownColumn)
        => IsWindow(ownColumn) ? InputColumns : [LabelSource!.Value];

    private static DataViewSchema.Column[] FindInputs(IHost host, DataViewSchema schema, SlidingWindowSettings settings)
    {
        DataViewSchema.Column[] inputs = Array.ConvertAll(settings.InputColumnNames, name => ColumnRole.Input.Find(host, schema, name));
        long features = inputs.Sum(column => (long)NumberReader.SizeOf(column.Type));
        if (features * settings.WindowSize > SlidingWindowSettings.MaxValues)
            throw new ArgumentOutOfRangeException(nameof(settings.WindowSize), settings.WindowSize,
                $"A window of {settings.WindowSize} rows with {features} features each has more than "
                + $"{SlidingWindowSettings.MaxValues:N0} values.");
        return inputs;
    }

    private static DataViewSchema.Column? FindLabelSource(IHost host, DataViewSchema schema, SlidingWindowSettings settings)
        => settings.LabelColumnName is null ? null : ColumnRole.LabelSource.Find(host, schema, settings.LabelSourceColumnName!);

    private static IEnumerable<DataViewSchema.DetachedColumn> OwnColumns(SlidingWindowSettings settings, DataViewSchema.Column[] inputs,
        DataViewSchema.Column? labelSource)
    {
        var type = new VectorDataViewType(NumberDataViewType.Single, settings.WindowSize, SizeOf(inputs));
        var annotations = new DataViewSchema.Annotations.Builder();
        new WindowSlotNames(inputs, settings.WindowSize).AddTo(annotations);
        new WindowOrigin(settings.WindowSize, labelSource is null ? 0 : settings.Horizon, SlotOf(inputs, labelSource)).AddTo(annotations);
        yield return new(settings.OutputColumnName, type, annotations.ToAnnotations());
        if (labelSource is { } source)
            yield return new(settings.LabelColumnName, source.Type, WindowSlotNames.PassOn(source));
    }

    /// <summary>The value of a step that is the label's in its row; -1 where there is none, or the label has several.</summary>
    private static int SlotOf(DataViewSchema.Column[] inputs, DataViewSchema.Column? labelSource)
    {
        int index = labelSource is { Type: NumberDataViewType } source
            ? Array.FindIndex(inputs, column => column.Index == source.Index)
            : -1;
        return index < 0 ? -1 : SizeOf(inputs[..index]);
    }

    private static int SizeOf(DataViewSchema.Column[] inputs) => inputs.Sum(column => NumberReader.SizeOf(column.Type));
}
