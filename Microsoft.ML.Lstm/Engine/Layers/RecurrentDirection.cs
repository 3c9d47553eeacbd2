using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Layers;

/// <summary>
/// One direction of one recurrent layer running over a packed batch: the scan over time around the cell's step, and the backward pass
/// through time. It owns the activations that the forward pass keeps for the backward pass.
/// </summary>
/// <remarks>
/// A large batch multiplies its inputs step by step, in one tile with h. A batch of a few sequences multiplies the inputs of all steps
/// first: where a step has only a row or two, most of the time goes into reading the weights, and W is then read once instead of T times.
/// The sums are the same to the last bit. A row of a batch does not depend on the others, so a thread takes its rows through all steps
/// without meeting the other threads. Buffers, with N the steps of all sequences, B the sequences and Hp the padded H: gates [N x gate
/// width] when they are kept for the backward pass or hold the inputs' products; c [N x Hp] when it is kept, else [B x Hp] for one step at
/// a time; dh and dc [B x Hp].
/// </remarks>
internal sealed unsafe class RecurrentDirection(RecurrentWeights weights, CpuKernels kernels, int layer, bool reverse)
{
    /// <summary>A batch of up to this many sequences multiplies the inputs of all steps first.</summary>
    public const int MaxRowsOfInputsFirst = 3;

    // Enough rows that reading the weights again for them costs nothing, and few enough to stop soon.
    private const int InputRowsAtOnce = 256;

    private readonly FloatBuffer _gates = new();
    private readonly FloatBuffer _c = new();
    private readonly FloatBuffer _dh = new();
    private readonly FloatBuffer _dc = new();
    private readonly FloatBuffer _droppedH = new();
    private readonly FloatBuffer _dDroppedH = new();
    private readonly SequenceMasks _masks = new();
    private readonly CellLayout _layout = weights.Layout;
    private SequenceBatch _batch = null!;
    private bool _keep;
    private Dropout _dropout;
    private FloatBuffer? _initialH;
    private FloatBuffer? _initialC;
    private FloatBuffer? _droppedInitialH;

    public RecurrentWeights Weights { get; } = weights;

    public CellLayout Layout => _layout;

    /// <summary>Ends a pass before its next step with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Stop { get; set; }

    private bool DropsStates => _dropout.States > 0;

    /// <summary>Makes room for <paramref name="batch"/>; <paramref name="keep"/> when the backward pass will follow.</summary>
    public void Prepare(SequenceBatch batch, bool keep, Dropout dropout)
    {
        _batch = batch;
        _keep = keep;
        _dropout = dropout;
        if (DropsStates)
        {
            _masks.Prepare(batch.Count, _layout.PaddedSize);
            _droppedH.Require((long)batch.TotalSteps * _layout.PaddedSize);
        }
        _gates.Require(keep || batch.Count <= MaxRowsOfInputsFirst ? (long)batch.TotalSteps * _layout.GateWidth : 0);
        if (_layout.Cell.HasCellState)
            _c.Require((keep ? batch.TotalSteps : (long)batch.Count) * _layout.PaddedSize);
    }

    /// <summary>Runs rows <paramref name="begin"/> to <paramref name="end"/> of the batch through all their steps.</summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="x">The layer's input [N x stride].</param>
    /// <param name="xRow">Floats from one row of <paramref name="x"/> to the next.</param>
    /// <param name="h">Receives h [N x stride], at this direction's columns.</param>
    /// <param name="hRow">Floats from one row of <paramref name="h"/> to the next.</param>
    public void Forward(int begin, int end, float* x, nint xRow, float* h, nint hRow)
    {
        PackedCell cell = Weights.Cell;
        // The rows of all steps are contiguous, unless other threads have some of the sequences.
        bool inputsFirst = _batch.Count <= MaxRowsOfInputsFirst && end - begin == _batch.Count;
        for (int first = 0; inputsFirst && first < _batch.TotalSteps; first += InputRowsAtOnce)
        {
            Stop.ThrowIfCancellationRequested();
            int rows = Math.Min(InputRowsAtOnce, _batch.TotalSteps - first);
            kernels.InputProducts(cell, rows, x + first * xRow, xRow, _gates.Pointer + first * (nint)_layout.GateWidth);
        }
        BeginForward(begin, end);
        for (int i = 0; i < _batch.MaxLength; i++)
            ForwardStep(i, begin, end, inputsFirst ? null : x, xRow, h, hRow);
    }

    /// <summary>Begins the forward pass of some rows, before their first <see cref="ForwardStep"/>.</summary>
    public void BeginForward(int begin, int end)
    {
        for (int row = begin; DropsStates && row < end; row++)
        {
            _masks.Draw(row, _dropout.StateMask(layer, reverse ? 1 : 0, _batch.SequenceAt(row)));
            if (_initialH is not null)
                _masks.Apply(row, Row(_initialH, row), Row(_droppedInitialH!, row));
        }
    }

    /// <summary>
    /// Runs some rows of the batch through the step that is the <paramref name="i"/>-th of this direction, counted from 0.
    /// </summary>
    /// <param name="i">The step.</param>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="x">The layer's input [N x stride]; null where its products are there already.</param>
    /// <param name="xRow">Floats from one row of <paramref name="x"/> to the next.</param>
    /// <param name="h">Receives h [N x stride], at this direction's columns.</param>
    /// <param name="hRow">Floats from one row of <paramref name="h"/> to the next.</param>
    public void ForwardStep(int i, int begin, int end, float* x, nint xRow, float* h, nint hRow)
    {
        Stop.ThrowIfCancellationRequested();
        if (!TryStep(reverse ? _batch.MaxLength - 1 - i : i, begin, end, h, hRow, out CellStep step, out int row))
            return;
        if (_keep)
            SetNext(ref step, reverse ? _batch.MaxLength - 2 - i : i + 1, begin, end);
        if (x != null)
        {
            step.X = x + row * xRow;
            step.XRow = xRow;
        }
        step.LastPanelFirst = i % 2 != 0;
        kernels.Forward(Weights.Cell, step);
        for (int m = 0; DropsStates && m < step.Rows; m++)
            _masks.Apply(begin + m, step.H + m * hRow, DroppedH(row + m));
    }

    /// <summary>
    /// Runs the whole batch, of <see cref="MaxRowsOfInputsFirst"/> sequences at most, together with the other parts of
    /// <paramref name="steps"/>: each does its share of the units at every step.
    /// </summary>
    /// <param name="steps">The steps that the parts share.</param>
    /// <param name="part">The caller's part.</param>
    /// <param name="step">The number of the next step; advanced past the steps of the layer.</param>
    /// <param name="x">The layer's input [N x stride].</param>
    /// <param name="xRow">Floats from one row of <paramref name="x"/> to the next.</param>
    /// <param name="h">Receives h [N x stride], at this direction's columns.</param>
    /// <param name="hRow">Floats from one row of <paramref name="h"/> to the next.</param>
    public void ForwardShared(SharedSteps steps, int part, ref int step, float* x, nint xRow, float* h, nint hRow)
    {
        PackedCell cell = Weights.Cell;
        if (Stop.IsCancellationRequested)
        {
            steps.Abandon(part);
            return;
        }
        int parts = steps.Enter(step);
        for (int first = 0; parts > 0 && first < _batch.TotalSteps && !Stop.IsCancellationRequested; first += InputRowsAtOnce)
        {
            int rows = Math.Min(InputRowsAtOnce, _batch.TotalSteps - first);
            kernels.InputProducts(cell.Share(part, parts), rows, x + first * xRow, xRow, _gates.Pointer + first * (nint)_layout.GateWidth);
        }
        steps.Leave(part, step++);
        for (int i = 0; i < _batch.MaxLength && !Stop.IsCancellationRequested; i++, step++)
        {
            parts = steps.Enter(step);
            if (parts > 0 && TryStep(reverse ? _batch.MaxLength - 1 - i : i, 0, _batch.Count, h, hRow, out CellStep cellStep, out _))
            {
                cellStep.LastPanelFirst = i % 2 != 0;
                kernels.Forward(cell.Share(part, parts), cellStep);
            }
            steps.Leave(part, step);
        }
        // The other parts must not wait for a part that has left; the caller that runs the parts throws.
        if (Stop.IsCancellationRequested)
            steps.Abandon(part);
    }

    /// <summary>
    /// From now on sequences begin with the states that <see cref="InitialHidden"/> and <see cref="InitialCellState"/> are set to before
    /// each forward pass; in place of zero. For the only direction of a layer, one that runs forward.
    /// </summary>
    /// <param name="sequences">The sequences of the batch.</param>
    public void RequireInitialStates(int sequences)
    {
        Require(ref _initialH);
        Require(ref _initialC);
        Require(ref _droppedInitialH);

        void Require(ref FloatBuffer? buffer)
        {
            buffer ??= new FloatBuffer();
            buffer.Require((long)sequences * _layout.PaddedSize);
        }
    }

    /// <summary>h [H] before the first step of the sequence in a row of the batch.</summary>
    public Span<float> InitialHidden(int row) => _initialH!.Span.Slice(row * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>c [H] before the first step of the sequence in a row of the batch.</summary>
    public Span<float> InitialCellState(int row) => _initialC!.Span.Slice(row * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>The gradient of <see cref="InitialHidden"/>, after <see cref="Backward"/>.</summary>
    public ReadOnlySpan<float> InitialHiddenGradient(int row) => FinalGradient(row);

    /// <summary>The gradient of <see cref="InitialCellState"/>, after <see cref="Backward"/>.</summary>
    public ReadOnlySpan<float> InitialCellGradient(int row) => _dc.Span.Slice(row * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>Makes room for the backward pass and zeroes the gradients of the states after the last steps.</summary>
    public void PrepareBackward()
    {
        if (DropsStates)
            _dDroppedH.Require((long)_batch.Count * _layout.PaddedSize);
        Clear(_dh);
        if (_layout.Cell.HasCellState)
            Clear(_dc);

        void Clear(FloatBuffer buffer)
        {
            buffer.Require((long)_batch.Count * _layout.PaddedSize);
            buffer.Span[..(_batch.Count * _layout.PaddedSize)].Clear();
        }
    }

    /// <summary>The gradient of row <paramref name="row"/>'s final c, likewise.</summary>
    public Span<float> FinalCellGradient(int row) => _dc.Span.Slice(row * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>
    /// The gradient of row <paramref name="row"/>'s final h, to be set between <see cref="PrepareBackward"/> and <see cref="Backward"/>.
    /// </summary>
    public Span<float> FinalGradient(int row) => _dh.Span.Slice(row * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>
    /// Back through time for rows <paramref name="begin"/> to <paramref name="end"/>. Leaves the gradients of the products in
    /// place of the gates.
    /// </summary>
    /// <param name="begin">The first row.</param>
    /// <param name="end">The row after the last.</param>
    /// <param name="h">The output of <see cref="Forward"/>.</param>
    /// <param name="hRow">Floats from one row of <paramref name="h"/> to the next.</param>
    /// <param name="dOutput">The gradient of each step's h, laid out as <paramref name="h"/>; null when only the final h has one.</param>
    /// <param name="dX">The gradient of the input is added to this, [N x stride]; null when it is not needed.</param>
    /// <param name="dXRow">Floats from one row of <paramref name="dX"/> to the next, whole vectors.</param>
    public void Backward(int begin, int end, float* h, nint hRow, float* dOutput, float* dX, nint dXRow)
    {
        for (int i = 0; i < _batch.MaxLength; i++)
            BackwardStep(i, begin, end, h, hRow, dOutput, dX, dXRow);
    }

    /// <summary>
    /// One step of <see cref="Backward"/>, the <paramref name="i"/>-th from the end of this direction, counted from 0.
    /// </summary>
    public void BackwardStep(int i, int begin, int end, float* h, nint hRow, float* dOutput, float* dX, nint dXRow)
    {
        Stop.ThrowIfCancellationRequested();
        if (!TryStep(reverse ? i : _batch.MaxLength - 1 - i, begin, end, h, hRow, out CellStep step, out int row))
            return;
        SetNext(ref step, reverse ? i + 1 : _batch.MaxLength - 2 - i, begin, end);
        step.DOutput = dOutput == null ? null : dOutput + row * hRow;
        step.DH = Row(_dh, begin);
        step.DC = Row(_dc, begin);
        if (DropsStates)
            step.DHDropped = Row(_dDroppedH, begin);
        kernels.Backward(Weights.Cell, step);
        for (int m = 0; DropsStates && m < step.Carried; m++)
            _masks.AddTo(begin + m, step.DHDropped + m * (nint)_layout.PaddedSize, step.DH + m * (nint)_layout.PaddedSize);
        if (dX != null)
            kernels.MultiplyAdd(step.Rows, step.Gates, _layout.GateWidth, _layout.GateWidth, Weights.InputTransposed,
                (int)dXRow / _layout.Lanes, dX + row * dXRow, dXRow);
    }

    /// <summary>The rows that are active at step <paramref name="t"/>, and which of them come from another step.</summary>
    private bool TryStep(int t, int begin, int end, float* h, nint hRow, out CellStep step, out int row)
    {
        step = default;
        row = _batch.FirstRow(t) + begin;
        int rows = Math.Min(_batch.ActiveRows(t), end) - begin;
        if (rows <= 0)
            return false;

        int previous = reverse ? t + 1 : t - 1;
        bool hasPrevious = previous >= 0 && previous < _batch.MaxLength;
        int previousRow = hasPrevious ? _batch.FirstRow(previous) + begin : row;
        step.Rows = rows;
        // Forward, every active row was active before. In reverse, sequences join at their own last step.
        step.Carried = hasPrevious ? Math.Clamp(_batch.ActiveRows(previous) - begin, 0, rows) : 0;
        bool isFirst = !hasPrevious && _initialH is not null;
        if (isFirst)
            step.Carried = rows;
        step.H = h + row * hRow;
        step.HRow = hRow;
        step.HPrevious = h + previousRow * hRow;
        step.HDropped = DropsStates ? DroppedH(previousRow) : null;
        step.Gates = _gates.Pointer + row * (nint)_layout.GateWidth;
        step.Keep = _keep;
        step.C = _c.Pointer + (_keep ? row : begin) * (nint)_layout.PaddedSize;
        step.CPrevious = _c.Pointer + (_keep ? previousRow : begin) * (nint)_layout.PaddedSize;
        if (isFirst)
        {
            step.HPrevious = Row(_initialH!, begin);
            step.CPrevious = Row(_initialC!, begin);
            step.HDropped = DropsStates ? Row(_droppedInitialH!, begin) : null;
        }
        return true;
    }

    /// <summary>Says where the gates of the rows at step <paramref name="t"/> are, which comes next.</summary>
    private void SetNext(ref CellStep step, int t, int begin, int end)
    {
        if (t < 0 || t >= _batch.MaxLength)
            return;
        int rows = Math.Min(_batch.ActiveRows(t), end) - begin;
        if (rows <= 0)
            return;
        step.NextGates = _gates.Pointer + (_batch.FirstRow(t) + begin) * (nint)_layout.GateWidth;
        step.NextLength = rows * _layout.GateWidth;
    }

    private float* DroppedH(int packedRow) => Row(_droppedH, packedRow);

    private float* Row(FloatBuffer buffer, int row) => buffer.Pointer + row * (nint)_layout.PaddedSize;

    /// <summary>c of a packed row, after a forward pass that kept it.</summary>
    public ReadOnlySpan<float> CellState(int packedRow) => _c.Span.Slice(packedRow * _layout.PaddedSize, _layout.HiddenSize);

    /// <summary>c after the last step of the sequence in a row of the batch, for a direction that runs forward.</summary>
    public ReadOnlySpan<float> FinalCellState(int row)
        => CellState(_keep ? _batch.FirstRow(_batch.Length(row) - 1) + row : row);

    /// <summary>
    /// Copies the activated gates of a packed row, after a forward pass that kept them and before the backward pass: gate by gate in
    /// PyTorch's order, [G x H].
    /// </summary>
    public void CopyGates(int packedRow, Span<float> gates)
    {
        ReadOnlySpan<float> row = _gates.Span.Slice(packedRow * _layout.GateWidth, _layout.GateWidth);
        for (int column = 0; column < row.Length; column++)
        {
            (int slot, int unit) = _layout.Locate(column);
            if (unit < _layout.HiddenSize && _layout.Cell.InputGate(slot) is var gate and >= 0)
                gates[gate * _layout.HiddenSize + unit] = row[column];
        }
    }

    /// <summary>The gradients of the products of a packed row, followed by those of the next rows.</summary>
    public float* GateGradients(int packedRow) => _gates.Pointer + packedRow * (nint)_layout.GateWidth;

    /// <summary>
    /// Copies, for <paramref name="count"/> packed rows from <paramref name="first"/> on, the h that the recurrent product of each
    /// read: rows of padded H, where a sequence began its initial state or zero.
    /// </summary>
    public void CopyPreviousStates(int first, int count, float* h, nint hRow, Span<float> destination)
    {
        int width = _layout.PaddedSize;
        if (DropsStates)
        {
            h = DroppedH(0);
            hRow = width;
        }
        int t = _batch.StepOf(first);
        for (int i = 0; i < count; i++)
        {
            while (_batch.FirstRow(t + 1) <= first + i)
                t++;
            int row = first + i - _batch.FirstRow(t);
            int previous = reverse ? t + 1 : t - 1;
            Span<float> target = destination.Slice(i * width, width);
            if (previous >= 0 && previous < _batch.MaxLength && row < _batch.ActiveRows(previous))
                new ReadOnlySpan<float>(h + (_batch.FirstRow(previous) + row) * hRow, width).CopyTo(target);
            else if (_initialH is not null && t == 0)
                new ReadOnlySpan<float>(Row(DropsStates ? _droppedInitialH! : _initialH, row), width).CopyTo(target);
            else
                target.Clear();
        }
    }
}
