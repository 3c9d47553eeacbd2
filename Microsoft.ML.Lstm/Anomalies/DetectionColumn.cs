using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Anomalies;

/// <summary>
/// The output of an <see cref="AnomalySession"/>: a vector of doubles whose slots have names, as ML.NET's own detectors give one.
/// </summary>
internal sealed class DetectionColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Double, Slots.Length))
{
    /// <summary>The names of the slots: the first three as in ML.NET's spike detectors, the bounds in the order of its SR-CNN.</summary>
    public static readonly string[] Slots = ["Alert", "Raw Score", "P-Value Score", "Expected Value", "Upper Bound", "Lower Bound"];

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        new KeyValues("Text", Slots).AddTo(builder, AnnotationUtils.Kinds.SlotNames);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
    {
        return (ValueGetter<VBuffer<double>>)((ref VBuffer<double> value) =>
        {
            VBufferEditor<double> editor = VBufferEditor.Create(ref value, Slots.Length);
            SeriesDetection result = ResultOf(row);
            Span<double> values = editor.Values;
            (values[0], values[1], values[2]) = (result.IsAlert ? 1 : 0, result.Score, result.PValue);
            (values[3], values[4], values[5]) = (result.ExpectedValue, result.UpperBound, result.LowerBound);
            value = editor.Commit();
        });

        // Reading the session of a live row makes the session take the row.
        static SeriesDetection ResultOf(ScoredRow row) => ((AnomalySession)(row is LiveRow live ? live.Session : row)).Result;
    }
}
