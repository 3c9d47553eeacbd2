using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>The tensors of a stream, which its reader takes by name and shape until none is left.</summary>
/// <param name="tensors">The tensors.</param>
/// <param name="what">What the stream holds, for messages.</param>
internal sealed class NamedTensors(IEnumerable<SafeTensor> tensors, string what)
{
    private readonly Dictionary<string, SafeTensor> _tensors = tensors.ToDictionary(tensor => tensor.Name);

    /// <summary>The tensors that a scaler is saved as; none where there are no features.</summary>
    public static IEnumerable<SafeTensor> Of(string name, AffineScaler scaler) => scaler.Size == 0
        ? []
        : [new SafeTensor(name + ".offset", [scaler.Size], scaler.Offset), new SafeTensor(name + ".scale", [scaler.Size], scaler.Scale)];

    /// <summary>The tensors that the scalers of a model are saved as.</summary>
    public static IEnumerable<SafeTensor> Of(SequenceModel model)
        => [.. Of("input", model.InputScaler), .. Of("static", model.StaticScaler), .. Of("output", model.OutputScaler)];

    /// <summary>Whether there is a tensor that was not taken yet.</summary>
    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>Takes the values of a tensor.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape.</exception>
    public ReadOnlySpan<float> Take(string name, params long[] shape) => Take(name, ElementType.Float32, shape);

    /// <summary>Takes the values of a tensor whose elements are of a type.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape or type.</exception>
    public ReadOnlySpan<float> Take(string name, ElementType type, long[] shape)
    {
        if (!_tensors.Remove(name, out SafeTensor? tensor))
            throw Invalid($"a tensor '{name}'", "none");
        if (tensor.Type != type)
            throw Invalid($"dtype {type.Name} in tensor '{name}'", tensor.Type.Name);
        if (!Array.ConvertAll(tensor.Shape, size => (long)size).AsSpan().SequenceEqual(shape))
            throw Invalid($"the shape [{string.Join(", ", shape)}] of tensor '{name}'", $"[{string.Join(", ", tensor.Shape.Take(8))}]");
        return tensor.Values.Span;
    }

    /// <summary>Takes the scaler of <paramref name="size"/> features that <see cref="Of(string, AffineScaler)"/> made tensors of.</summary>
    /// <exception cref="InvalidDataException">There is no such scaler, or it has another size.</exception>
    public AffineScaler TakeScaler(string name, int size)
        => size == 0
            ? AffineScaler.Identity(0)
            : new AffineScaler(Take(name + ".offset", size).ToArray(), Take(name + ".scale", size).ToArray());

    /// <summary>Takes the scalers of a model of this shape.</summary>
    /// <exception cref="InvalidDataException">One is missing, or has another size.</exception>
    public ModelScalers TakeScalers(NetworkShape shape) => new(
        TakeScaler("input", shape.NumericSize), TakeScaler("static", shape.StaticSize), TakeScaler("output", shape.OutputSize));

    /// <summary>Throws if a tensor is left.</summary>
    /// <param name="owner">What all tensors should belong to.</param>
    /// <exception cref="InvalidDataException">A tensor was not taken.</exception>
    public void RequireNone(string owner)
    {
        if (_tensors.Count > 0)
            throw Invalid($"no tensors but {owner}'s", $"'{SafeTensorsHeader.Show(_tensors.Keys.First())}'");
    }

    private InvalidDataException Invalid(string expected, string found) => new($"{what}: expected {expected}, found {found}.");
}
