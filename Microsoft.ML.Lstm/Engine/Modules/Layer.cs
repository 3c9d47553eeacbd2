using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Layers;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm;

/// <summary>
/// A layer of a network that a program puts together itself: it has weights and their gradients, and computes outputs from inputs
/// (<c>Forward</c>) and gradients from gradients (<c>Backward</c>). See docs/layers.md.
/// </summary>
/// <remarks>
/// <c>Backward</c> adds to the gradients of the weights until <see cref="LayerOptimizer.Step"/> has used them, or
/// <see cref="ClearGradients"/>. What <c>Forward</c>, <c>Step</c> and <c>Backward</c> return belongs to the layer, and is valid until it
/// is called again: with batches of one size nothing is allocated. A layer is for one caller at a time.
/// </remarks>
public abstract class Layer
{
    private const int MaxThreads = 1024;

    private Gradient? _gradient;
    private bool _isPacked;

    private protected Layer(NetworkShape shape, int? seed, Func<string, string>? nameOf = null)
    {
        Weights = new ParameterSet(shape);
        // The forget gate begins open (Jozefowicz et al. 2015).
        Initializer.Initialize(Weights, forgetBias: 1, new Random(seed ?? Random.Shared.Next()));
        Parameters = [.. Weights.Parameters.Where(parameter => parameter.Length > 0).Select(parameter =>
            new LayerParameter(this, parameter, nameOf?.Invoke(parameter.Name) ?? parameter.Name))];
    }

    /// <summary>
    /// Whether <c>Forward</c> keeps what <c>Backward</c> needs, and drops values where there is dropout. Default: <see langword="true"/>.
    /// </summary>
    public bool IsTraining { get; set; } = true;

    /// <summary>
    /// Whether <c>Backward</c> computes the gradient of the inputs. The first layer of a network does not need it. Default:
    /// <see langword="true"/>.
    /// </summary>
    public bool ComputesInputGradient { get; set; } = true;

    /// <summary>
    /// The most threads that share the work of a <c>Forward</c> or <c>Backward</c> with many numbers, from 1 to 1024; results have the same
    /// bits with any number of threads. Default: 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is out of its range.</exception>
    public int NumberOfThreads
    {
        get => Team.Threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxThreads);
            if (value != Team.Threads)
                Team = new WorkerTeam(value);
        }
    }

    /// <summary>The weights, each by its name.</summary>
    public IReadOnlyList<LayerParameter> Parameters { get; }

    /// <summary>The weights called <paramref name="name"/>.</summary>
    /// <param name="name">The name of one of the <see cref="Parameters"/>.</param>
    /// <exception cref="KeyNotFoundException">The layer has none of this name.</exception>
    public LayerParameter this[string name] => Parameters.FirstOrDefault(parameter => parameter.Name == name)
        ?? throw new KeyNotFoundException(
            $"The layer has no weights '{name}'; it has {string.Join(", ", Parameters.Select(parameter => parameter.Name))}.");

    internal ParameterSet Weights { get; }

    internal Gradient Gradient => _gradient ??= new Gradient(Weights.Shape);

    private protected CpuKernels Kernels { get; } = CpuKernels.Best;

    private protected WorkerTeam Team { get; private set; } = new(1);

    /// <summary>The threads that share the work on some rows.</summary>
    private protected int ThreadsFor(int rows)
        => (long)Weights.DenseLength * rows < NetworkBatchRunner.SharedWork ? 1 : Team.Threads;

    /// <summary>Sets all gradients to zero.</summary>
    public void ClearGradients() => _gradient?.Clear();

    /// <summary>Says that weights have changed, so that they are packed anew before they are read.</summary>
    internal void Change() => _isPacked = false;

    /// <summary>Packs weights that have changed.</summary>
    private protected void Prepare()
    {
        if (_isPacked)
            return;
        foreach ((PanelMatrix matrix, Parameter parameter) in Packed)
            matrix.Pack(Weights[parameter]);
        _isPacked = true;
    }

    /// <summary>The weights as the kernels read them.</summary>
    private protected abstract PackedParameter[] Packed { get; }

    private protected static void RequireForward(bool hasRun)
    {
        if (!hasRun)
            throw new InvalidOperationException($"Backward needs a Forward before it, with {nameof(IsTraining)}.");
    }
}

/// <summary>Some weights of a <see cref="Layer"/>, with their gradient.</summary>
public sealed class LayerParameter
{
    private readonly Layer _layer;
    private readonly Parameter _parameter;

    internal LayerParameter(Layer layer, Parameter parameter, string name)
    {
        _layer = layer;
        _parameter = parameter;
        Name = name;
    }

    /// <summary>The name, which is PyTorch's.</summary>
    public string Name { get; }

    /// <summary>The dimensions: [rows, columns] of a matrix, [length] of a vector.</summary>
    public IReadOnlyList<int> Shape => _parameter.Dimensions;

    /// <summary>The values, row-major.</summary>
    public ReadOnlySpan<float> Values => _layer.Weights[_parameter];

    /// <summary>
    /// The gradient so far, row-major. Of an embedding it is that of the rows that were read; the others are zero, and what is written to
    /// them counts for nothing.
    /// </summary>
    public Span<float> Gradient => _layer.Gradient.Parameters[_parameter];

    /// <summary>Sets the values.</summary>
    /// <param name="values">As many as there are, row-major.</param>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    public void Set(ReadOnlySpan<float> values)
    {
        if (values.Length != _parameter.Length)
            throw new ArgumentException($"{Name} has {_parameter.Length} values; {values.Length} were given.", nameof(values));
        values.CopyTo(_layer.Weights[_parameter]);
        _layer.Change();
    }

    /// <summary>The name with the dimensions.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";
}
