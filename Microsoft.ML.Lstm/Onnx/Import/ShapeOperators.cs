namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Operators that only rearrange what they are given, constants, sizes, tokens and features alike.</summary>
internal static class ShapeOperators
{
    public static GraphValue Identity(OnnxNode node) => node.Input(0);

    public static GraphValue Transpose(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        Axes axes = value.Axes;
        long[] order = node.Integers("perm") ?? [.. Enumerable.Range(0, axes.Rank).Reverse()];
        if (order.Length != axes.Rank || !order.Order().SequenceEqual(Enumerable.Range(0, axes.Rank).Select(axis => (long)axis)))
            throw node.Damaged($"an order of {axes.Rank} axes", $"[{string.Join(", ", order.Take(16))}]");
        int[] permuted = [.. order.Select(axis => (int)axis)];
        int[] places = Axes.Walk([.. permuted.Select(axes.Along)], [.. permuted.Select(axes.Stride)], 0, node.Budget);
        return value.Select(axes.Permute(permuted), places, node.Budget);
    }

    public static GraphValue Reshape(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        Size[] target = node.Optional(1) is { } shape
            ? Sizes.From(shape.Elements) ?? throw node.Unsupported($"its shape is made of {shape.Elements.Kind}")
            : [.. (node.Integers("shape") ?? []).Select(Size.Of)];
        if (target.Length > 16 || target.Count(size => size.Is(-1)) > 1 || target.Any(size => size.IsKnown && size.Value < -1))
            throw node.Damaged("sizes of axes", $"[{string.Join(", ", target.Take(16).Select(size => size.Value))}]");
        return value.As(value.Axes.Reshape(target, keepsZero: node.Integer("allowzero", 0) != 0)
        ?? throw node.Unsupported($"a value {value.Axes} can't be given the shape [{string.Join(", ", target.Select(Describe))}] "
                + "without mixing rows, steps and features"));
    }

    private static string Describe(Size size) => size.IsKnown ? $"{size.Value}" : "size of the data";

    public static GraphValue Flatten(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        int rank = value.Axes.Rank;
        long axis = node.Integer("axis", 1);
        int at = axis == rank ? rank : node.Axis(axis, Math.Max(rank, 1));
        AxisPart[][] parts = [.. Enumerable.Range(0, rank).Select(each => value.Axes[each])];
        return value.As(new Axes([[.. parts[..at].SelectMany(each => each)], [.. parts[at..].SelectMany(each => each)]]));
    }

    public static GraphValue Squeeze(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        int rank = value.Axes.Rank;
        int[] axes = node.AttributeOrInput("axes", 1) is { } given
            ? node.AxesOf(given, rank)
            : [.. Enumerable.Range(0, rank).Where(axis => value.Axes[axis].Length == 0)];
        foreach (int axis in axes)
        {
            // A batch or a sequence of one, as the file says.
            if (!value.Axes[axis].All(part => part.Size == 1))
                throw node.Unsupported($"axis {axis} of a value {value.Axes} is not of size 1");
        }
        if (axes.Any(axis => value.Axes[axis].Length > 0))
            return value.As(MoveParts(value.Axes, axes));
        return value.As(value.Axes.Without(axes));
    }

    // Rows that the file says are one stay rows: they become a part of the next axis.
    private static Axes MoveParts(Axes axes, int[] removed)
    {
        var kept = new List<AxisPart[]>();
        var moved = new List<AxisPart>();
        for (int axis = 0; axis < axes.Rank; axis++)
        {
            if (removed.Contains(axis))
            {
                moved.AddRange(axes[axis]);
                continue;
            }
            kept.Add([.. moved, .. axes[axis]]);
            moved.Clear();
        }
        if (moved.Count > 0 && kept.Count > 0)
            kept[^1] = [.. kept[^1], .. moved];
        return new Axes(kept);
    }

    public static GraphValue Unsqueeze(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        long[] given = node.AttributeOrInput("axes", 1) ?? throw node.Damaged("axes", "none");
        int rank = value.Axes.Rank + given.Length;
        if (rank > 16)
            throw node.Damaged("at most 16 axes", $"{rank}");
        Axes axes = value.Axes;
        foreach (int axis in node.AxesOf(given, rank).Order())
            axes = axis <= axes.Rank ? axes.Insert(axis) : throw node.Damaged($"an axis up to {axes.Rank}", $"{axis}");
        return value.As(axes);
    }

    public static GraphValue Expand(OnnxNode node)
    {
        GraphValue value = node.Input(0), shape = node.Input(1);
        Size[] sizes = Sizes.From(shape.Elements) ?? throw node.Unsupported($"its shape is made of {shape.Elements.Kind}");
        Axes target = AxesOf(node, sizes);
        if (Axes.Broadcast(value.Axes, target) is null)
            value = value.AsOne(node.Budget);
        Axes axes = Axes.Broadcast(value.Axes, target)
            ?? throw node.Unsupported($"a value {value.Axes} can't be expanded to {target}");
        RequireElements(node, axes);
        return value.BroadcastTo(axes, node.Budget);
    }

    /// <summary>Axes of size 1 repeated for each row or step, or some times.</summary>
    public static GraphValue Tile(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        Size[] repeats = Sizes.From(node.Input(1).Elements) ?? throw node.Unsupported("its repeats depend on the data");
        if (repeats.Length != value.Axes.Rank)
            throw node.Damaged($"{value.Axes.Rank} repeats", $"{repeats.Length}");
        if (repeats.Where((repeat, axis) => !repeat.Is(1) && value.Axes[axis].Length > 0).Any())
            throw node.Unsupported($"it repeats more than one number along an axis of a value {value.Axes}");
        Axes axes = Axes.Broadcast(value.Axes, AxesOf(node, repeats))!;
        RequireElements(node, axes);
        return value.BroadcastTo(axes, node.Budget);
    }

    public static GraphValue ConstantOfShape(OnnxNode node)
    {
        Size[] sizes = Sizes.From(node.Input(0).Elements) ?? throw node.Unsupported("its shape depends on the data");
        Axes axes = AxesOf(node, sizes);
        RequireElements(node, axes);
        GraphValue one = node.Attribute("value")?.T is { } tensor
            ? TensorReader.Read(tensor, $"the value of node {OnnxText.Quote(node.Name)}", node.Budget)
            : new GraphValue(Axes.Of(), new Floats([0]));
        if (one.Elements.Count != 1)
            throw node.Damaged("one value", $"{one.Elements.Count}");
        return one.Select(axes, new int[axes.Count], node.Budget);
    }

    public static GraphValue Shape(OnnxNode node)
    {
        Axes axes = node.Input(0).Axes;
        int start = Bound(node.Integer("start", 0)), end = Bound(node.Integer("end", axes.Rank));
        Size[] sizes = [.. Enumerable.Range(start, Math.Max(0, end - start)).Select(axes.SizeOf)];
        return new GraphValue(Axes.Of(sizes.Length), Sizes.Of(sizes));

        int Bound(long axis) => (int)Math.Clamp(axis < 0 ? axis + axes.Rank : axis, 0, axes.Rank);
    }

    /// <summary>The product of the sizes that it is given, or of those of all axes.</summary>
    public static GraphValue Count(OnnxNode node)
    {
        Axes axes = node.Input(0).Axes;
        Size[]? sizes = node.Operator == "Size"
            ? [.. Enumerable.Range(0, axes.Rank).Select(axes.SizeOf)]
            : Sizes.From(node.Input(0).Elements);
        Size? product = sizes?.Aggregate((Size?)Size.Of(1), (all, size) => all is { } known ? Size.Multiply(known, size) : null);
        if (product is null || (node.Integers("axes") is { } given && given.Length != axes.Rank))
            throw node.Unsupported($"a product of {node.Input(0).Elements.Kind}");
        return new GraphValue(node.Integer("keepdims", 1) != 0 && node.Operator != "Size" ? Axes.Of(1) : Axes.Of(),
            Sizes.Of([product.Value]));
    }

    public static GraphValue Range(OnnxNode node)
    {
        Size[] bounds = [.. Enumerable.Range(0, 3).Select(index => Sizes.From(node.Input(index).Elements) is [var size]
            ? size
            : throw node.Unsupported("its bounds are not whole numbers or sizes"))];
        if (bounds[0].Is(0) && bounds[2].Is(1) && bounds[1] is { Factor: 1, Offset: 0 }
            and ({ Batch: 1, Time: 0 } or { Batch: 0, Time: 1 }))
        {
            bool isTime = bounds[1].Time == 1;
            var part = new AxisPart(isTime ? AxisKind.Time : AxisKind.Batch, 0);
            return new GraphValue(new Axes([[part]]), new Facts([isTime ? Fact.Step : Fact.Row]));
        }
        if (!Array.TrueForAll(bounds, bound => bound.IsKnown) || bounds[2].Value == 0)
            throw node.Unsupported("its bounds depend on the data");
        long count = Math.Max(0, (bounds[1].Value - bounds[0].Value + bounds[2].Value - Math.Sign(bounds[2].Value)) / bounds[2].Value);
        node.Budget.Take(count * sizeof(long));
        return new GraphValue(Axes.Of((int)count), new Integers([.. Enumerable.Range(0, (int)count)
            .Select(index => bounds[0].Value + index * bounds[2].Value)]));
    }

    /// <summary>The places of numbers that are not 0, where all of a vector of rows or steps are.</summary>
    public static GraphValue NonZero(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        if (value.Axes.Rank == 1 && value.Axes[0] is [{ Kind: not AxisKind.Fixed } part]
            && value.Elements is Integers { Values: [not 0] } or Floats { Values: [not 0] })
        {
            Fact fact = part.Kind == AxisKind.Time ? Fact.Step : Fact.Row;
            return new GraphValue(new Axes([[], [part]]), new Facts([fact]));
        }
        throw node.Unsupported("the places of numbers that are not 0 depend on the data");
    }

    public static GraphValue Concat(OnnxNode node)
    {
        GraphValue[] values = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        if (values.Length == 0)
            throw node.Damaged("inputs", "none");
        if (values.Length == 1)
            return values[0];
        int rank = values[0].Axes.Rank, axis = node.Axis(node.Integer("axis", node.Operator == "Concat" ? 0 : 1), rank);
        foreach (GraphValue value in values)
        {
            if (value.Axes.Rank != rank)
                throw node.Damaged($"values of {rank} axes", $"{value.Axes.Rank}");
            if (!value.Axes.IsFixedAxis(axis))
                throw node.Unsupported($"it joins rows or steps, axis {axis} of a value {value.Axes}");
        }
        GraphValue ordered = values.FirstOrDefault(value => value.Axes.HasTime) ?? values[0];
        if (values.Any(value => value.IsSorted != ordered.IsSorted && value.Axes.HasBatch))
            throw node.Unsupported("it joins rows in their own order and rows by length");
        if (values.Any(value => value.IsReversed != ordered.IsReversed && value.Axes.HasTime))
            throw node.Unsupported("it joins steps in their own order and steps from the last to the first");
        // What is the same for all rows or steps is so beside others, too.
        Axes common = values[0].Axes;
        foreach (GraphValue value in values[1..])
            common = Axes.Broadcast(common.With(axis), value.Axes.With(axis))
                ?? throw (common.IsFixed && value.Axes.IsFixed
                    ? node.Damaged($"values with the axes of {common}", $"{value.Axes}")
                    : node.Unsupported($"it joins values {common} and {value.Axes} along axis {axis}"));
        GraphValue[] parts = [.. values.Select(value =>
        {
            Axes own = common.With(axis, value.Axes[axis]);
            RequireElements(node, own);
            return value.BroadcastTo(own, node.Budget);
        })];
        int outer = Enumerable.Range(0, axis).Aggregate(1, (product, each) => product * common.Along(each));
        int[] widths = [.. parts.Select(part => part.Axes.Count / Math.Max(outer, 1))];
        Elements joined = parts[0].Elements.Join([.. parts.Select(part => part.Elements)], node.Budget)
            ?? throw node.Unsupported($"it joins {string.Join(", ", parts.Select(part => part.Elements.Kind).Distinct())}");
        int size = parts.Sum(part => part.Axes.Along(axis));
        Axes axes = common.With(axis, Axes.FixedAxis(size));
        if (outer == 1)
            return ordered.As(axes) with { Elements = joined };
        node.Budget.Take(axes.Count * 8L);
        int[] places = new int[joined.Count];
        for (int block = 0, at = 0; block < outer; block++)
        {
            for (int part = 0, start = 0; part < parts.Length; start += parts[part].Axes.Count, part++)
            {
                for (int i = 0; i < widths[part]; i++)
                    places[at++] = start + block * widths[part] + i;
            }
        }
        return ordered.As(axes) with { Elements = joined.Select(places, node.Budget) };
    }

    public static GraphValue[] Split(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        int axis = node.Axis(node.Integer("axis", 0), value.Axes.Rank), size = value.Axes.Along(axis), count = node.OutputCount;
        if (!value.Axes.IsFixedAxis(axis))
            throw node.Unsupported($"it cuts rows or steps, axis {axis} of a value {value.Axes}");
        int most = (size + count - 1) / Math.Max(count, 1);
        long[] parts = node.AttributeOrInput("split", 1)
            ?? [.. Enumerable.Range(0, count).Select(index => (long)Math.Clamp(size - index * most, 0, most))];
        if (parts.Length != count || parts.Any(part => part < 0 || part > size) || parts.Sum() != size)
            throw node.Damaged($"{count} parts of {size}", $"[{string.Join(", ", parts.Take(16))}]");
        var results = new GraphValue[count];
        for (int i = 0, start = 0; i < count; start += (int)parts[i++])
            results[i] = IndexOperators.Take(value, axis, [.. Enumerable.Range(start, (int)parts[i])], keepsAxis: true, node.Budget);
        return results;
    }

    private static Axes AxesOf(OnnxNode node, Size[] sizes)
    {
        if (sizes.Length > 16)
            throw node.Damaged("at most 16 axes", $"{sizes.Length}");
        return new Axes(sizes.Select(size =>
        {
            if (size.IsKnown)
                return size.Value is >= 0 and <= int.MaxValue
                    ? Axes.FixedAxis((int)size.Value)
                    : throw node.Damaged("sizes of 0 or more", $"{size.Value}");
            if (size.Offset != 0 || size.Batch > 1 || size.Time > 1 || size.Factor is < 1 or > int.MaxValue)
                throw node.Unsupported("its shape is computed of the number of rows or steps in a way that is not known");
            return
            [
                .. size.Batch == 1 ? [new AxisPart(AxisKind.Batch, 0)] : Array.Empty<AxisPart>(),
                .. size.Time == 1 ? [new AxisPart(AxisKind.Time, 0)] : Array.Empty<AxisPart>(),
                .. Axes.FixedAxis((int)size.Factor),
            ];
        }));
    }

    private static void RequireElements(OnnxNode node, Axes axes) => node.Budget.Take(axes.Count * 8L);
}
