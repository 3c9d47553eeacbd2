using Microsoft.ML.Lstm.Engine.Files;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>What an axis of a value in a graph counts.</summary>
internal enum AxisKind
{
    /// <summary>As many as the file says: features, units, gates, directions.</summary>
    Fixed,

    /// <summary>The rows of a batch.</summary>
    Batch,

    /// <summary>The steps of a sequence.</summary>
    Time,
}

/// <summary>A factor of the size of an axis.</summary>
/// <param name="Kind">What it counts.</param>
/// <param name="Size">How many; of rows and steps 0 where the file leaves it open.</param>
internal readonly record struct AxisPart(AxisKind Kind, int Size);

/// <summary>
/// The axes of a value. Rows and steps can be any number, so that a value has numbers, its elements, for one row and one step: as many as
/// the other parts of its axes say, row-major. An axis may have several parts, such as rows times steps, and one of size 1 has none.
/// </summary>
internal sealed class Axes
{
    private readonly AxisPart[][] _axes;

    public Axes(IEnumerable<AxisPart[]> axes)
    {
        _axes = [.. axes];
        long count = 1;
        foreach (AxisPart part in _axes.SelectMany(parts => parts).Where(part => part.Kind == AxisKind.Fixed))
            count = part.Size == 0 ? 0 : Math.Min(int.MaxValue, count * part.Size);
        Count = (int)count;
    }

    /// <summary>Elements; int.MaxValue for more than there can be.</summary>
    public int Count { get; }

    public int Rank => _axes.Length;

    public AxisPart[] this[int axis] => _axes[axis];

    public bool HasTime => Has(AxisKind.Time);

    public bool HasBatch => Has(AxisKind.Batch);

    /// <summary>Whether no axis counts rows or steps.</summary>
    public bool IsFixed => !HasTime && !HasBatch;

    public static Axes Of(params int[] dimensions) => new(dimensions.Select(FixedAxis));

    public static AxisPart[] FixedAxis(int size) => size == 1 ? [] : [new AxisPart(AxisKind.Fixed, size)];

    /// <summary>Elements along an axis.</summary>
    public int Along(int axis) => (int)Math.Min(int.MaxValue, _axes[axis].Where(part => part.Kind == AxisKind.Fixed)
        .Aggregate(1L, (product, part) => Math.Min(int.MaxValue, product * part.Size)));

    /// <summary>The elements along each axis.</summary>
    public int[] Sizes() => [.. Enumerable.Range(0, Rank).Select(Along)];

    /// <summary>How far the elements of an axis are apart.</summary>
    public int Stride(int axis) => Enumerable.Range(axis + 1, Rank - axis - 1).Aggregate(1, (product, each) => product * Along(each));

    private bool Has(AxisKind kind) => Array.Exists(_axes, axis => Array.Exists(axis, part => part.Kind == kind));

    public bool IsFixedAxis(int axis) => _axes[axis].All(part => part.Kind == AxisKind.Fixed);

    /// <summary>Whether an axis counts this alone.</summary>
    public bool Is(int axis, AxisKind kind) => _axes[axis] is [var part] && part.Kind == kind;

    /// <summary>The only axis that counts this alone; -1 for none.</summary>
    public int Find(AxisKind kind) => Array.FindIndex(_axes, axis => axis is [var part] && part.Kind == kind);

    /// <summary>The size of an axis.</summary>
    public Size SizeOf(int axis)
    {
        int batch = _axes[axis].Count(part => part.Kind == AxisKind.Batch), time = _axes[axis].Count(part => part.Kind == AxisKind.Time);
        return batch + time == 0 ? Size.Of(Along(axis)) : new Size(Along(axis), batch, time);
    }

    public Axes With(int axis, params AxisPart[] parts) => new(_axes.Select((old, index) => index == axis ? parts : old));

    public Axes Without(IEnumerable<int> axes) => new(_axes.Where((_, index) => !axes.Contains(index)));

    public Axes Insert(int axis, params AxisPart[] parts) => new([.. _axes[..axis], parts, .. _axes[axis..]]);

    public Axes Permute(IEnumerable<int> order) => new(order.Select(axis => _axes[axis]));

    /// <summary>The same parts as other axes; null where they don't make such.</summary>
    /// <param name="target">The sizes: one may be -1, for what the others leave; 0 for that of the same axis.</param>
    /// <param name="keepsZero">Whether 0 stands for an axis without elements.</param>
    public Axes? Reshape(IReadOnlyList<Size> target, bool keepsZero)
    {
        var parts = new LinkedList<AxisPart>(_axes.SelectMany(axis => axis));
        var result = new AxisPart[target.Count][];
        int left = 0, right = target.Count;
        for (; left < right && !target[left].Is(-1); left++)
        {
            if (Take(left, fromLeft: true) is not { } taken)
                return null;
            result[left] = taken;
        }
        for (; right > left + 1; right--)
        {
            if (target[right - 1].Is(-1) || Take(right - 1, fromLeft: false) is not { } taken)
                return null;
            result[right - 1] = taken;
        }
        if (left < right)
            result[left] = [.. parts];
        else if (parts.Count > 0)
            return null;
        return new Axes(result);

        AxisPart[]? Take(int axis, bool fromLeft)
        {
            if (target[axis].Is(0) && !keepsZero)
                return axis < Rank ? TakeSame(_axes[axis], fromLeft) : null;
            return TakeSize(parts, target[axis], fromLeft);
        }

        AxisPart[]? TakeSame(AxisPart[] same, bool fromLeft)
        {
            foreach (AxisPart part in fromLeft ? same : same.Reverse())
            {
                if ((fromLeft ? parts.First : parts.Last) is not { } node || node.Value != part)
                    return null;
                parts.Remove(node);
            }
            return same;
        }
    }

    /// <summary>Takes parts whose product is a size from one end; null where there are none.</summary>
    private static AxisPart[]? TakeSize(LinkedList<AxisPart> parts, Size size, bool fromLeft)
    {
        if (size.Offset != 0 && !size.IsKnown)
            return null;
        (long factor, int batch, int time) = size.IsKnown ? (size.Value, 0, 0) : (size.Factor, size.Batch, size.Time);
        var taken = new List<AxisPart>();
        // Rows or steps that the file says are one.
        bool isOne = factor == 1 && size.IsKnown;
        while (factor != 1 || batch > 0 || time > 0 || isOne)
        {
            if ((fromLeft ? parts.First : parts.Last) is not { } node)
                return isOne ? [] : null;
            AxisPart part = node.Value;
            if (part.Kind == AxisKind.Batch && batch > 0)
                batch--;
            else if (part.Kind == AxisKind.Time && time > 0)
                time--;
            else if (isOne)
            {
                if (part.Kind == AxisKind.Fixed || part.Size != 1)
                    return [];
                isOne = false;
            }
            else if (part.Size > 0 && factor % part.Size == 0 && (part.Kind == AxisKind.Fixed || size.IsKnown))
                factor /= part.Size;
            else if (part.Kind == AxisKind.Fixed && factor > 0 && part.Size % factor == 0)
            {
                node.Value = part with { Size = part.Size / (int)factor };
                taken.Add(part with { Size = (int)factor });
                break;
            }
            // The file runs with this number of rows or steps alone, although it leaves it open.
            else if (part.Kind != AxisKind.Fixed && part.Size == 0 && size.IsKnown && factor > 1)
                factor = 1;
            else
                return null;
            parts.Remove(node);
            taken.Add(part);
        }
        if (!fromLeft)
            taken.Reverse();
        return [.. taken];
    }

    /// <summary>The axes that two values have together, aligned at the last; null where they don't fit.</summary>
    public static Axes? Broadcast(Axes a, Axes b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        var axes = new AxisPart[rank][];
        for (int i = 1; i <= rank; i++)
        {
            AxisPart[] first = i <= a.Rank ? a[^i] : [], second = i <= b.Rank ? b[^i] : [];
            if (first.Length > 0 && second.Length > 0 && !Fits(first, second))
                return null;
            axes[^i] = first.Length > 0 ? first : second;
        }
        // Each row with each other row is none of what a row has.
        return axes.SelectMany(axis => axis).Count(part => part.Kind == AxisKind.Batch) > 1
            || axes.SelectMany(axis => axis).Count(part => part.Kind == AxisKind.Time) > 1
            ? null
            : new Axes(axes);

        static bool Fits(AxisPart[] first, AxisPart[] second) => first.Length == second.Length
            && first.Zip(second).All(pair => pair.First.Kind == pair.Second.Kind
                && (pair.First.Kind != AxisKind.Fixed || pair.First.Size == pair.Second.Size));
    }

    public AxisPart[] this[Index axis] => _axes[axis];

    /// <summary>For each element of axes that these were broadcast to, which of theirs it is.</summary>
    public int[] MapFrom(Axes target, Budget budget)
    {
        int[] sizes = target.Sizes(), strides = new int[target.Rank];
        for (int i = 1; i <= Rank; i++)
            strides[^i] = Along(Rank - i) == sizes[^i] ? Stride(Rank - i) : 0;
        return Walk(sizes, strides, 0, budget);
    }

    /// <summary>The places of elements, row-major, of which those along each axis are so far apart.</summary>
    public static int[] Walk(int[] sizes, int[] strides, int start, Budget budget)
    {
        long count = sizes.Aggregate(1L, (product, size) => Math.Min(int.MaxValue, product * size));
        budget.Take(count * sizeof(int));
        int[] places = new int[count], at = new int[sizes.Length];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = start;
            for (int axis = sizes.Length - 1; axis >= 0; axis--)
            {
                start += strides[axis];
                if (++at[axis] < sizes[axis])
                    break;
                start -= at[axis] * strides[axis];
                at[axis] = 0;
            }
        }
        return places;
    }

    public override string ToString() => $"[{string.Join(", ", _axes.Select(Describe))}]";

    private static string Describe(AxisPart[] parts) => parts.Length == 0 ? "1" : string.Join("·", parts.Select(part => part.Kind switch
    {
        AxisKind.Batch => "batch",
        AxisKind.Time => "time",
        _ => $"{part.Size}",
    }));
}
