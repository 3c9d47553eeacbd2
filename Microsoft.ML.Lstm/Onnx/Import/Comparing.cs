namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Operators whose results are no or yes.</summary>
internal static class Comparing
{
    /// <summary>Equal, Less, LessOrEqual, Greater and GreaterOrEqual.</summary>
    public static GraphValue Compare(OnnxNode node)
    {
        (GraphValue first, GraphValue second) = (node.Input(0), node.Input(1));
        (GraphValue a, GraphValue b) = ArithmeticOperators.Align(node, AsSteps(first, second), AsSteps(second, first));
        string operation = node.Operator;
        if (operation.StartsWith("Greater", StringComparison.Ordinal))
            (a, b, operation) = (b, a, operation.Replace("Greater", "Less", StringComparison.Ordinal));
        if (a.Elements is Floats x && b.Elements is Floats y)
            return Known(a, x.Values.Zip(y.Values, (p, q) => operation switch
            {
                "Equal" => p == q,
                "Less" => p < q,
                _ => p <= q,
            }));
        if (Sizes.From(a.Elements) is { } left && Sizes.From(b.Elements) is { } right)
            return Known(a, left.Zip(right, (p, q) => Decide(p, q, operation)
                ?? throw node.Unsupported("it compares sizes that are not known")));
        if (Bounded(a.Elements, b.Elements, operation) is { } known)
            return Known(a, Enumerable.Repeat(known, a.Elements.Count));
        Fact? fact = (a.Elements, b.Elements, operation) switch
        {
            (Facts { Single: Fact.Step }, Facts { Single: Fact.Length }, "Less") => Fact.IsStep,
            (Facts { Single: Fact.Step }, Facts { Single: Fact.LastStep }, "LessOrEqual") => Fact.IsStep,
            (Facts { Single: Fact.Length }, Facts { Single: Fact.Step }, "LessOrEqual") => Fact.IsBehind,
            (Facts { Single: Fact.LastStep }, Facts { Single: Fact.Step }, "Less") => Fact.IsBehind,
            (Integers or Floats, Tokens { Count: 1 }, "Less") => Fact.IsBeyond,
            _ => null,
        };
        if (fact is null)
            throw node.Unsupported($"it compares {a.Elements.Kind} and {b.Elements.Kind}");
        var facts = new Facts([.. Enumerable.Repeat(fact.Value, a.Elements.Count)])
        {
            Beyond = fact == Fact.IsBeyond ? (((Tokens)b.Elements)[0], a.Elements is Integers most ? most[0] : 0) : default,
        };
        return a with { Elements = facts };
    }

    public static GraphValue Not(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        return value.Elements switch
        {
            Integers integers => Known(value, integers.Values.Select(number => number == 0)),
            Facts { Single: Fact.IsStep } => value with { Elements = Of(Fact.IsBehind) },
            Facts { Single: Fact.IsBehind } => value with { Elements = Of(Fact.IsStep) },
            _ => throw node.Unsupported($"it is of {value.Elements.Kind}"),
        };

        Facts Of(Fact fact) => new([.. Enumerable.Repeat(fact, value.Elements.Count)]);
    }

    public static GraphValue IsNaN(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        return value.Elements is Floats floats
            ? Known(value, floats.Values.Select(float.IsNaN))
            : throw node.Unsupported($"it is of {value.Elements.Kind}");
    }

    /// <summary>The steps, where a file for one number of steps has their numbers and they are compared with lengths.</summary>
    private static GraphValue AsSteps(GraphValue value, GraphValue other)
    {
        if (other.Elements is not Facts { Single: Fact.Length or Fact.LastStep }
            || value.Elements is not Integers { Count: > 1, CountsUp: true })
            return value;
        int axis = Array.IndexOf(value.Axes.Sizes(), value.Elements.Count);
        return axis < 0 ? value
            : new GraphValue(value.Axes.With(axis, new AxisPart(AxisKind.Time, value.Elements.Count)), new Facts([Fact.Step]));
    }

    /// <summary>Whether one size is less than another; null where that is not known. There is at least a row and a step.</summary>
    public static bool? Less(Size a, Size b)
    {
        if (a.IsKnown && b.IsKnown)
            return a.Value < b.Value;
        if (a.IsKnown && b.Factor > 0 && a.Value < b.Factor + b.Offset)
            return true;
        // More than any file has rows or steps.
        if (a.IsKnown && a.Value >= int.MaxValue)
            return false;
        if (b.IsKnown && a.Factor > 0 && b.Value <= a.Factor + a.Offset)
            return false;
        if (b.IsKnown && b.Value >= int.MaxValue)
            return true;
        return a == b ? false : null;
    }

    private static bool? Decide(Size a, Size b, string operation) => operation switch
    {
        "Less" => Less(a, b),
        "LessOrEqual" => !Less(b, a),
        _ => a == b ? true : Less(a, b) == true || Less(b, a) == true ? false : null,
    };

    /// <summary>What is so for each row, since none is empty: lengths are from 1 on, and steps are within.</summary>
    private static bool? Bounded(Elements a, Elements b, string operation)
    {
        if (a is Facts { Single: Fact.Step } && Sizes.From(b) is { } all && all.All(size => size == new Size(1, 0, 1)))
            return operation != "Equal" ? true : null;
        if (b is Facts { Single: Fact.Step } && Sizes.From(a) is { } none && none.All(size => size == new Size(1, 0, 1)))
            return false;
        (Elements fact, Elements other) = a is Facts ? (a, b) : (b, a);
        if (fact is not Facts { Single: Fact.Length } || other is not Integers { Values: { } values } || !values.All(value => value <= 0))
            return null;
        return operation != "Equal" && ReferenceEquals(fact, b);
    }

    private static GraphValue Known(GraphValue value, IEnumerable<bool> results)
        => value with { Elements = new Integers([.. results.Select(result => result ? 1L : 0)]) };
}
