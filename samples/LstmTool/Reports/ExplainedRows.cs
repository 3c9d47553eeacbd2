using LstmTool.Tasks;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace LstmTool.Reports;

/// <summary>What a network did at the steps of a row.</summary>
/// <param name="Attributions">How much each step adds to what was predicted.</param>
/// <param name="Gates">The gates of all units at each step.</param>
/// <param name="GateNames">The names of the gates of a step, such as <c>layer 1 f[5]</c>.</param>
/// <param name="Inputs">How much each number that a step reads adds, summed over the steps.</param>
internal sealed record ExplainedRow(float[] Attributions, float[] Gates, IReadOnlyList<string> GateNames,
    IReadOnlyList<(string Name, double Adds)> Inputs)
{
    public int Steps => Attributions.Length;

    /// <summary>The same of the last steps alone.</summary>
    public ExplainedRow Last(int steps) => Steps <= steps ? this : this with
    {
        Attributions = Attributions[^steps..],
        Gates = Gates[(Gates.Length - steps * (Gates.Length / Steps))..],
    };
}

/// <summary>Explains some of the rows that a model was not trained on.</summary>
internal static class ExplainedRows
{
    // The annotation with the names of a step's numbers.
    private const string StepSlotNames = "StepSlotNames";

    /// <summary>
    /// The explanations by the positions of the rows, of a series among all rows, of sequences among those that nothing was chosen by;
    /// empty where the model has no network that could be asked.
    /// </summary>
    public static IReadOnlyDictionary<int, ExplainedRow> Read(TrainedTask trained, IReadOnlyCollection<int> positions)
    {
        var explained = new Dictionary<int, ExplainedRow>();
        if (positions.Count == 0 || Explain(trained) is not { } view)
            return explained;
        DataViewSchema.Column gates = view.Schema["Gates"], attributions = view.Schema["StepAttribution"];
        DataViewSchema.Column inputs = view.Schema["Attribution"];
        string[] gateNames = NamesOf(gates), inputNames = NamesOf(inputs);
        using DataViewRowCursor cursor = view.GetRowCursor([gates, attributions, inputs]);
        Func<float[]?> inputsOfRow = CellReader.Numbers(cursor, inputs.Name);
        Func<float[]?> gatesOfRow = CellReader.Numbers(cursor, gates.Name);
        Func<float[]?> attributionsOfRow = CellReader.Numbers(cursor, attributions.Name);
        for (int last = positions.Max(); cursor.Position < last && cursor.MoveNext();)
        {
            // Nothing is computed of the other rows.
            if (!positions.Contains((int)cursor.Position))
                continue;
            float[] totals = attributionsOfRow() ?? [];
            if (totals.Length > 0 && totals.All(float.IsFinite))
            {
                float[] adds = inputsOfRow() ?? [];
                explained[(int)cursor.Position] = new ExplainedRow(totals, gatesOfRow() ?? [], gateNames,
                    [.. inputNames.Index().Select(name => (name.Item, Sum(adds, name.Index, inputNames.Length)))]);
            }
        }
        return explained;

        static double Sum(float[] adds, int first, int every)
            => Enumerable.Range(0, adds.Length / every).Sum(t => (double)adds[t * every + first]);
    }

    private static string[] NamesOf(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue(StepSlotNames, ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private static IDataView? Explain(TrainedTask trained)
    {
        IDataView data = (trained.Columns.Forecast ?? trained.Columns.Anomaly) is null ? trained.Unseen : trained.Table.View();
        foreach (ITransformer transformer in Parts(trained.MeasuredModel))
        {
            switch (transformer)
            {
                case LstmForecastingTransformer forecaster:
                    return forecaster.WithoutHistory().Explain(trained.Context, data);
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
