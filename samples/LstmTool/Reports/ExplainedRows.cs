using LstmTool.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Reports;

/// <summary>What a network did at the steps of a row.</summary>
/// <param name="Attributions">How much each step adds to what was predicted.</param>
/// <param name="Gates">The gates of all units at each step.</param>
/// <param name="GateNames">The names of the gates of a step, such as <c>layer 1 f[5]</c>.</param>
internal sealed record ExplainedRow(float[] Attributions, float[] Gates, IReadOnlyList<string> GateNames)
{
    public int Steps => Attributions.Length;
}

/// <summary>Explains some of the rows that a model was not trained on.</summary>
internal static class ExplainedRows
{
    // The annotation with the names of a step's numbers.
    private const string StepSlotNames = "StepSlotNames";

    /// <summary>The explanations by the positions of the rows; empty where the model has no network that could be asked.</summary>
    public static IReadOnlyDictionary<int, ExplainedRow> Read(TrainedTask trained, IReadOnlyCollection<int> positions)
    {
        var explained = new Dictionary<int, ExplainedRow>();
        if (positions.Count == 0 || Explain(trained) is not { } view)
            return explained;
        DataViewSchema.Column gates = view.Schema["Gates"], attributions = view.Schema["StepAttribution"];
        VBuffer<ReadOnlyMemory<char>> names = default;
        gates.Annotations.GetValue(StepSlotNames, ref names);
        string[] gateNames = [.. names.DenseValues().Select(name => name.ToString())];
        using DataViewRowCursor cursor = view.GetRowCursor([gates, attributions]);
        Func<float[]?> gatesOfRow = CellReader.Numbers(cursor, gates.Name);
        Func<float[]?> attributionsOfRow = CellReader.Numbers(cursor, attributions.Name);
        for (int last = positions.Max(); cursor.Position < last && cursor.MoveNext();)
        {
            // Nothing is computed of the other rows.
            if (!positions.Contains((int)cursor.Position))
                continue;
            float[] totals = attributionsOfRow() ?? [];
            if (totals.Length > 0 && totals.All(float.IsFinite))
                explained[(int)cursor.Position] = new ExplainedRow(totals, gatesOfRow() ?? [], gateNames);
        }
        return explained;
    }

    private static IDataView? Explain(TrainedTask trained)
    {
        IDataView data = trained.Unseen;
        foreach (ITransformer transformer in Parts(trained.MeasuredModel))
        {
            switch (transformer)
            {
                case SeriesTransformer series:
                    return series.Explain(trained.Context, data);
                case SequencePredictionTransformer sequences:
                    return sequences.Explain(trained.Context, data);
                default:
                    data = transformer.Transform(data);
                    break;
            }
        }
        return null;
    }

    private static IEnumerable<ITransformer> Parts(ITransformer model)
        => model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];
}
