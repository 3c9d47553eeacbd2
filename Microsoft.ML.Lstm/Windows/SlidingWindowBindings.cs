using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Windows;

/// <summary>
/// Windows bound to the columns of an input: the output has the columns of the input at the same indices, behind them the
/// window and, if there is one, the label.
/// </summary>
internal sealed class SlidingWindowBindings
{
    private readonly int _labelIndex = -1;

    public SlidingWindowBindings(IHost host, DataViewSchema inputSchema, SlidingWindowSettings settings)
    {
        Host = host;
        InputSchema = inputSchema;
        WindowSize = settings.WindowSize;
        Horizon = settings.Horizon;
        KeepIncompleteWindows = settings.KeepIncompleteWindows;
        InputColumns = Array.ConvertAll(settings.InputColumnNames, name => ColumnRole.Input.Find(host, inputSchema, name));
        long features = InputColumns.Sum(column => (long)NumberReader.SizeOf(column.Type));
        if (features * WindowSize > SlidingWindowSettings.MaxValues)
            throw new ArgumentOutOfRangeException(nameof(settings.WindowSize), WindowSize,
                $"A window of {WindowSize} rows with {features} features each has more than {SlidingWindowSettings.MaxValues:N0} values.");
        StepSize = (int)features;

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        builder.AddColumn(settings.OutputColumnName, new VectorDataViewType(NumberDataViewType.Single, WindowSize, StepSize),
            new WindowSlotNames(InputColumns, WindowSize).Annotations);
        if (settings.LabelColumnName is { } label)
        {
            LabelSource = ColumnRole.LabelSource.Find(host, inputSchema, settings.LabelSourceColumnName!);
            builder.AddColumn(label, LabelSource.Value.Type, WindowSlotNames.PassOn(LabelSource.Value));
            _labelIndex = inputSchema.Count + 1;
        }
        OutputSchema = builder.ToSchema();
    }

    public IHost Host { get; }

    /// <summary>W: rows in a window.</summary>
    public int WindowSize { get; }

    /// <summary>F: values a row adds to a window.</summary>
    public int StepSize { get; }

    /// <summary>How many rows behind the window's last the label is.</summary>
    public int Horizon { get; }

    public bool KeepIncompleteWindows { get; }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    /// <summary>The columns of the input that windows are made of.</summary>
    public DataViewSchema.Column[] InputColumns { get; }

    /// <summary>The column of the input that labels are taken from.</summary>
    public DataViewSchema.Column? LabelSource { get; }

    /// <summary>How many rows come before the first that comes out.</summary>
    public int RowsDropped => KeepIncompleteWindows ? 0 : WindowSize - 1;

    public bool IsWindow(DataViewSchema.Column output) => output.Index == InputSchema.Count;

    public bool IsLabel(DataViewSchema.Column output) => output.Index == _labelIndex;

    /// <summary>The column of the input that is passed on as this column of the output; null if it is the window or the label.</summary>
    public DataViewSchema.Column? PassedOn(DataViewSchema.Column output)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(output.Index, OutputSchema.Count, nameof(output));
        return output.Index < InputSchema.Count ? InputSchema[output.Index] : null;
    }
}
