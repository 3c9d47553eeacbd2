using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.MlNet;

/// <summary>
/// What one of our transformers makes of a data view, as ML.NET's own views are: it knows its source, so that whoever walks back through a
/// pipeline finds all parts of it; it can be saved, and applied to other data.
/// </summary>
/// <param name="host">Whose log warnings go to.</param>
/// <param name="transformer">The transformer.</param>
/// <param name="source">The data that it transforms.</param>
internal abstract class TransformedView(IHost host, ITransformer transformer, IDataView source) : ITransformTemplate, ITransformCanSaveOnnx
{
    public IDataView Source => source;

    /// <summary>The column that tells series apart; null where rows are no series, or all are one.</summary>
    public virtual string? SeriesColumnName => null;

    /// <summary>The column by which the last model for series in a pipeline tells these apart; null where there is none.</summary>
    public static string? SeriesColumnOf(IDataView view)
    {
        for (; view is IDataTransform transform; view = transform.Source)
        {
            if (view is TransformedView { SeriesColumnName: { } series } && view.Schema.GetColumnOrNull(series) is not null)
                return series;
        }
        return null;
    }

    public abstract DataViewSchema Schema { get; }

    public abstract bool CanShuffle { get; }

    public abstract long? GetRowCount();

    public abstract DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null);

    public abstract DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null);

    void ICanSaveModel.Save(ModelSaveContext ctx) => transformer.Save(ctx);

    IDataTransform ITransformTemplate.ApplyToData(IHostEnvironment env, IDataView newSource) =>
        (IDataTransform)transformer.Transform(newSource);

    // True, although it can't be exported yet: a view that says no ends ML.NET's walk back through the pipeline, and what it makes of a
    // column is taken for the column itself where both have one name. Asked to export, it leaves its columns out, and ML.NET refuses a
    // model that needs them.
    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx) => true;

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx)
    {
        HostWarning.Write(host, "ONNX conversion",
            $"{transformer.GetType().Name} cannot be converted to ONNX, so the model has none of its columns.");
        for (int index = source.Schema.Count; index < Schema.Count; index++)
        {
            if (ctx.ContainsColumn(Schema[index].Name))
                ctx.RemoveColumn(Schema[index].Name);
        }
    }
}
