using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Anomalies;

/// <summary>
/// The output of an <see cref="AnomalySession"/>: a vector of doubles whose slots have names, as ML.NET's own detectors give one.
/// </summary>
internal sealed class DetectionColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Double, Slots.Length))
{
    public const int Alert = 0;
    public const int Score = 1;
    public const int PValue = 2;
    public const int ExpectedValue = 3;
    public const int UpperBound = 4;
    public const int LowerBound = 5;

    /// <summary>The names of the slots: the first three as in ML.NET's spike detectors, the bounds in the order of its SR-CNN.</summary>
    public static readonly string[] Slots = ["Alert", "Raw Score", "P-Value Score", "Expected Value", "Upper Bound", "Lower Bound"];

    /// <summary>The result for a row that can't be compared with a forecast: no alert, and missing values.</summary>
    public static double[] NewResult()
    {
        double[] result = new double[Slots.Length];
        Clear(result);
        return result;
    }

    /// <summary>Resets a result to no alert and missing values.</summary>
    public static void Clear(Span<double> result)
    {
        result.Fill(double.NaN);
        result[Alert] = 0;
    }

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
            ResultOf(row).CopyTo(editor.Values);
            value = editor.Commit();
        });

        // Reading the session of a live row makes the session take the row.
        static ReadOnlySpan<double> ResultOf(ScoredRow row) => ((AnomalySession)(row is LiveRow live ? live.Session : row)).Result;
    }
}
