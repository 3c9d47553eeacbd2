using LstmTool.Data;

namespace LstmTool.Tasks;

/// <summary>Names of columns that a pipeline makes, beside which none of the file can be called so.</summary>
internal static class MadeNames
{
    /// <param name="data">The file.</param>
    /// <param name="table">What of the file a model reads.</param>
    /// <param name="names">The names that the pipeline gives, but for those in the table.</param>
    /// <exception cref="InvalidDataException">A column of the file is called so.</exception>
    public static void Refuse(Dataset data, Table table, params IEnumerable<string> names)
    {
        string? taken = table.Columns.CountBy(column => column.Name).FirstOrDefault(pair => pair.Value > 1).Key
            ?? names.FirstOrDefault(name => table.Columns.Any(column => column.Name == name));
        if (taken is not null)
            throw new InvalidDataException($"{data.Text.Path}: '{taken}' is what the model calls a column that it makes; give the column "
                + "of the file another name, or leave it out with --ignore-cols.");
    }
}
