using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Operators that pick some of what they are given: of features, of steps, of rows, of a table of vectors.</summary>
internal static class IndexOperators
{
    /// <summary>Some elements along an axis of a fixed size.</summary>
    public static GraphValue Take(GraphValue value, int axis, int[] indices, bool keepsAxis, Budget budget)
    {
        Axes axes = value.Axes;
        Axes taken = keepsAxis ? axes.With(axis, Axes.FixedAxis(indices.Length)) : axes.Without([axis]);
        bool isRange = Enumerable.Range(0, axis).All(each => axes.Along(each) == 1) && indices.Length > 0
            && indices.Select((index, i) => index == indices[0] + i).All(isNext => isNext);
        if (isRange)
        {
            budget.Take(taken.Count * (long)sizeof(float));
            return value with { Axes = taken, Elements = value.Elements.Range(indices[0] * axes.Stride(axis), taken.Count, budget) };
        }
        int[] sizes = axes.Sizes(), strides = [.. Enumerable.Range(0, axes.Rank).Select(axes.Stride)];
        int stride = strides[axis];
        // First as if the indices were 0, 1, 2 ..., then each where it is.
        sizes[axis] = indices.Length;
        strides[axis] = 0;
        int[] places = Axes.Walk(sizes, strides, 0, budget);
        int inner = sizes[(axis + 1)..].Aggregate(1, (product, size) => product * size);
        for (int i = 0; i < places.Length; i++)
            places[i] += indices[i / inner % indices.Length] * stride;
        return value.Select(taken, places, budget);
    }

    public static GraphValue Slice(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        Size[] starts = Bounds("starts", 1), ends = Bounds("ends", 2);
        long[] axes = node.AttributeOrInput("axes", 3) ?? [.. Enumerable.Range(0, starts.Length).Select(axis => (long)axis)];
        long[] steps = node.OptionalIntegers(4, "steps") ?? [.. starts.Select(_ => 1L)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || steps.Length != starts.Length)
            throw node.Damaged($"{starts.Length} ends, axes and steps", $"{ends.Length}, {axes.Length}, {steps.Length}");
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = node.Axis(axes[i], value.Axes.Rank);
            value = value.Axes.IsFixedAxis(axis)
                ? SliceFixed(node, value, axis, starts[i], ends[i], steps[i])
                : SliceFree(node, value, axis, starts[i], ends[i], steps[i]);
        }
        return value;

        Size[] Bounds(string name, int index) => node.Integers(name)?.Select(Size.Of).ToArray()
            ?? Sizes.From(node.Input(index).Elements)
            ?? throw node.Unsupported($"its {name} depend on the data");
    }

    private static GraphValue SliceFixed(OnnxNode node, GraphValue value, int axis, Size first, Size last, long step)
    {
        if (!first.IsKnown || !last.IsKnown)
            throw node.Unsupported("its ends depend on the number of rows or steps");
        if (step == 0)
            throw node.Damaged("steps other than 0", "0");
        int size = value.Axes.Along(axis);
        (long start, long count) = Taken(first.Value, last.Value, step, size);
        int[] indices = [.. Enumerable.Range(0, (int)Math.Min(count, size)).Select(index => (int)(start + index * step))];
        if (indices.Length == 0)
            throw node.Unsupported($"it leaves nothing of axis {axis} of a value {value.Axes}");
        return Take(value, axis, indices, keepsAxis: true, node.Budget);
    }

    /// <summary>The first of the numbers that a slice takes of an axis, and how many.</summary>
    private static (long Start, long Count) Taken(long first, long last, long step, int size)
    {
        long start = Clamp(first), end = Clamp(last);
        return (start, Math.Max(0, (long)Math.Ceiling((end - start) / (double)step)));

        long Clamp(long at)
        {
            at = at < 0 ? at + size : at;
            return step > 0 ? Math.Clamp(at, 0, size) : Math.Clamp(at, -1, size - 1);
        }
    }

    private static GraphValue SliceFree(OnnxNode node, GraphValue value, int axis, Size start, Size end, long step)
    {
        if (step is 1 or -1 && start.IsKnown && end.IsKnown && FixedSize(value.Axes, axis) is > 0 and var fixedSize)
        {
            // As the same slice is written where the number is open.
            (long taken, long count) = Taken(start.Value, end.Value, step, fixedSize);
            (start, end) = (taken, count) switch
            {
                (0, var all) when step == 1 && all == fixedSize => (Size.Of(0), Size.Of(int.MaxValue)),
                (0, 1) when step == 1 => (Size.Of(0), Size.Of(1)),
                (var last, 1) when step == 1 && last == fixedSize - 1 => (Size.Of(-1), Size.Of(int.MaxValue)),
                (_, var all) when step == -1 && all == fixedSize => (Size.Of(-1), Size.Of(-int.MaxValue)),
                _ => (start, end),
            };
        }
        Size size = value.Axes.SizeOf(axis);
        bool toEnd = end == size || (end.IsKnown && end.Value >= int.MaxValue);
        if (step == 1 && toEnd && start.Is(0))
            return value;
        if (value.Axes.Is(axis, AxisKind.Time) && step == -1 && (start.Is(-1) || start == size with { Offset = -1 } || IsBeyond(start))
            && end.IsKnown && end.Value <= -int.MaxValue)
            return value with { IsReversed = !value.IsReversed };
        if (value.Axes.Is(axis, AxisKind.Time) && step == 1)
        {
            bool isLast = toEnd && (start.Is(-1) || start == size with { Offset = -1 });
            if (isLast || (start.Is(0) && end.Is(1)))
                return Reducing.Pick(node, value, axis, isLast, keepsAxis: true);
        }
        throw node.Unsupported($"of rows or steps it takes others than all, the first or the last: axis {axis} of a value {value.Axes}");

        static bool IsBeyond(Size at) => at.IsKnown && at.Value >= int.MaxValue;
    }

    /// <summary>The rows or steps that an axis counts, where the file runs with that number alone; 0 where it leaves it open.</summary>
    private static int FixedSize(Axes axes, int axis) => axes[axis] is [var part] ? part.Size : 0;

    /// <summary>The steps of each row from the last to the first, those behind its end where they are.</summary>
    public static GraphValue ReverseSequence(OnnxNode node)
    {
        GraphValue value = node.Input(0), lengths = node.Input(1);
        int time = node.Axis(node.Integer("time_axis", 0), value.Axes.Rank);
        bool isWhole = lengths.Elements is Facts { Single: Fact.Length } || RecurrentOperators.AreOfAllSteps(lengths.Elements, value.Axes);
        return value.Axes.Is(time, AxisKind.Time) && isWhole
            ? value with { IsReversed = !value.IsReversed }
            : throw node.Unsupported("it reverses something else than all steps of each row");
    }

    public static GraphValue Gather(OnnxNode node)
    {
        GraphValue value = node.Input(0), indices = node.Input(1);
        int axis = node.Axis(node.Integer("axis", 0), value.Axes.Rank);
        if (indices.Elements is Tokens tokens)
            return LookUp(node, value, axis, indices, tokens);
        if (indices.Elements is Facts { Single: { } fact })
            return GatherByFact(node, value, axis, indices, fact);
        bool isFixed = value.Axes.IsFixedAxis(axis);
        if (indices.Elements is not Integers { Values: { } places } || !indices.Axes.IsFixed)
        {
            bool isLast = !isFixed && Sizes.From(indices.Elements) is [var last] && last == value.Axes.SizeOf(axis) with { Offset = -1 };
            return isLast && value.Axes.Is(axis, AxisKind.Time)
                ? Reducing.Pick(node, value, axis, isLast: true, keepsAxis: indices.Axes.Rank == 1)
                : throw node.Unsupported($"its indices are {indices.Elements.Kind}");
        }
        if (!isFixed)
        {
            int steps = FixedSize(value.Axes, axis);
            long place = places.Length != 1 ? long.MaxValue : steps > 0 && places[0] == steps - 1 ? -1 : places[0];
            bool isFirst = place == 0 || (steps > 0 && place == -steps);
            if ((isFirst || place == -1) && indices.Axes.Rank <= 1 && value.Axes.Is(axis, AxisKind.Time))
                return Reducing.Pick(node, value, axis, isLast: place == -1, keepsAxis: indices.Axes.Rank == 1);
            throw node.Unsupported($"of rows or steps it takes others than the first or the last: axis {axis} of a value {value.Axes}");
        }
        int size = value.Axes.Along(axis);
        int[] taken = [.. places.Select(index => index >= -size && index < size
            ? (int)(index < 0 ? index + size : index)
            : throw node.Damaged($"indices below {size}", $"{index}"))];
        if (taken.Length == 0)
            throw node.Unsupported("it takes nothing");
        GraphValue picked = Take(value, axis, taken, keepsAxis: true, node.Budget);
        AxisPart[][] parts = [.. Enumerable.Range(0, picked.Axes.Rank).Select(each => picked.Axes[each])];
        AxisPart[][] inserted = [.. Enumerable.Range(0, indices.Axes.Rank).Select(each => indices.Axes[each])];
        return picked.As(new Axes([.. parts[..axis], .. inserted, .. parts[(axis + 1)..]]));
    }

    /// <summary>The vectors of tokens, or, of a vector of whole numbers, the numbers that stand for them.</summary>
    private static GraphValue LookUp(OnnxNode node, GraphValue table, int axis, GraphValue indices, Tokens tokens)
    {
        if (axis != 0 || !table.Axes.IsFixed)
            throw node.Unsupported("tokens are looked up in something else than the rows of a table");
        int rows = table.Axes.Along(0);
        if (table.Elements is Integers { Values: { } numbers } && table.Axes.Rank == 1)
        {
            if (tokens.Values.Any(token => token.Rows is not null))
                throw node.Unsupported("tokens are renumbered twice");
            return indices with { Elements = new Tokens([.. tokens.Values.Select(token => token with { Rows = numbers })]) };
        }
        if (table.Elements is not Floats { Values: { } values } || table.Axes.Rank != 2 || rows == 0)
            throw node.Unsupported($"the table of vectors {table.Axes} is made of {table.Elements.Kind}");
        int size = table.Axes.Along(1);
        var vectors = new EmbeddingTable(values, rows, size);
        node.Budget.Take((long)tokens.Count * size * 64);
        Atom[] atoms =
        [
            .. from token in tokens.Values
               let source = new EmbeddingSource(token, vectors)
               from index in Enumerable.Range(0, size)
               select new Atom(source, index),
        ];
        return indices with { Axes = indices.Axes.Insert(indices.Axes.Rank, Axes.FixedAxis(size)), Elements = Forms.Of(atoms) };
    }

    private static GraphValue GatherByFact(OnnxNode node, GraphValue value, int axis, GraphValue indices, Fact fact)
    {
        if (fact is Fact.RowByLength or Fact.PlaceByLength && value.Axes.Is(axis, AxisKind.Batch) && indices.Axes.Rank == 1)
        {
            bool sorts = fact == Fact.RowByLength;
            return value.IsSorted != sorts
                ? value with { IsSorted = sorts }
                : throw node.Unsupported("rows are put into the order of their lengths twice");
        }
        if (fact == Fact.LastPlace && value.Axes[axis] is [{ Kind: AxisKind.Batch } batch, { Kind: AxisKind.Time }]
            && indices.Axes.Rank == 1)
        {
            GraphValue last = Reducing.Pick(node, value, axis, isLast: true, keepsAxis: true);
            return last.As(last.Axes.With(axis, batch));
        }
        if (fact == Fact.Row && value.Axes.Is(axis, AxisKind.Batch) && indices.Axes.Rank == 1)
            return value;
        throw node.Unsupported($"its indices are {indices.Elements.Kind}");
    }

    /// <summary>The last step of each row, where the indices are its length less one.</summary>
    public static GraphValue GatherElements(OnnxNode node)
    {
        GraphValue value = node.Input(0), indices = node.Input(1);
        int axis = node.Axis(node.Integer("axis", 0), value.Axes.Rank);
        if (indices.Elements is Facts { Single: Fact.LastStep } && value.Axes.Is(axis, AxisKind.Time))
            return Reducing.Pick(node, value, axis, isLast: true, keepsAxis: true);
        throw node.Unsupported($"its indices are {indices.Elements.Kind} other than the last step of each row");
    }

    /// <summary>The last step of each row, where the indices are each row and its length less one.</summary>
    public static GraphValue GatherND(OnnxNode node)
    {
        GraphValue value = node.Input(0), indices = node.Input(1);
        (AxisKind First, AxisKind Second)? axes = indices.Elements is Facts { Values: [var first, var second] } ? (first, second) switch
        {
            (Fact.Row, Fact.LastStep) => (AxisKind.Batch, AxisKind.Time),
            (Fact.LastStep, Fact.Row) => (AxisKind.Time, AxisKind.Batch),
            _ => null,
        } : null;
        if (axes is { } kinds && node.Integer("batch_dims", 0) == 0 && value.Axes.Rank >= 2 && value.Axes.Is(0, kinds.First)
            && value.Axes.Is(1, kinds.Second))
            return Reducing.Pick(node, value, value.Axes.Find(AxisKind.Time), isLast: true, keepsAxis: false);
        throw node.Unsupported($"its indices are {indices.Elements.Kind} other than each row and its last step");
    }

    /// <summary>The lengths of rows, the longest first, and which rows these are.</summary>
    public static GraphValue[] TopK(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        if (value.Elements is not Facts { Single: Fact.Length } || !value.Axes.Is(0, AxisKind.Batch) || value.Axes.Rank != 1)
            throw node.Unsupported("it sorts something else than the lengths of rows");
        return
        [
            value with { IsSorted = true },
            value with { Elements = new Facts([Fact.RowByLength]) },
        ];
    }

    /// <summary>Where each row is when the longest come first: the order of TopK the other way round.</summary>
    public static GraphValue ScatterElements(OnnxNode node)
    {
        // A file for one size of batch has the numbers of its rows.
        bool isRow = node.Input(2).Elements is Facts { Single: Fact.Row } || (node.Input(2).Elements as Integers)?.CountsUp == true;
        if (node.Input(1).Elements is Facts { Single: Fact.RowByLength } && isRow)
            return node.Input(1) with { Elements = new Facts([Fact.PlaceByLength]) };
        throw node.Unsupported("it scatters something else than rows in the order of their lengths");
    }
}
