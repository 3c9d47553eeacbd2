namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Operators that make one of many: of the steps of a row its encoding.</summary>
internal static class Reducing
{
    /// <summary>The first or the last step.</summary>
    public static GraphValue Pick(OnnxNode node, GraphValue value, int axis, bool isLast, bool keepsAxis)
    {
        Axes axes = keepsAxis ? value.Axes.With(axis) : value.Axes.Without([axis]);
        if (value.Elements is not Forms forms)
            return value.Elements is Floats or Integers
                ? value.As(axes)
                : throw node.Unsupported($"it takes a step of {value.Elements.Kind}");
        Forms step = Reduce(forms, isLast != value.IsReversed ? Reduction.Last : Reduction.First);
        return value with { Axes = axes, Elements = step, IsReversed = false };
    }

    /// <summary>ReduceMean, ReduceMax, ReduceSum and global pooling, over the steps or over features.</summary>
    public static GraphValue Reduce(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        int rank = value.Axes.Rank;
        bool isPooling = node.Operator.StartsWith("Global", StringComparison.Ordinal);
        int[] axes = isPooling ? [.. Enumerable.Range(2, Math.Max(0, rank - 2))]
            : node.AttributeOrInput("axes", 1) is { } given ? node.AxesOf(given, rank)
            : node.Integer("noop_with_empty_axes", 0) != 0 ? [] : [.. Enumerable.Range(0, rank)];
        bool keepsAxes = isPooling || node.Integer("keepdims", 1) != 0;
        Reduction reduction = node.Operator switch
        {
            "ReduceMean" or "GlobalAveragePool" => Reduction.Mean,
            "ReduceMax" or "GlobalMaxPool" => Reduction.Max,
            _ => Reduction.Sum,
        };
        foreach (int axis in axes)
        {
            if (!value.Axes.IsFixedAxis(axis))
                value = OverSteps(node, value, axis, reduction);
        }
        foreach (int axis in axes.Where(axis => value.Axes.Along(axis) != 1))
            value = OverElements(node, value, axis, reduction);
        return keepsAxes ? value : value.As(value.Axes.Without(axes));
    }

    private static GraphValue OverSteps(OnnxNode node, GraphValue value, int axis, Reduction reduction)
    {
        if (!value.Axes.Is(axis, AxisKind.Time))
            throw node.Unsupported($"it joins the rows of a batch, axis {axis} of a value {value.Axes}");
        Axes axes = value.Axes.With(axis);
        switch (value.Elements)
        {
            case Floats constants when reduction != Reduction.Sum || constants.AreZero:
                return value.As(axes);
            case Facts { Single: Fact.IsStep } when reduction == Reduction.Sum:
                return value with { Axes = axes, Elements = new Facts([.. Enumerable.Repeat(Fact.Length, value.Elements.Count)]) };
            case Forms forms:
                if (reduction == Reduction.Max && (forms.Matrix is not null || forms.Scale.Any(scale => scale < 0)))
                    throw node.Unsupported("the maximum is taken of a linear combination of the recurrent layer's outputs, ours of the "
                        + "outputs themselves");
                if (reduction == Reduction.Sum && (forms.Matrix is not null || forms.Shift.Any(shift => shift != 0)))
                    throw node.Unsupported("the sum is taken of a linear combination of the recurrent layer's outputs, ours of the "
                        + "outputs themselves");
                return value with { Axes = axes, Elements = Reduce(forms, reduction), IsReversed = false };
            default:
                throw node.Unsupported($"it is of {value.Elements.Kind}");
        }
    }

    private static GraphValue OverElements(OnnxNode node, GraphValue value, int axis, Reduction reduction)
    {
        int size = value.Axes.Along(axis), stride = value.Axes.Stride(axis);
        if (value.Elements is not Floats { Values: { } numbers } || size == 0)
            throw node.Unsupported($"it is over features, axis {axis} of a value {value.Axes}");
        float[] result = new float[numbers.Length / size];
        for (int i = 0; i < result.Length; i++)
        {
            int first = i / stride * stride * size + i % stride;
            double sum = 0, largest = double.NegativeInfinity;
            for (int k = 0; k < size; k++)
            {
                float number = numbers[first + k * stride];
                sum += number;
                largest = Math.Max(largest, number);
            }
            result[i] = (float)(reduction switch { Reduction.Max => largest, Reduction.Mean => sum / size, _ => sum });
        }
        return value with { Axes = value.Axes.With(axis), Elements = new Floats(result) };
    }

    /// <summary>
    /// The reduction of linear forms of steps is the linear form of the reduced steps. The last step of a forward direction, and the first
    /// of a reverse one, are its final states.
    /// </summary>
    private static Forms Reduce(Forms forms, Reduction reduction) => forms.Replace(atom =>
    {
        bool isFinal = atom.Source is RecurrentSource recurrent
            && reduction == (recurrent.IsReverse ? Reduction.First : Reduction.Last);
        // What belongs to the row as a whole is the same at each step.
        bool isOfRow = atom.Source is ReducedSource or CellStateSource or InputSource { IsOfSteps: false };
        return isOfRow ? atom : atom with { Source = new ReducedSource(atom.Source!, isFinal ? Reduction.Final : reduction) };
    });

    /// <summary>A sum over steps divided by their number: their mean. Null for other forms.</summary>
    public static Forms? MeanOf(Forms sum)
        => sum.Atoms.All(atom => atom.Source is ReducedSource { Reduction: Reduction.Sum }) && sum.Matrix is null
            ? sum.Replace(atom => atom with { Source = ((ReducedSource)atom.Source!) with { Reduction = Reduction.Mean } })
            : null;
}
