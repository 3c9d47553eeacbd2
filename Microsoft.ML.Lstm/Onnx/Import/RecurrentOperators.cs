using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Onnx.Import;

/// <summary>The operators LSTM, GRU and RNN.</summary>
/// <remarks>
/// X [T x B x I] (layout 1: [B x T x I]), W [D x G·H x I], R [D x G·H x H], B [D x 2·G·H], lengths [B], initial states [D x B x H],
/// peepholes [D x 3·H]; Y [T x D x B x H] (layout 1: [B x T x D x H]), Y_h and Y_c [D x B x H] (layout 1: [B x D x H]).
/// </remarks>
internal static class RecurrentOperators
{
    // Both functions are 1, -1 or 0 beyond it, as far as a float can tell.
    private const float Saturation = 20;

    public static GraphValue[] Read(OnnxNode node)
    {
        OnnxCell cell = OnnxCell.All.First(each => each.Operator == node.Operator);
        bool isBatchFirst = node.Integer("layout", 0) == 1;
        string direction = node.Text("direction", "forward");
        int directions = direction switch
        {
            "forward" or "reverse" => 1,
            "bidirectional" => 2,
            _ => throw node.Damaged("a direction forward, reverse or bidirectional", $"'{direction}'"),
        };
        GraphValue x = node.Input(0);
        (float[] w, int[] wSizes) = Weights(node, 1, "W", 3);
        (float[] r, int[] rSizes) = Weights(node, 2, "R", 3);
        int gates = cell.Gates.Length, h = rSizes[2], inputs = wSizes[2];
        if (h == 0 || inputs == 0 || wSizes[0] != directions || rSizes[0] != directions || wSizes[1] != gates * h || rSizes[1] != gates * h
            || node.Integer("hidden_size", h) != h)
            throw node.Damaged($"weights of {directions} directions and {gates} gates of {node.Integer("hidden_size", h)} units",
                $"W [{string.Join(", ", wSizes)}] and R [{string.Join(", ", rSizes)}]");
        float[] b = new float[directions * 2 * gates * h];
        if (node.Optional(3) is not null)
        {
            (b, int[] bSizes) = Weights(node, 3, "B", 2);
            if (bSizes[0] != directions || bSizes[1] != 2 * gates * h)
                throw node.Damaged($"B of the sizes [{directions}, {2 * gates * h}]", $"[{string.Join(", ", bSizes)}]");
        }
        Forms features = CheckInput(node, x, isBatchFirst, inputs);
        CheckLengths(node);
        CheckStates(node, cell.Cell);
        CheckAttributes(node, cell.Cell, directions);
        RecurrentSource[] sources = [.. Enumerable.Range(0, directions).Select(d =>
        {
            float[] weights = InOrder(cell, w.AsSpan(d * gates * h * inputs, gates * h * inputs));
            float[] hidden = InOrder(cell, r.AsSpan(d * gates * h * h, gates * h * h));
            float[] inputBiases = InOrder(cell, b.AsSpan(2 * d * gates * h, gates * h));
            float[] hiddenBiases = InOrder(cell, b.AsSpan((2 * d + 1) * gates * h, gates * h));
            Adapt(node, cell.Cell, weights, hidden, inputBiases, hiddenBiases);
            return new RecurrentSource(node.Name)
            {
                Cell = cell.Cell,
                IsReverse = (direction == "reverse" || d == 1) != x.IsReversed,
                HiddenSize = h,
                InputWeights = weights,
                HiddenWeights = hidden,
                Biases = Merge(cell, inputBiases, hiddenBiases, h),
                Input = features,
            };
        })];
        AxisPart[] time = x.Axes[isBatchFirst ? 1 : 0], batch = x.Axes[isBatchFirst ? 0 : 1], both = Axes.FixedAxis(directions),
            units = Axes.FixedAxis(h);
        var steps = new Axes(isBatchFirst ? [batch, time, both, units] : [time, both, batch, units]);
        var states = new Axes(isBatchFirst ? [batch, both, units] : [both, batch, units]);
        return
        [
            Value(steps, source => source) with { IsReversed = x.IsReversed },
            Value(states, source => new ReducedSource(source, Reduction.Final)),
            Value(states, source => new CellStateSource(source)),
        ];

        GraphValue Value(Axes axes, Func<RecurrentSource, Source> of)
        {
            Atom[] atoms = [.. sources.Select(of).SelectMany(source => Enumerable.Range(0, h).Select(unit => new Atom(source, unit)))];
            node.Budget.Take(atoms.Length * 32L);
            return new GraphValue(axes, Forms.Of(atoms)) { IsSorted = x.IsSorted };
        }
    }

    private static (float[] Values, int[] Sizes) Weights(OnnxNode node, int index, string name, int rank)
    {
        GraphValue value = node.Input(index);
        if (value.Elements is not Floats { Values: { } values } || !value.Axes.IsFixed)
            throw node.Unsupported($"{name} is made of {value.Elements.Kind}; weights of ours are constants");
        if (value.Axes.Rank != rank)
            throw node.Damaged($"{name} of {rank} axes", $"{value.Axes}");
        return (values, value.Axes.Sizes());
    }

    private static Forms CheckInput(OnnxNode node, GraphValue x, bool isBatchFirst, int inputs)
    {
        Axes axes = x.Axes;
        if (axes.Rank != 3)
            throw node.Damaged("an input of 3 axes", $"{axes}");
        (int time, int batch) = isBatchFirst ? (1, 0) : (0, 1);
        if (!axes.Is(time, AxisKind.Time) || !(axes.Is(batch, AxisKind.Batch) || axes[batch].Length == 0))
        {
            string expected = isBatchFirst ? "[batch, time, features]" : "[time, batch, features]";
            throw node.Unsupported($"it reads {expected}, and its input is {axes}");
        }
        if (!axes.IsFixedAxis(2))
            throw node.Unsupported($"it reads rows or steps side by side as features, axis 2 of its input {axes}");
        if (axes.Along(2) != inputs)
            throw node.Damaged($"{inputs} features for W", $"{axes}");
        return Forms.From(x.Elements) ?? throw node.Unsupported($"its input is made of {x.Elements.Kind}");
    }

    private static void CheckLengths(OnnxNode node)
    {
        if (node.Optional(4) is not { } lengths || lengths.Elements is Facts { Single: Fact.Length })
            return;
        if (Sizes.From(lengths.Elements) is null)
            throw node.Unsupported($"its sequence_lens are made of {lengths.Elements.Kind}");
        if (!AreOfAllSteps(lengths.Elements, node.Input(0).Axes))
            throw node.Unsupported("its sequence_lens are fixed in the file to others than the number of steps");
    }

    /// <summary>Whether lengths are the number of steps for each row.</summary>
    public static bool AreOfAllSteps(Elements lengths, Axes input)
    {
        int time = input.Find(AxisKind.Time) is >= 0 and var axis ? input[axis][0].Size : 0;
        return Sizes.From(lengths) is { } sizes
            && Array.TrueForAll(sizes, size => size == new Size(1, 0, 1) || (time > 0 && size.Is(time)));
    }

    private static void CheckStates(OnnxNode node, CellType cell)
    {
        foreach ((int index, string name) in new[] { (5, "initial_h"), (6, "initial_c"), (7, "P") })
        {
            if ((index > 5 && cell != CellType.Lstm) || node.Optional(index) is not { } value || IsZero(value.Elements))
                continue;
            if (name == "P")
                throw node.Unsupported("it has peepholes (P), and cells of ours have none");
            string what = value.Elements is Forms { Atoms: [{ Source: InputSource source }, ..] }
                ? $"input {OnnxText.Quote(source.Name)}, which {nameof(OnnxImportOptions.ZeroInputNames)} can take as zeros"
                : "something else";
            throw node.Unsupported($"its {name} is {what}, and sequences of ours begin at states of zero");
        }

        static bool IsZero(Elements elements) => elements is Floats { AreZero: true }
            || elements is Forms { Matrix: null } forms && forms.Scale.All(scale => scale == 0) && forms.Shift.All(shift => shift == 0);
    }

    private static void CheckAttributes(OnnxNode node, CellType cell, int directions)
    {
        string[] ours = cell switch
        {
            CellType.Lstm => ["Sigmoid", "Tanh", "Tanh"],
            CellType.Gru => ["Sigmoid", "Tanh"],
            _ => ["Tanh"],
        };
        if (node.Attribute("activations") is { } attribute)
        {
            string[] activations = [.. attribute.Strings.Take(8).Select(text => OnnxText.Show(text.ToStringUtf8()))];
            if (attribute.Strings.Count != ours.Length * directions)
                throw node.Damaged($"{ours.Length * directions} activations", $"{attribute.Strings.Count}");
            bool areOurs = activations.Select((name, i) => name.Equals(ours[i % ours.Length], StringComparison.OrdinalIgnoreCase))
                .All(isOurs => isOurs);
            if (!areOurs)
                throw node.Unsupported($"its activations are {string.Join(", ", activations)}; those of ours are "
                    + string.Join(", ", ours));
        }
        if (node.Attribute("clip") is { F: var clip } && !(clip >= Saturation))
            throw node.Unsupported($"it clips what its activations read at {clip}, and cells of ours don't");
    }

    /// <summary>Brings variants of the cells to ours where they are the same with other weights; all gates as ours have them.</summary>
    private static void Adapt(OnnxNode node, CellType cell, float[] weights, float[] hidden, float[] inputBiases, float[] hiddenBiases)
    {
        if (cell == CellType.Lstm && node.Integer("input_forget", 0) != 0)
        {
            // f = 1 - i = 1 - σ(x) = σ(-x). Gates are i, f, g, o.
            foreach (float[] values in new[] { weights, hidden, inputBiases, hiddenBiases })
            {
                int block = values.Length / 4;
                for (int i = 0; i < block; i++)
                    values[block + i] = -values[i];
            }
        }
        if (cell == CellType.Gru && node.Integer("linear_before_reset", 0) == 0)
        {
            // (r∘h)·R and r∘(h·R) are the same for a diagonal R. Gates are r, z, n.
            int h = inputBiases.Length / 3;
            for (int i = 0; i < h * h; i++)
            {
                if (hidden[2 * h * h + i] != 0 && i / h != i % h)
                    throw node.Unsupported("its reset gate acts before the product with the recurrent weights (linear_before_reset = 0), "
                        + "that of ours behind it, as PyTorch's, cuDNN's and Keras' reset_after");
            }
            for (int i = 2 * h; i < 3 * h; i++)
                (inputBiases[i], hiddenBiases[i]) = (inputBiases[i] + hiddenBiases[i], 0);
        }
    }

    /// <summary>A copy of weights or biases, gate by gate as ours have them.</summary>
    private static float[] InOrder(OnnxCell cell, ReadOnlySpan<float> weights)
    {
        int block = weights.Length / cell.Gates.Length;
        float[] ordered = new float[weights.Length];
        for (int gate = 0; gate < cell.Gates.Length; gate++)
            weights.Slice(gate * block, block).CopyTo(ordered.AsSpan(cell.Gates[gate] * block));
        return ordered;
    }

    /// <summary>The biases of a direction in one vector, as ours are.</summary>
    private static float[] Merge(OnnxCell cell, float[] inputBiases, float[] hiddenBiases, int h)
    {
        CellDescription description = CellDescription.Of(cell.Cell);
        float[] merged = new float[description.Slots * h];
        for (int slot = 0; slot < description.Slots; slot++)
        {
            Span<float> block = merged.AsSpan(description.Bias(slot) * h, h);
            if (description.InputGate(slot) is >= 0 and var input)
                Add(block, inputBiases, input);
            if (description.HiddenGate(slot) is >= 0 and var gate)
                Add(block, hiddenBiases, gate);
        }
        return merged;

        void Add(Span<float> block, float[] biases, int gate)
        {
            for (int i = 0; i < h; i++)
                block[i] += biases[gate * h + i];
        }
    }
}
