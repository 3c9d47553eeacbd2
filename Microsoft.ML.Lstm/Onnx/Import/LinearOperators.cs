namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>Linear layers, and the functions behind them.</summary>
internal static class LinearOperators
{
    // Those that make a number of each number.
    private static readonly Dictionary<string, Func<float, float>> Functions = new()
    {
        ["Tanh"] = MathF.Tanh,
        ["Sigmoid"] = x => 1 / (1 + MathF.Exp(-x)),
        ["Relu"] = x => MathF.Max(x, 0),
        ["Sqrt"] = MathF.Sqrt,
        ["Exp"] = MathF.Exp,
        ["Log"] = MathF.Log,
        ["Abs"] = MathF.Abs,
        ["Reciprocal"] = x => 1 / x,
    };

    /// <summary>The operators of <see cref="Function"/>.</summary>
    public static IEnumerable<string> FunctionOperators => [.. Functions.Keys, "LeakyRelu", "Elu", "Selu", "Celu", "PRelu", "Softplus",
        "Softsign", "HardSigmoid", "HardSwish", "ThresholdedRelu", "Erf", "Gelu", "Mish", "Pow"];

    public static GraphValue MatMul(OnnxNode node)
    {
        GraphValue a = node.Input(0), b = node.Input(1);
        if (Attention(node, a, b) is { } pooled)
            return pooled;
        if (a.Elements is not (Forms or Floats) || b.Elements is not Floats { Values: { } weights } || !b.Axes.IsFixed
            || b.Axes.Rank is not (1 or 2))
            throw node.Unsupported($"it multiplies {a.Elements.Kind} {a.Axes} by {b.Elements.Kind} {b.Axes}, a linear layer features by a "
                + "matrix of constants");
        int rows = b.Axes.Along(0), columns = b.Axes.Rank == 2 ? b.Axes.Along(1) : 1;
        Forms product = Multiply(node, a, Transpose(weights, rows, columns), columns, rows);
        Axes axes = b.Axes.Rank == 2
            ? a.Axes.With(a.Axes.Rank - 1, Axes.FixedAxis(columns))
            : a.Axes.Without([a.Axes.Rank - 1]);
        return a with { Axes = axes, Elements = product };
    }

    public static GraphValue Gemm(OnnxNode node)
    {
        GraphValue a = node.Input(0), b = node.Input(1);
        if (node.Integer("transA", 0) != 0)
            throw node.Unsupported("it reads features by columns (transA)");
        if (a.Axes.Rank != 2 || b.Elements is not Floats { Values: { } weights } || !b.Axes.IsFixed || b.Axes.Rank != 2)
            throw node.Unsupported($"it multiplies {a.Elements.Kind} {a.Axes} by {b.Elements.Kind} {b.Axes}, a linear layer features by a "
                + "matrix of constants");
        int rows = b.Axes.Along(0), columns = b.Axes.Along(1);
        if (node.Integer("transB", 0) == 0)
            (weights, rows, columns) = (Transpose(weights, rows, columns), columns, rows);
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        if (alpha != 1)
            weights = Array.ConvertAll(weights, weight => weight * alpha);
        Forms product = Multiply(node, a, weights, rows, columns);
        var result = a with { Axes = a.Axes.With(1, Axes.FixedAxis(rows)), Elements = product };
        if (node.Optional(2) is not { } bias || beta == 0)
            return result;
        (result, bias) = ArithmeticOperators.Align(node, result, bias);
        return bias.Elements is Floats { Values: { } biases } && result.Axes.Count == rows
            ? result with { Elements = ((Forms)result.Elements).ScaleBy(_ => 1, i => beta == 1 ? biases[i] : (double)beta * biases[i]) }
            : throw node.Unsupported($"its bias {bias.Axes} is made of {bias.Elements.Kind}");
    }

    private static Forms Multiply(OnnxNode node, GraphValue value, float[] weights, int rows, int columns)
    {
        if (value.Axes.Rank == 0 || value.Axes.Along(value.Axes.Rank - 1) != columns || !value.Axes.IsFixedAxis(value.Axes.Rank - 1))
        {
            if (value.Axes.Rank == 0 || value.Axes.IsFixedAxis(value.Axes.Rank - 1))
                throw node.Damaged($"{columns} features for its weights", $"a value {value.Axes}");
            string read = Array.Exists(value.Axes[^1], part => part.Kind == AxisKind.Time) ? "steps" : "rows";
            throw node.Unsupported($"it reads the {read} side by side in one linear layer, a value {value.Axes}; those of ours read each "
                + "step, or what the steps of a row are pooled to");
        }
        if (value.Axes.Count != columns || Forms.From(value.Elements) is not { } forms || columns == 0 || rows == 0)
            throw node.Unsupported($"it multiplies parts of a value {value.Axes} of {value.Elements.Kind}");
        return forms.Multiply(weights, rows, node.Budget);
    }

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        float[] transposed = new float[matrix.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                transposed[column * rows + row] = matrix[row * columns + column];
        }
        return transposed;
    }

    /// <summary>In inference a batch normalization scales and shifts each channel.</summary>
    public static GraphValue BatchNormalization(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        float[][] parameters = [.. Enumerable.Range(1, 4).Select(index => node.Input(index).Elements is Floats floats
            ? floats.Values
            : throw node.Unsupported($"its parameters are {node.Input(index).Elements.Kind}"))];
        if (value.Elements is not Forms forms || value.Axes.Rank < 2 || node.Integer("training_mode", 0) != 0)
            throw node.Unsupported($"it normalizes {value.Elements.Kind} {value.Axes}");
        int channels = value.Axes.Along(1), stride = value.Axes.Stride(1);
        if (!value.Axes.IsFixedAxis(1))
            throw node.Unsupported($"it normalizes each row or step in another way, axis 1 of a value {value.Axes}");
        if (parameters.Any(each => each.Length != channels))
            throw node.Damaged($"{channels} parameters of each kind", string.Join(", ", parameters.Select(each => each.Length)));
        float epsilon = node.Float("epsilon", 1e-5f);
        double[] factors = [.. Enumerable.Range(0, channels).Select(i => parameters[0][i] / Math.Sqrt((double)parameters[3][i] + epsilon))];
        return value with
        {
            Elements = forms.ScaleBy(i => factors[Channel(i)],
                i => parameters[1][Channel(i)] - factors[Channel(i)] * parameters[2][Channel(i)]),
        };

        int Channel(int element) => element / stride % channels;
    }

    /// <summary>
    /// The scaling of features that scikit-learn's scalers and ML.NET's normalizers are written as: (x − offset)·scale.
    /// </summary>
    public static GraphValue Scaler(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        if (value.Elements is not Forms { Count: > 0 } forms || value.Axes.Rank == 0)
            throw node.Unsupported($"it scales {value.Elements.Kind} {value.Axes}");
        int last = value.Axes.Rank - 1, size = value.Axes.Along(last);
        float[] offset = Numbers("offset", 0), scale = Numbers("scale", 1);
        return value with { Elements = forms.ScaleBy(i => scale[i % size], i => -(double)offset[i % size] * scale[i % size]) };

        // One number for all features, one for each, or one for each of all steps.
        float[] Numbers(string name, float otherwise)
        {
            float[] numbers = [.. node.Attribute(name)?.Floats ?? []];
            if (numbers.Length <= 1)
                return [.. Enumerable.Repeat(numbers.Length == 0 ? otherwise : numbers[0], size)];
            if (numbers.Length % size != 0 || (numbers.Length != size && value.Axes.IsFixedAxis(last)))
                throw node.Damaged($"1 or {size} numbers as {name}", $"{numbers.Length}");
            for (int i = size; i < numbers.Length; i++)
            {
                if (numbers[i] != numbers[i % size])
                    throw node.Unsupported("it scales the features of each step in another way, and networks of ours all steps in one way");
            }
            return numbers[..size];
        }
    }

    /// <summary>A function of each number.</summary>
    public static GraphValue Function(OnnxNode node)
    {
        GraphValue value = node.Input(0);
        if (value.Elements is Floats floats && Functions.TryGetValue(node.Operator, out Func<float, float>? function))
            return value with { Elements = new Floats(Array.ConvertAll(floats.Values, number => function(number))) };
        if (value.Elements is not Forms forms)
            throw node.Unsupported($"it is of {value.Elements.Kind}");
        return value with { Elements = Forms.Of(new FunctionSource(node.Name, node.Operator, forms, OfAll: false), forms.Count) };
    }

    /// <summary>Softmax and LogSoftmax, over features or over steps.</summary>
    public static GraphValue Softmax(OnnxNode node, long operatorSet)
    {
        GraphValue value = node.Input(0);
        int rank = value.Axes.Rank, axis = node.Axis(node.Integer("axis", operatorSet < 13 ? 1 : -1), rank);
        if (value.Elements is not Forms forms)
            throw node.Unsupported($"it is of {value.Elements.Kind}");
        // Earlier operator sets take all axes from this one on together.
        bool isOneAxis = operatorSet >= 13 || Enumerable.Range(axis + 1, rank - axis - 1).All(each => value.Axes[each].Length == 0);
        if (isOneAxis && value.Axes.Is(axis, AxisKind.Time) && forms.Count == 1 && node.Operator == "Softmax")
            return value with { Elements = Forms.Of(new FunctionSource(node.Name, Attentive, forms, OfAll: true), 1) };
        if (isOneAxis && value.Axes.IsFixedAxis(axis) && value.Axes.Along(axis) == forms.Count)
            return value with { Elements = Forms.Of(new FunctionSource(node.Name, node.Operator, forms, OfAll: true), forms.Count) };
        throw node.Unsupported($"it is over axis {axis} of a value {value.Axes}");
    }

    // The softmax over steps.
    private const string Attentive = "Softmax over steps";

    /// <summary>The steps times the weights of a softmax over them; null where it is something else.</summary>
    public static Forms? WeightedSteps(GraphValue weights, GraphValue steps)
    {
        if (weights.Elements is not Forms { Matrix: null, Atoms: { Length: > 0 } atoms } || steps.Elements is not Forms of
            || atoms[0].Source is not FunctionSource { Function: Attentive } softmax || !atoms.All(atom => atom == atoms[0])
            || ((Forms)weights.Elements).Scale.Any(scale => scale != 1) || ((Forms)weights.Elements).Shift.Any(shift => shift != 0))
            return null;
        return Forms.Of(new AttentionSource(softmax.Of, of), of.Count);
    }

    /// <summary>
    /// [B, 1, T] weights times [B, T, E] steps, or [B, E, T] steps times [B, T, 1] weights; null where it is something else.
    /// </summary>
    private static GraphValue? Attention(OnnxNode node, GraphValue a, GraphValue b)
    {
        if (a.Axes.Rank != 3 || b.Axes.Rank != 3 || !a.Axes.Is(2, AxisKind.Time) || !b.Axes.Is(1, AxisKind.Time)
            || !a.Axes.Is(0, AxisKind.Batch))
            return null;
        Forms? sum = WeightedSteps(a, b) ?? WeightedSteps(b, a);
        if (sum is null || a.Axes.Along(1) * b.Axes.Along(2) != sum.Count)
            throw node.Unsupported($"it multiplies steps {a.Axes} and {b.Axes} by each other");
        return a with
        {
            Axes = new Axes([a.Axes[0], a.Axes[1], b.Axes[2]]),
            Elements = sum.Replace(atom => atom with { Source = new ReducedSource(atom.Source!, Reduction.Sum) }),
        };
    }
}
