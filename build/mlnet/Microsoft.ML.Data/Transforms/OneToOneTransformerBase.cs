using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that makes each of its columns from one other.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    internal readonly (string outputColumnName, string inputColumnName)[] ColumnPairs;

    private protected OneToOneTransformerBase(IHost host, params (string outputColumnName, string inputColumnName)[] columns)
        : base(host) =>
        ColumnPairs = host.CheckNonEmpty(columns, nameof(columns));

    private protected OneToOneTransformerBase(IHost host, ModelLoadContext ctx)
        : base(host)
    {
        int count = ctx.Reader.ReadInt32();
        host.CheckDecode(count > 0);
        var columns = new List<(string, string)>();
        for (int i = 0; i < count; i++)
            columns.Add((ctx.LoadNonEmptyString(), ctx.LoadNonEmptyString()));
        ColumnPairs = [.. columns];
    }

    private protected void SaveColumns(ModelSaveContext ctx)
    {
        ctx.Writer.Write(ColumnPairs.Length);
        foreach ((string output, string input) in ColumnPairs)
        {
            ctx.SaveNonEmptyString(output);
            ctx.SaveNonEmptyString(input);
        }
    }

    private protected sealed override AddedColumn[] AddColumns(DataViewSchema input) => ColumnPairs.Select((pair, i) =>
    {
        DataViewSchema.Column source = input.GetColumnOrNull(pair.inputColumnName)
            ?? throw Host.ExceptSchemaMismatch("inputSchema", "input", pair.inputColumnName);
        MadeColumn made = MakeColumn(source, i);
        return new AddedColumn(new(pair.outputColumnName, made.Type, made.Annotations), [source.Index], made.MakeGetter);
    }).ToArray();

    private protected abstract MadeColumn MakeColumn(DataViewSchema.Column source, int pair);

    /// <summary>What becomes of a source, and how it is read from a row.</summary>
    private protected sealed record MadeColumn(DataViewType Type, DataViewSchema.Annotations Annotations, Func<DataViewRow, Delegate> MakeGetter);
}
