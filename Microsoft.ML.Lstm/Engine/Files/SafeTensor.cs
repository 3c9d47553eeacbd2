namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>A named array of 32-bit floats, row-major; an empty <paramref name="Shape"/> is a scalar.</summary>
internal sealed record SafeTensor(string Name, int[] Shape, ReadOnlyMemory<float> Values);
