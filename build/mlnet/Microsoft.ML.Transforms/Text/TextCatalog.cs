using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Text;

namespace Microsoft.ML;

public static class TextCatalog
{
    public static WordTokenizingEstimator TokenizeIntoWords(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string inputColumnName = null, char[] separators = null) =>
        new(CatalogUtils.GetEnvironment(catalog), new(outputColumnName, inputColumnName), separators ?? [' ']);

    public static TokenizingByCharactersEstimator TokenizeIntoCharactersAsKeys(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string inputColumnName = null, bool useMarkerCharacters = true) =>
        // Alone among ML.NET's transforms this one wants its input named even if it has the output's name.
        new(CatalogUtils.GetEnvironment(catalog), new(outputColumnName, Contracts.CheckNonEmpty(inputColumnName, "columns")), useMarkerCharacters);

    public static TextNormalizingEstimator NormalizeText(this TransformsCatalog.TextTransforms catalog, string outputColumnName,
        string inputColumnName = null, TextNormalizingEstimator.CaseMode caseMode = TextNormalizingEstimator.CaseMode.Lower, bool keepDiacritics = false,
        bool keepPunctuations = true, bool keepNumbers = true) =>
        new(CatalogUtils.GetEnvironment(catalog), new(outputColumnName, inputColumnName), new(caseMode, keepDiacritics, keepPunctuations, keepNumbers));
}
