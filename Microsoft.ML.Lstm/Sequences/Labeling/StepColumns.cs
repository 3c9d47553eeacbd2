using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Decoding;
using Microsoft.ML.Lstm.Sequences.Binary;

namespace Microsoft.ML.Lstm.Sequences.Labeling;

/// <summary>The predicted label of each step; an empty vector for a row that could not be scored.</summary>
internal sealed class PredictedStepsColumn(ScoredClasses labels, Lazy<LinearChainCrf?> crf, LabelValues? labelValues)
    : OutputColumn(PredictedLabel.ColumnName, new VectorDataViewType(new KeyDataViewType(typeof(uint), labels.Count)))
{
    private readonly ScoredClasses _labels = labels;
    private readonly Lazy<LinearChainCrf?> _crf = crf;

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        labelValues?.AddTo(builder, ScoreAnnotations.KeyValues);
        builder.AddScore(input, ScoreAnnotations.SequenceClassification, ScoreAnnotations.PredictedLabel);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
    {
        StepDecoder? decoder = null;
        return (ValueGetter<VBuffer<uint>>)((ref VBuffer<uint> value) =>
        {
            ReadOnlySpan<int> path = (decoder ??= new StepDecoder(_labels.Outputs, _crf.Value)).Decode(row.Output);
            VBufferEditor<uint> editor = VBufferEditor.Create(ref value, path.Length);
            for (int t = 0; t < path.Length; t++)
                editor.Values[t] = (uint)_labels[path[t]] + 1;
            value = editor.Commit();
        });
    }
}

/// <summary>The probability of each label at each step, [T x L]; an empty vector for a row that could not be scored.</summary>
internal sealed class StepProbabilitiesColumn(ScoredClasses labels, Lazy<LinearChainCrf?> crf)
    : OutputColumn(ScoreColumn.ColumnName, new VectorDataViewType(NumberDataViewType.Single))
{
    private readonly ScoredClasses _labels = labels;
    private readonly Lazy<LinearChainCrf?> _crf = crf;

    public override DataViewSchema.Annotations Annotate(DataViewSchema input)
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.AddScore(input, ScoreAnnotations.SequenceClassification, ScoreAnnotations.Score);
        return builder.ToAnnotations();
    }

    public override Delegate CreateGetter(ScoredRow row)
    {
        StepDecoder? decoder = null;
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            ReadOnlySpan<float> outputs = row.Output;
            int steps = outputs.Length / _labels.Outputs;
            VBufferEditor<float> editor = _labels.Begin(ref value, steps, out Span<float> probabilities);
            (decoder ??= new StepDecoder(_labels.Outputs, _crf.Value)).Probabilities(outputs, probabilities);
            value = _labels.Commit(editor, steps);
        });
    }
}
