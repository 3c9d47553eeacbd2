using Type = Microsoft.ML.Lstm.Onnx.TensorProto.Types.DataType;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Operators that compute element by element.</summary>
internal static class ArithmeticOperators
{
    // Our scaling clamps at it, too.
    private const float Largest = 1e18f;

    /// <summary>Add, Sub, Mul and Div.</summary>
    public static GraphValue Arithmetic(OnnxNode node)
    {
        (GraphValue a, GraphValue b) = Align(node, node.Input(0), node.Input(1));
        return a with { Elements = Compute(node, a, b) };
    }

    private static Elements Compute(OnnxNode node, GraphValue a, GraphValue b)
    {
        if (a.Elements is Floats x && b.Elements is Floats y)
            return new Floats([.. x.Values.Zip(y.Values, (p, q) => node.Operator switch
            {
                "Add" => p + q,
                "Sub" => p - q,
                "Mul" => p * q,
                _ => p / q,
            })]);
        if (Sizes.From(a.Elements) is { } first && Sizes.From(b.Elements) is { } second)
            return Sizes.Of([.. first.Zip(second, (p, q) => (node.Operator switch
            {
                "Add" => Size.Add(p, q),
                "Sub" => Size.Multiply(q, Size.Of(-1)) is { } negative ? Size.Add(p, negative) : null,
                "Mul" => Size.Multiply(p, q),
                _ => Size.Divide(p, q),
            }) ?? throw node.Unsupported("it computes of the number of rows and steps what is no size"))]);
        return OfFacts(node, a.Elements, b.Elements)
            ?? OfForms(node, a, b)
            ?? throw node.Unsupported($"it combines {a.Elements.Kind} and {b.Elements.Kind}");
    }

    private static Elements? OfFacts(OnnxNode node, Elements a, Elements b)
    {
        if (a is Facts { Single: Fact.Length } && b is Integers { Values: { } values }
            && values.All(value => value == (node.Operator == "Add" ? -1 : 1)) && node.Operator is "Add" or "Sub")
            return new Facts([.. Enumerable.Repeat(Fact.LastStep, a.Count)]);
        Fact? place = (node.Operator, a, b) switch
        {
            ("Mul", Facts { Single: Fact.Row }, Sizes { Values: [var steps] }) when steps == new Size(1, 0, 1) => Fact.FirstPlace,
            ("Mul", Sizes { Values: [var steps] }, Facts { Single: Fact.Row }) when steps == new Size(1, 0, 1) => Fact.FirstPlace,
            ("Add", Facts { Single: Fact.FirstPlace }, Facts { Single: Fact.LastStep }) => Fact.LastPlace,
            ("Add", Facts { Single: Fact.LastStep }, Facts { Single: Fact.FirstPlace }) => Fact.LastPlace,
            _ => null,
        };
        if (place is { } known)
            return new Facts([known]);
        // What lies behind the end of a row counts for nothing in ours.
        if (node.Operator == "Mul" && (a is Facts { Single: Fact.IsStep } || b is Facts { Single: Fact.IsStep }))
            return a is Facts ? b : a;
        return null;
    }

    private static Elements? OfForms(OnnxNode node, GraphValue a, GraphValue b)
    {
        if (node.Operator == "Div" && a.Elements is Forms sum && (b.Elements is Facts { Single: Fact.Length }
            || Sizes.From(b.Elements)?.All(size => size == new Size(1, 0, 1)) == true))
            return Reducing.MeanOf(sum)
                ?? throw node.Unsupported("what is divided by the number of steps is no sum of a recurrent layer's outputs");
        if (node.Operator == "Div" && a.Elements is Floats { AreZero: true } zeros && b.Elements is Facts or Sizes)
            return zeros;
        if (node.Operator == "Mul" && (LinearOperators.WeightedSteps(a, b) ?? LinearOperators.WeightedSteps(b, a)) is { } weighted)
            return weighted;
        if (Forms.From(a.Elements) is not { } first || Forms.From(b.Elements) is not { } second)
            return null;
        float[]? left = (a.Elements as Floats)?.Values, right = (b.Elements as Floats)?.Values;
        switch (node.Operator)
        {
            case "Add" when left is not null || right is not null:
                return (left is null ? first : second).ScaleBy(_ => 1, i => (left ?? right)![i]);
            case "Sub" when right is not null:
                return first.ScaleBy(_ => 1, i => -right[i]);
            case "Sub" when left is not null:
                return second.ScaleBy(_ => -1, i => left[i]);
            case "Mul" when left is not null || right is not null:
                float[] factors = (left ?? right)!;
                // Only whether there is NaN would be seen; rows with NaN are told apart otherwise.
                return factors.All(factor => factor == 0)
                    ? new Floats(factors)
                    : (left is null ? first : second).ScaleBy(i => factors[i], _ => 0);
            case "Div" when right is not null:
                return first.ScaleBy(i => 1.0 / right[i], _ => 0);
            case "Add" or "Sub" when left is null && right is null:
                return first.Add(node.Operator == "Add" ? second : second.ScaleBy(_ => -1, _ => 0), node.Budget);
            default:
                return null;
        }
    }

    public static GraphValue Negate(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        return value with
        {
            Elements = value.Elements switch
            {
                Floats floats => new Floats(Array.ConvertAll(floats.Values, number => -number)),
                Integers integers => new Integers(Array.ConvertAll(integers.Values, number => unchecked(-number))),
                Forms forms => forms.ScaleBy(_ => -1, _ => 0),
                _ => throw node.Unsupported($"it is of {value.Elements.Kind}"),
            },
        };
    }

    /// <summary>Min and Max, and Clip, which is both.</summary>
    public static GraphValue Bound(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        if (node.Operator != "Clip")
        {
            for (int i = 1; i < node.InputCount; i++)
                value = Bound(node, value, node.Input(i), node.Operator == "Max");
            return value;
        }
        GraphValue? least = node.Optional(1) ?? FromAttribute("min"), most = node.Optional(2) ?? FromAttribute("max");
        value = least is null ? value : Bound(node, value, least, isLower: true);
        return most is null ? value : Bound(node, value, most, isLower: false);

        GraphValue? FromAttribute(string name)
            => node.Attribute(name) is { } attribute ? new GraphValue(Axes.Of(), new Floats([attribute.F])) : null;
    }

    private static GraphValue Bound(OnnxNode node, GraphValue value, GraphValue other, bool isLower)
    {
        (GraphValue a, GraphValue b) = Align(node, value, other);
        if (a.Elements is Floats x && b.Elements is Floats y)
            return a with { Elements = new Floats([.. x.Values.Zip(y.Values, (p, q) => isLower ? Math.Max(p, q) : Math.Min(p, q))]) };
        if (Sizes.From(a.Elements) is { } first && Sizes.From(b.Elements) is { } second)
            return a with { Elements = Sizes.Of([.. first.Zip(second, Smaller)]) };
        (GraphValue lengths, GraphValue limit) = a.Elements is Facts ? (a, b) : (b, a);
        if (lengths.Elements is Facts { Single: Fact.Length } && Sizes.From(limit.Elements) is { } lengthLimits)
        {
            // Lengths are from 1 to the number of steps anyway.
            return Array.TrueForAll(lengthLimits, HasNoEffect)
                ? lengths
                : throw node.Unsupported("it bounds the lengths of rows "
                    + (isLower ? "from below by more than 1" : "from above by other than the number of steps")
                    + ", and rows of ours have the steps that they have");
        }
        (GraphValue numbers, GraphValue bounds) = a.Elements is Forms ? (a, b) : (b, a);
        if (numbers.Elements is Forms && bounds.Elements is Floats { Values: { } limits }
            && limits.All(limit => isLower ? limit <= -Largest : limit >= Largest))
            return numbers;
        throw node.Unsupported(numbers.Elements is Forms
            ? $"it bounds features by less than {Largest:0e0}, and ours are not bounded"
            : $"it combines {a.Elements.Kind} and {b.Elements.Kind}");

        bool HasNoEffect(Size size) => isLower
            ? size is { IsKnown: true, Value: <= 1 }
            : size == new Size(1, 0, 1) || size is { IsKnown: true, Value: >= int.MaxValue };

        Size Smaller(Size p, Size q)
        {
            bool? isLess = Comparing.Less(p, q) ?? (p == q ? false : null);
            return isLess is { } known ? (known != isLower ? p : q)
                : throw node.Unsupported("it compares sizes that are not known");
        }
    }

    public static GraphValue Where(OnnxNode node)
    {
        GraphValue condition = node.Input(0);
        (GraphValue yes, GraphValue no) = Align(node, node.Input(1), node.Input(2));
        (condition, yes) = Align(node, condition, yes);
        (_, no) = Align(node, condition, no);
        switch (condition.Elements)
        {
            case Integers { Values: { } choices }:
                if (choices.All(choice => choice != 0) || choices.All(choice => choice == 0))
                    return choices.Length == 0 || choices[0] != 0 ? yes : no;
                Elements both = yes.Elements.Join([yes.Elements, no.Elements], node.Budget)
                    ?? throw node.Unsupported($"it chooses among {yes.Elements.Kind} and {no.Elements.Kind}");
                int[] places = [.. choices.Select((choice, i) => choice != 0 ? i : choices.Length + i)];
                return yes with { Elements = both.Select(places, node.Budget) };
            // What is behind the end of a row is not there in ours.
            case Facts { Single: Fact.IsStep or Fact.IsBehind } facts:
                (GraphValue within, GraphValue behind) = facts.Single == Fact.IsStep ? (yes, no) : (no, yes);
                if (behind.Elements is Floats or Integers)
                    return within;
                break;
            case Facts { Single: Fact.IsBeyond, Beyond: var (token, most) }:
                if (no.Elements is Tokens { Values: [var known] } && known == token && yes.Elements is Integers { Values: [var otherwise] })
                    return no with { Elements = new Tokens([known with { Most = most, Otherwise = otherwise }]) };
                break;
        }
        throw node.Unsupported($"it chooses by {condition.Elements.Kind} among {yes.Elements.Kind} and {no.Elements.Kind}");
    }

    public static GraphValue Cast(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        var type = (Type)node.Integer("to", 0);
        bool isFloat = type is Type.Float or Type.Double or Type.Float16 or Type.Bfloat16, isBool = type == Type.Bool;
        return value.Elements switch
        {
            Floats floats when !isFloat => value with
            {
                Elements = new Integers(Array.ConvertAll(floats.Values, number => isBool ? number != 0 ? 1 : 0 : (long)number)),
            },
            Integers integers when isFloat =>
                value with { Elements = new Floats(Array.ConvertAll(integers.Values, number => (float)number)) },
            Integers integers when isBool => value with
            {
                Elements = new Integers(Array.ConvertAll(integers.Values, number => number != 0 ? 1L : 0)),
            },
            Forms when !isFloat => CastFeatures(node, value),
            Tokens when isFloat => throw node.Unsupported("it makes numbers of tokens"),
            _ => value,
        };
    }

    // Lengths may come as numbers.
    private static GraphValue CastFeatures(OnnxNode node, GraphValue value)
        => throw node.Unsupported($"it makes whole numbers of {value.Elements.Kind}");

    /// <summary>The two values along the axes that they have together.</summary>
    public static (GraphValue A, GraphValue B) Align(OnnxNode node, GraphValue a, GraphValue b)
    {
        if (Axes.Broadcast(a.Axes, b.Axes) is null)
            (a, b) = (a.AsOne(node.Budget), b.AsOne(node.Budget));
        Axes axes = Axes.Broadcast(a.Axes, b.Axes)
            ?? throw node.Unsupported($"values {a.Axes} and {b.Axes} don't fit each other");
        node.Budget.Take(axes.Count * 16L);
        if (a.IsSorted != b.IsSorted && a.Axes.HasBatch && b.Axes.HasBatch)
            throw node.Unsupported("it combines rows in their own order with rows by length");
        if (a.IsReversed != b.IsReversed && a.Axes.HasTime && b.Axes.HasTime)
            throw node.Unsupported("it combines steps in their own order with steps from the last to the first");
        bool isSorted = a.IsSorted || b.IsSorted, isReversed = a.IsReversed || b.IsReversed;
        return (OnBoth(a), OnBoth(b));

        GraphValue OnBoth(GraphValue value) => value.BroadcastTo(axes, node.Budget) with { IsSorted = isSorted, IsReversed = isReversed };
    }
}
