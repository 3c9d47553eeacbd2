using Microsoft.ML.Data;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Columns;

/// <summary>
/// A data view with a transformer's columns behind the columns of its source. Nothing is computed before a value is asked for, and each
/// cursor has one cursor over the source.
/// </summary>
/// <remarks>
/// As ML.NET's own views do, it knows its source, so that whoever walks back through a pipeline finds all parts of it; and it can be saved,
/// and applied to other data.
/// </remarks>
/// <param name="bindings">The transformer, bound to the columns of the source.</param>
/// <param name="transformer">The transformer.</param>
/// <param name="source">The data that it transforms.</param>
/// <param name="keepsOrder">Whether a row depends on the rows before it; then rows are neither shuffled nor shared out among
/// cursors.</param>
internal abstract class OutputDataView(OutputBindings bindings, ITransformer transformer, IDataView source, bool keepsOrder)
    : ITransformTemplate, ITransformCanSaveOnnx
{
    private const string OnnxConversion = "ONNX conversion";

    public IDataView Source => source;

    public DataViewSchema Schema => bindings.OutputSchema;

    public bool CanShuffle => !keepsOrder && source.CanShuffle;

    public virtual long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        DataViewSchema.Column[] active = [.. columnsNeeded], needed = [.. bindings.Dependencies(active)];
        return CreateCursor(source.GetRowCursor(needed, keepsOrder ? null : rand), needed, active, Environment.ProcessorCount);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        if (keepsOrder)
            return [GetRowCursor(columnsNeeded)];
        DataViewSchema.Column[] active = [.. columnsNeeded], needed = [.. bindings.Dependencies(active)];
        DataViewRowCursor[] cursors = source.GetRowCursorSet(needed, n, rand);
        // As by ML.NET's scorers. Rows that nobody has counted may come one by one, and would wait for each other here.
        if (cursors.Length == 1 && n > 1 && source.GetRowCount() > n && active.Any(bindings.IsOwn))
            cursors = DataViewUtils.CreateSplitCursors(bindings.Host, cursors[0], n);
        int threads = Math.Max(1, Environment.ProcessorCount / cursors.Length);
        return Array.ConvertAll(cursors, cursor => CreateCursor(cursor, needed, active, threads));
    }

    /// <summary>A cursor over the output.</summary>
    /// <param name="input">A cursor over the source, which the new cursor owns.</param>
    /// <param name="inputColumns">The active columns of <paramref name="input"/>.</param>
    /// <param name="activeColumns">The columns of the output that the consumer asked for.</param>
    /// <param name="threads">How many threads may compute for the new cursor.</param>
    protected abstract DataViewRowCursor CreateCursor(DataViewRowCursor input, DataViewSchema.Column[] inputColumns,
        DataViewSchema.Column[] activeColumns, int threads);

    void ICanSaveModel.Save(ModelSaveContext ctx) => transformer.Save(ctx);

    IDataTransform ITransformTemplate.ApplyToData(IHostEnvironment env, IDataView newSource)
        => (IDataTransform)transformer.Transform(newSource);

    // True even for a view that can't be converted: if a view says no, ML.NET ends its walk back through the pipeline there and takes the
    // view's columns for columns of the data if they have the same names. Such a view leaves its columns out when it is asked to convert,
    // and ML.NET refuses a model that needs them.
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => true;

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx) => WriteTo(ctx);

    /// <summary>Writes what the view does into a pipeline that is converted to ONNX.</summary>
    protected virtual void WriteTo(OnnxContext context)
        => LeaveOut(context, "the result of a row depends on the rows before it, and an ONNX model has each row by itself");

    /// <summary>Leaves all own columns out of a pipeline that is converted to ONNX, with a warning that says why.</summary>
    protected void LeaveOut(OnnxContext context, string reason)
    {
        HostWarning.Write(bindings.Host, OnnxConversion,
            $"{transformer.GetType().Name} cannot be converted to ONNX, so the model has none of its columns: {reason}.");
        for (int index = source.Schema.Count; index < Schema.Count; index++)
            Remove(context, Schema[index].Name);
    }

    /// <summary>Leaves a column out of a pipeline that is converted to ONNX, with a warning that says why.</summary>
    protected void LeaveOut(OnnxContext context, DataViewSchema.Column column, string reason)
    {
        HostWarning.Write(bindings.Host, OnnxConversion,
            $"Column '{column.Name}' of {transformer.GetType().Name} cannot be converted to ONNX, so the model doesn't have it: {reason}.");
        Remove(context, column.Name);
    }

    private static void Remove(OnnxContext context, string column)
    {
        if (context.ContainsColumn(column))
            context.RemoveColumn(column);
    }
}
