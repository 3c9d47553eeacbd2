using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Network;

/// <content>From the steps' outputs through the head, and back.</content>
internal sealed unsafe partial class NetworkBatchRunner
{
    // Weights from which on a head is wide: more than the second-level cache holds.
    private const long WideHeadWeights = 200_000;

    // Rows for which the weights of a wide head are read once.
    private const int WideHeadRows = 192;

    /// <summary>
    /// Sets the gradient of h of the <see cref="Top"/> layer for all steps of some rows of the batch, from the first up to the second
    /// number, in a backward pass: of a network whose steps are read otherwise than by its head, which adds its own. Null for none.
    /// </summary>
    public Action<int, int>? StepGradients { get; set; }

    /// <summary>The last recurrent layer.</summary>
    public RecurrentLayer Top => _layers[^1];

    public override ReadOnlySpan<float> Output(int row)
    {
        if (_adaptive is null)
            return Outputs[row];
        _logProbabilities.Require(_shape.OutputSize);
        _adaptive.LogProbabilities(HeadInputs(row), _logProbabilities.Pointer);
        return _logProbabilities.Span[.._shape.OutputSize];
    }

    public override void Measure(OutputLoss loss)
    {
        _loss = loss;
        _adaptive?.Prepare(HeadRows, loss);
        _team.Run(_adaptive is null ? _parts : _sharedParts, _adaptive is null ? _measurePart : _wideHeadPart);
    }

    private int HeadRows => _shape.Head.IsPerStep ? _steps.TotalSteps : _batch.Count;

    private OutputRows Outputs => new(_outputs.Pointer, _head.OutputStride, _shape.OutputSize, _shape.Head.IsPerStep);

    private Span<float> HeadInput(int row) => _headInputs.Span.Slice(row * _head.InputStride, _shape.HeadInputSize);

    private Span<float> DHeadInput(int row) => _dHeadInputs.Span.Slice(row * _head.InputStride, _shape.HeadInputSize);

    private void ForwardHead(int begin, int end)
    {
        if (_pooling is not null)
        {
            _pooling.Forward(begin, end, _headInputs.Pointer, _head.InputStride);
            _convolutions?.Pool(begin, end, _headInputs.Pointer + _shape.LayerSize, _head.InputStride);
        }
        for (int i = 0; TryHeadRows(i, begin, end, out int first, out int count); i++)
        {
            _stop.ThrowIfCancellationRequested();
            for (int row = first; row < first + count; row++)
                GatherHeadInput(row, begin + row - first, step: i);
            if (!_hasWideHead)
                _head.Forward(count, HeadInputs(first), OutputsFrom(first));
        }
    }

    /// <param name="row">The head's row.</param>
    /// <param name="batchRow">The row of the batch that it belongs to.</param>
    /// <param name="step">The step that it belongs to, with a head per step.</param>
    private void GatherHeadInput(int row, int batchRow, int step)
    {
        Span<float> headInput = HeadInput(row);
        for (int d = 0; _shape.Head.IsPerStep && d < _shape.Directions; d++)
            _layers[^1].Row(row, d).CopyTo(headInput[(d * _shape.HiddenSize)..]);
        if (_shape.Head.IsPerStep && _convolutions is not null)
            _convolutions.Row(batchRow, step).CopyTo(headInput[_shape.LayerSize..]);
        int sequence = _batch.SequenceAt(batchRow);
        DropOutput(headInput, sequence, step);
        _batch.Statics(sequence).CopyTo(headInput[_shape.EncodingSize..]);
        if (_shape.Head.ReadsInputs)
            _batch.Features(row)[.._shape.NumericSize].CopyTo(headInput[(_shape.EncodingSize + _shape.StaticSize)..]);
        for (int i = 0; i < _shape.SkipSteps; i++)
        {
            Span<float> skip = SkippedStep(headInput, i);
            if (PackedRowOfSkip(row, i) is var packed and >= 0)
                _batch.Features(packed)[.._shape.NumericSize].CopyTo(skip);
            else
                skip.Clear();
        }
    }

    /// <summary>The part of a head's input, or of its gradient, that is one of the last steps of the sequence.</summary>
    private Span<float> SkippedStep(Span<float> headInput, int i)
        => headInput.Slice(_shape.EncodingSize + _shape.StaticSize + i * _shape.NumericSize, _shape.NumericSize);

    /// <summary>The packed row of that step; negative where the sequence is shorter.</summary>
    private int PackedRowOfSkip(int row, int i)
    {
        int step = _batch.Length(row) - _shape.SkipSteps + i;
        return step < 0 ? -1 : _batch.FirstRow(step) + row;
    }

    /// <summary>Adds the gradient of the last steps that the head reads to that of the inputs.</summary>
    private void AddSkippedGradients(int begin, int end)
    {
        for (int row = begin; _shape.SkipSteps > 0 && row < end; row++)
        {
            for (int i = 0; i < _shape.SkipSteps; i++)
            {
                if (PackedRowOfSkip(row, i) is not (var packed and >= 0))
                    continue;
                Span<float> dx = _dInput!.Span.Slice(packed * DInputStride, _shape.NumericSize);
                TensorPrimitives.Add(dx, SkippedStep(DHeadInput(row), i), dx);
            }
        }
    }

    /// <summary>Applies dropout to the encoding that the head reads, or to its gradient.</summary>
    private void DropOutput(Span<float> headInput, int sequence, int step)
    {
        Span<float> encoding = headInput[.._shape.EncodingSize];
        if (_dropout.Outputs > 0)
            _dropout.OutputMask(sequence, step).Apply(encoding, encoding);
    }

    private void Differentiate(int part)
    {
        for (int row = _rowBounds[part]; row < _rowBounds[part + 1]; row++)
        {
            _stop.ThrowIfCancellationRequested();
            _loss!.Differentiate(_steps, row, Outputs);
        }
    }

    private void BackwardHead(int part)
    {
        int begin = _rowBounds[part], end = _rowBounds[part + 1];
        if (!_hasWideHead)
            Differentiate(part);
        for (int i = 0; TryHeadRows(i, begin, end, out int first, out int count); i++)
        {
            _stop.ThrowIfCancellationRequested();
            if (!_hasWideHead)
                _head.Backward(count, OutputsFrom(first), DHeadInputs(first));
            for (int row = first; row < first + count; row++)
            {
                int batchRow = begin + row - first;
                DropOutput(DHeadInput(row), _batch.SequenceAt(batchRow), step: i);
                if (_shape.Head.IsPerStep)
                    SpreadHeadGradient(row, batchRow, step: i);
            }
        }
        if (_pooling is null)
            return;
        StepGradients?.Invoke(begin, end);
        _pooling.Backward(begin, end, _dHeadInputs.Pointer, _head.InputStride);
        _convolutions?.SpreadGradient(begin, end, _dHeadInputs.Pointer + _shape.LayerSize, _head.InputStride);
    }

    private void SpreadHeadGradient(int row, int batchRow, int step)
    {
        ReadOnlySpan<float> dEncoding = DHeadInput(row)[.._shape.EncodingSize];
        for (int d = 0; d < _shape.Directions; d++)
        {
            Span<float> dh = _layers[^1].DRow(row, d);
            dEncoding.Slice(d * _shape.HiddenSize, _shape.HiddenSize).CopyTo(dh);
            dh[_shape.HiddenSize..].Clear();
        }
        if (_convolutions is null)
            return;
        Span<float> dz = _convolutions.DRow(batchRow, step);
        dEncoding[_shape.LayerSize..].CopyTo(dz);
        dz[_shape.ConvolutionSize..].Clear();
    }

    /// <summary>
    /// Runs the wide head over a share of the rows, block by block: to the outputs and, in a backward pass, from the loss back to its
    /// inputs.
    /// </summary>
    private void RunWideHead(int part)
    {
        (int begin, int end) = SharedRows(part);
        for (int first = begin; first < end; first += WideHeadRows)
        {
            _stop.ThrowIfCancellationRequested();
            int count = Math.Min(WideHeadRows, end - first);
            _head.Forward(count, HeadInputs(first), OutputsFrom(first));
            if (_loss is null)
                continue;
            for (int row = first; row < first + count; row++)
                _loss.Differentiate(row, Outputs[row]);
            _head.Backward(count, OutputsFrom(first), DHeadInputs(first));
        }
    }

    /// <summary>As <see cref="RunWideHead"/> with a loss; without a backward pass only to the loss.</summary>
    private void RunAdaptiveSoftmax(int part)
    {
        (int begin, int end) = SharedRows(part);
        _adaptive!.Run(begin, end, HeadInputs(0), OutputsFrom(0), _keep ? DHeadInputs(0) : null, _loss!, _stop);
    }

    /// <summary>A part of the head's rows, whatever sequences they belong to.</summary>
    private (int Begin, int End) SharedRows(int part)
        => ((int)((long)HeadRows * part / _sharedParts), (int)((long)HeadRows * (part + 1) / _sharedParts));

    /// <summary>
    /// The rows of the head for sequences <paramref name="begin"/> to <paramref name="end"/>: the rows of step <paramref name="i"/>, or all
    /// at once where the head is not per step.
    /// </summary>
    private bool TryHeadRows(int i, int begin, int end, out int first, out int count)
    {
        if (_shape.Head.IsPerStep)
            return _steps.TryRowsAt(i, begin, end, out first, out count);
        (first, count) = (begin, end - begin);
        return i == 0;
    }

    private float* HeadInputs(int row) => _headInputs.Pointer + (long)row * _head.InputStride;

    private float* DHeadInputs(int row) => _dHeadInputs.Pointer + (long)row * _head.InputStride;

    private float* OutputsFrom(int row) => _outputs.Pointer + (long)row * _head.OutputStride;
}
