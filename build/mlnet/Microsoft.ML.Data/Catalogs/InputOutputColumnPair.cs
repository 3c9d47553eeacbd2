using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The names of a column and of the one it is made from, which may be the same.</summary>
public sealed class InputOutputColumnPair(string outputColumnName, string inputColumnName = null)
{
    public string InputColumnName { get; } = inputColumnName ?? outputColumnName;

    public string OutputColumnName { get; } = Contracts.CheckNonEmpty(outputColumnName, "name");

    internal static (string outputColumnName, string inputColumnName)[] ConvertToValueTuples(InputOutputColumnPair[] infos) =>
        Array.ConvertAll(infos, pair => (pair.OutputColumnName, pair.InputColumnName));
}
