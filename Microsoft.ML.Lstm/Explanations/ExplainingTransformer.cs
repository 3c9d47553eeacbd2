using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Explanations;

/// <summary>
/// What makes a view of explanations out of data: ML.NET applies it to other data where it takes a pipeline of views from one data to
/// another. It is not saved.
/// </summary>
/// <param name="bind">Binds it to the columns of data.</param>
/// <param name="apply">Makes the view.</param>
internal sealed class ExplainingTransformer<TBindings>(
    Func<DataViewSchema, TBindings> bind, Func<TBindings, ITransformer, IDataView, IDataView> apply) : ITransformer
    where TBindings : OutputBindings
{
    public bool IsRowToRowMapper => false;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => bind(inputSchema).OutputSchema;

    public IDataView Transform(IDataView input) => apply(bind(input.Schema), this, input);

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
        => throw new InvalidOperationException("Explanations are made of a data view, not of a single row.");

    void ICanSaveModel.Save(ModelSaveContext ctx)
        => throw new NotSupportedException("Explanations can't be saved as a model: save the model, and explain rows with it.");
}
