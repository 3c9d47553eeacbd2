using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Series;

namespace Microsoft.ML.Lstm.Anomalies;

/// <summary>
/// What an <see cref="AnomalySession"/> says of a row: a vector of doubles whose slots have names, as ML.NET's own detectors give it.
/// </summary>
internal sealed class DetectionColumn(string name) : OutputColumn(name, new VectorDataViewType(NumberDataViewType.Double, Slots.Length))
{
    public const int Alert = 0;
    public const int Score = 1;
    public const int PValue = 2;
    public const int ExpectedValue = 3;
    public const int UpperBound = 4;
    public const int LowerBound = 5;

    /// <summary>The names; the first three are those of ML.NET's spike detectors, the order of the bounds that of its SR-CNN.</summary>
    public static readonly string[] Slots = ["Alert", "Raw Score", "P-Value Score", "Expected Value", "Upper Bound", "Lower Bound"];

    /// <summary>What is said of a row that can't be compared with a forecast.</summary>
    public static double[] NewResult()
    {
        double[] result = new double[Slots.Length];
        SetToNothing(result);
        return result;
    }

    /// <summary>Says what is said of a row that can't be compared with a forecast.</summary>
    public static void SetToNothing(Span<double> result)
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

        // In an engine the row is taken by being asked for.
        static ReadOnlySpan<double> ResultOf(ScoredRow row) => ((AnomalySession)(row is LiveRow live ? live.Taken : row)).Result;
    }
}
