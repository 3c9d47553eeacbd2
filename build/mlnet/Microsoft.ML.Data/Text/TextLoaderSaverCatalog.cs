using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public static class TextLoaderSaverCatalog
{
    public static IDataView LoadFromTextFile(this DataOperationsCatalog catalog, string path, TextLoader.Column[] columns, char separatorChar = '\t',
        bool hasHeader = false, bool allowQuoting = false, bool trimWhitespace = false, bool allowSparse = false)
    {
        IHostEnvironment env = CatalogUtils.GetEnvironment(catalog);
        env.CheckNonEmpty(path, nameof(path));
        env.CheckNonEmpty(columns, nameof(columns));
        env.CheckUserArg(File.Exists(path), nameof(path), $"File or directory does not exist at path: {path}");
        if (allowSparse)
            throw env.ExceptNotSupp("The stand-in reads no sparse text files.");
        return new TextDataView(env, path, columns, new(separatorChar, allowQuoting, trimWhitespace), hasHeader);
    }

    public static IDataView LoadFromTextFile<TInput>(this DataOperationsCatalog catalog, string path, char separatorChar = '\t', bool hasHeader = false,
        bool allowQuoting = false, bool trimWhitespace = false, bool allowSparse = false) =>
        catalog.LoadFromTextFile(path, TextLoader.Column.FromMembers(typeof(TInput)), separatorChar, hasHeader, allowQuoting, trimWhitespace, allowSparse);
}
