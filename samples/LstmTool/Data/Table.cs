using Microsoft.ML;

namespace LstmTool.Data;

/// <summary>Typed columns in memory: what a trainer reads.</summary>
/// <param name="Columns">The columns, all of one length.</param>
internal sealed record Table(IReadOnlyList<TableColumn> Columns)
{
    /// <summary>How many rows there are.</summary>
    public int Rows => Columns[0].Values.Length;

    public TableColumn this[string name] => Columns.Single(column => column.Name == name);

    /// <summary>All rows.</summary>
    public IDataView View() => new TableView(this, Enumerable.Range(0, Rows).ToArray());

    /// <summary>Some rows, in the order given.</summary>
    public IDataView View(int[] rows) => new TableView(this, rows);

    /// <summary>Some rows, in the order given.</summary>
    public Table Pick(int[] rows) => new([.. Columns.Select(column =>
    {
        var picked = Array.CreateInstance(column.Values.GetType().GetElementType()!, rows.Length);
        for (int i = 0; i < rows.Length; i++)
            picked.SetValue(column.Values.GetValue(rows[i]), i);
        return column with { Values = picked };
    })]);

    /// <summary>These rows, and those of another table with the same columns behind them.</summary>
    /// <exception cref="InvalidDataException">A column is of another kind, or its lists of another length.</exception>
    public Table Append(Table other)
    {
        return new Table([.. Columns.Select(column => Join(column, other[column.Name]))]);

        static TableColumn Join(TableColumn column, TableColumn added)
        {
            var values = Array.CreateInstance(column.Values.GetType().GetElementType()!, column.Values.Length + added.Values.Length);
            column.Values.CopyTo(values, 0);
            added.Values.CopyTo(values, column.Values.Length);
            return column with { Values = values, Steps = column.Steps == added.Steps ? column.Steps : null };
        }
    }
}
