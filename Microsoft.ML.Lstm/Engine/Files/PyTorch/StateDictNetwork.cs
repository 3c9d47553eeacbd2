using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files.PyTorch;

/// <summary>A network made of the tensors of a state dict.</summary>
/// <param name="Model">The network.</param>
/// <param name="TensorNames">For each of its weights, the tensors that it was made of.</param>
internal sealed record StateDictNetwork(SequenceModel Model, IReadOnlyDictionary<string, string> TensorNames)
{
    /// <summary>Makes a network.</summary>
    /// <exception cref="InvalidDataException">The tensors don't fit together, or have values that aren't finite.</exception>
    /// <exception cref="NotSupportedException">There is more than networks here have; the message says what.</exception>
    public static StateDictNetwork Read(StateDict file, PyTorchImportOptions options)
    {
        var modules = new StateDictModules(file, options);
        NetworkShape shape = ShapeOf(modules, options);
        // These sums can't overflow, unlike those of a ParameterCount of any shape.
        foreach (StoredTensor table in modules.Embeddings)
            file.Budget.Take((table.Shape[0] + 1L) * table.Shape[1] * sizeof(float));
        if ((Int128)shape.OutputSize * shape.HeadInputSize > NetworkShape.MaxParameters
            || shape.ParameterCount > NetworkShape.MaxParameters)
            throw new NotSupportedException($"PyTorch: the network would have more than {NetworkShape.MaxParameters:N0} parameters.");
        file.Budget.Take(shape.ParameterCount * sizeof(float));
        var parameters = new ParameterSet(shape);
        var builder = new Builder(modules, options, parameters, file.Budget);
        builder.Fill();
        if (!TensorPrimitives.IsFiniteAll(parameters.Values))
            throw new InvalidDataException("PyTorch: expected finite weights, found NaN or infinity.");
        return new StateDictNetwork(
            new SequenceModel(parameters, AffineScaler.Identity(shape.NumericSize), AffineScaler.Identity(shape.StaticSize),
                AffineScaler.Identity(shape.OutputSize)),
            builder.Names);
    }

    private static NetworkShape ShapeOf(StateDictModules modules, PyTorchImportOptions options)
    {
        if (options.StaticFeatureCount < 0)
            throw new ArgumentOutOfRangeException(nameof(options), options.StaticFeatureCount,
                $"{nameof(PyTorchImportOptions.StaticFeatureCount)} has to be 0 or more.");
        if (!Enum.IsDefined(options.Pooling) || !Enum.IsDefined(options.OutputFunction))
            throw new ArgumentOutOfRangeException(nameof(options), $"{nameof(PyTorchImportOptions.Pooling)} and "
                + $"{nameof(PyTorchImportOptions.OutputFunction)} have to be values of their types.");
        int inputs = modules.Layers[0][0].InputSize;
        long embedded = modules.Embeddings.Sum(table => (long)table.Shape[1]);
        if (embedded > inputs)
            throw new InvalidDataException($"PyTorch: expected embeddings of at most {inputs} numbers in all, which the first recurrent "
                + $"layer reads, found {embedded}.");
        if (embedded > 0 && embedded < inputs && options.EmbeddingsFirst is null)
            throw new NotSupportedException($"PyTorch: a step has {embedded} numbers of embeddings and {inputs - embedded} others; say in "
                + $"{nameof(PyTorchImportOptions.EmbeddingsFirst)} which stand first.");
        int width = modules.EncodingSize + options.StaticFeatureCount;
        foreach (LinearTensors linear in modules.Linear)
        {
            if (linear.InputSize != width)
                throw new InvalidDataException($"PyTorch: expected {width} columns in {StateDictModules.Quote(linear.Weight.Name)}, as "
                    + $"many as there are numbers in front of it, found {StateDictModules.ShapeOf(linear.Weight)}."
                    + $" Static features are counted in {nameof(PyTorchImportOptions.StaticFeatureCount)}.");
            width = linear.OutputSize;
        }
        foreach (StoredTensor table in modules.Embeddings)
        {
            if (table.Shape[0] <= (options.KeysAreTokens ? 1 : 0) || options.UnknownToken is { } unknown && (uint)unknown >= table.Shape[0])
                throw new InvalidDataException($"PyTorch: expected rows for all tokens in {StateDictModules.Quote(table.Name)}, found "
                    + $"{StateDictModules.ShapeOf(table)}.");
        }
        return new NetworkShape
        {
            Cell = modules.Cell,
            InputSize = inputs,
            Embeddings = new ValueList<EmbeddingShape>([.. modules.Embeddings.Select(table =>
                new EmbeddingShape(table.Shape[0] - (options.KeysAreTokens ? 1 : 0), table.Shape[1]))]),
            HiddenSize = modules.Layers[0][0].HiddenSize,
            Layers = modules.Layers.Count,
            Bidirectional = modules.IsBidirectional,
            Pooling = options.StepOutputs ? Pooling.Last : options.Pooling,
            Head = options.StepOutputs ? Head.EveryStep : Head.Pooled,
            StaticSize = options.StaticFeatureCount,
            OutputSize = width,
        };
    }

    private sealed class Builder(StateDictModules modules, PyTorchImportOptions options, ParameterSet parameters, Budget budget)
    {
        public Dictionary<string, string> Names { get; } = [];

        public void Fill()
        {
            foreach ((int layer, DirectionTensors[] directions) in modules.Layers.Index())
            {
                foreach ((int direction, DirectionTensors tensors) in directions.Index())
                    FillDirection(ParameterSet.Suffix(layer, direction), tensors, isFirst: layer == 0);
            }
            FillLinear();
            if (modules.Attention is [var weight, var bias, var vector])
            {
                Copy(ParameterSet.AttentionWeight, weight);
                Copy(ParameterSet.AttentionBias, bias);
                Copy(ParameterSet.AttentionVector, vector);
            }
            foreach ((int i, StoredTensor table) in modules.Embeddings.Index())
                FillEmbedding(ParameterSet.EmbeddingName(i), table);
        }

        private void Copy(string name, StoredTensor tensor)
        {
            tensor.Read().CopyTo(parameters[name]);
            Names[name] = tensor.Name;
        }

        private void FillDirection(string suffix, DirectionTensors tensors, bool isFirst)
        {
            Copy("weight_hh" + suffix, tensors.Hidden);
            Copy("weight_ih" + suffix, tensors.Input);
            int embedded = modules.Embeddings.Sum(table => table.Shape[1]);
            if (isFirst && options.EmbeddingsFirst is true && embedded > 0)
            {
                // Numbers stand first here.
                Span<float> weights = parameters["weight_ih" + suffix];
                float[] row = new float[tensors.InputSize];
                for (int start = 0; start < weights.Length; start += row.Length)
                {
                    weights.Slice(start, row.Length).CopyTo(row);
                    row.AsSpan(embedded).CopyTo(weights[start..]);
                    row.AsSpan(0, embedded).CopyTo(weights[(start + row.Length - embedded)..]);
                }
            }
            Span<float> merged = parameters["bias" + suffix];
            switch (tensors.Biases)
            {
                case [var one]:
                    Copy("bias" + suffix, one);
                    break;
                case [var ofInput, var ofHidden]:
                    MergedBias.Merge(CellDescription.Of(tensors.Cell), ofInput.Read(), ofHidden.Read(), merged);
                    Names["bias" + suffix] = $"{ofInput.Name} + {ofHidden.Name}";
                    break;
                default:
                    Names["bias" + suffix] = "";
                    break;
            }
        }

        /// <summary>The product of all linear layers, or the encoding itself.</summary>
        private void FillLinear()
        {
            Span<float> weight = parameters[ParameterSet.HeadWeight], bias = parameters[ParameterSet.HeadBias];
            switch (modules.Linear)
            {
                case []:
                    for (int i = 0; i < bias.Length; i++)
                        weight[i * parameters.Shape.HeadInputSize + i] = 1;
                    Names[ParameterSet.HeadWeight] = Names[ParameterSet.HeadBias] = "";
                    break;
                case [var only]:
                    Copy(ParameterSet.HeadWeight, only.Weight);
                    Names[ParameterSet.HeadBias] = only.Bias?.Name ?? "";
                    only.Bias?.Read().CopyTo(bias);
                    break;
                default:
                    double[] product = ToDouble(modules.Linear[0].Weight);
                    double[] sum = BiasOf(modules.Linear[0]);
                    foreach (LinearTensors next in modules.Linear.Skip(1))
                        (product, sum) = Chain(next, product, sum);
                    for (int i = 0; i < product.Length; i++)
                        weight[i] = (float)product[i];
                    for (int i = 0; i < sum.Length; i++)
                        bias[i] = (float)sum[i];
                    Names[ParameterSet.HeadWeight] = string.Join(" · ", modules.Linear.Reverse().Select(linear => linear.Weight.Name));
                    Names[ParameterSet.HeadBias] = string.Join(", ", modules.Linear.Select(linear => linear.Bias?.Name).OfType<string>());
                    break;
            }
        }

        // W₂·(W₁·x + b₁) + b₂.
        private (double[] Weight, double[] Bias) Chain(LinearTensors next, double[] weight, double[] bias)
        {
            double[] second = ToDouble(next.Weight), sum = BiasOf(next);
            int inner = next.InputSize, width = weight.Length / inner;
            // What stands between two layers may be larger than either.
            long length = (long)next.OutputSize * width;
            if (length > Array.MaxLength)
                throw new NotSupportedException($"PyTorch: the product of {StateDictModules.Quote(next.Weight.Name)} and the linear layers "
                    + $"before it would have more than {Array.MaxLength:N0} elements.");
            budget.Take(length * sizeof(double));
            double[] product = new double[length];
            for (int row = 0; row < next.OutputSize; row++)
            {
                Span<double> target = product.AsSpan(row * width, width);
                for (int k = 0; k < inner; k++)
                    TensorPrimitives.MultiplyAdd(weight.AsSpan(k * width, width), second[row * inner + k], target, target);
                sum[row] += TensorPrimitives.Dot<double>(second.AsSpan(row * inner, inner), bias);
            }
            return (product, sum);
        }

        private double[] ToDouble(StoredTensor tensor)
        {
            float[] values = tensor.Read();
            budget.Take((long)values.Length * sizeof(double));
            return Array.ConvertAll(values, value => (double)value);
        }

        private double[] BiasOf(LinearTensors linear)
        {
            if (linear.Bias is { } bias)
                return ToDouble(bias);
            budget.Take((long)linear.OutputSize * sizeof(double));
            return new double[linear.OutputSize];
        }

        // Row 0 is the missing token here, and row k that of key k.
        private void FillEmbedding(string name, StoredTensor table)
        {
            Span<float> rows = parameters[name];
            int size = table.Shape[1];
            float[] values = table.Read();
            int first = options.KeysAreTokens ? 1 : 0;
            values.AsSpan(first * size).CopyTo(rows[size..]);
            Names[name] = table.Name;
            if ((options.UnknownToken ?? (options.KeysAreTokens ? 0 : null)) is { } unknown)
            {
                values.AsSpan(unknown * size, size).CopyTo(rows);
                return;
            }
            double[] mean = new double[size];
            for (int i = 0; i < values.Length; i++)
                mean[i % size] += values[i];
            for (int i = 0; i < size; i++)
                rows[i] = (float)(mean[i] / table.Shape[0]);
        }
    }
}

/// <summary>PyTorch's two biases of a recurrent layer and the one of ours, which is all that they can be told apart by.</summary>
internal static class MergedBias
{
    /// <summary>Adds two biases [G·H] up, but where a gate reads one of them alone.</summary>
    public static void Merge(CellDescription cell, ReadOnlySpan<float> ofInput, ReadOnlySpan<float> ofHidden, Span<float> merged)
    {
        int units = merged.Length / cell.Slots;
        for (int slot = 0; slot < cell.Slots; slot++)
        {
            Span<float> target = merged.Slice(cell.Bias(slot) * units, units);
            target.Clear();
            if (cell.InputGate(slot) is var x and >= 0)
                TensorPrimitives.Add(target, ofInput.Slice(x * units, units), target);
            if (cell.HiddenGate(slot) is var h and >= 0)
                TensorPrimitives.Add(target, ofHidden.Slice(h * units, units), target);
        }
    }

    /// <summary>Two biases that <see cref="Merge"/> makes <paramref name="merged"/> of: the second is zero where it can be.</summary>
    public static void Split(CellDescription cell, ReadOnlySpan<float> merged, Span<float> ofInput, Span<float> ofHidden)
    {
        int units = merged.Length / cell.Slots;
        ofInput.Clear();
        ofHidden.Clear();
        for (int slot = 0; slot < cell.Slots; slot++)
        {
            ReadOnlySpan<float> source = merged.Slice(cell.Bias(slot) * units, units);
            if (cell.InputGate(slot) is var x and >= 0)
                source.CopyTo(ofInput.Slice(x * units, units));
            else
                source.CopyTo(ofHidden.Slice(cell.HiddenGate(slot) * units, units));
        }
    }
}
