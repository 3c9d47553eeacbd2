using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm.Sequences.LanguageModel.Evaluation;

/// <summary>Adds up the probabilities of the texts of a data view.</summary>
internal static class LanguageModelEvaluator
{
    public static LanguageModelMetrics Evaluate(IHostEnvironment environment, IDataView data, string logLikelihoodColumn,
        string numberOfTokensColumn)
    {
        DataViewSchema.Column likelihood = ColumnRole.LogLikelihood.Find(environment, data.Schema, logLikelihoodColumn);
        DataViewSchema.Column count = ColumnRole.NumberOfTokens.Find(environment, data.Schema, numberOfTokensColumn);
        using DataViewRowCursor cursor = data.GetRowCursor([likelihood, count]);
        ValueGetter<float> getLikelihood = cursor.GetGetter<float>(likelihood);
        ValueGetter<uint> getCount = cursor.GetGetter<uint>(count);
        double sum = 0;
        long tokens = 0, rows = 0, unscored = 0;
        for (; cursor.MoveNext(); rows++)
        {
            float ofRow = 0;
            uint countOfRow = 0;
            getLikelihood(ref ofRow);
            getCount(ref countOfRow);
            if (float.IsNaN(ofRow))
            {
                unscored++;
                continue;
            }
            sum += ofRow;
            tokens += countOfRow;
        }
        return tokens > 0 ? new LanguageModelMetrics(sum, tokens, unscored) : throw environment.Process(new InvalidOperationException(
            $"None of the {rows} rows has a predicted token, {unscored} of them since they could not be scored."));
    }
}
