using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Network;

/// <summary>
/// Initial weights: Glorot uniform for input, attention and head weights (Glorot and Bengio 2010), orthogonal for recurrent weights
/// (Saxe et al. 2014), each gate by itself; biases zero, but for LSTM's forget gate (Jozefowicz et al. 2015); embeddings normal
/// with a small deviation.
/// </summary>
internal static class Initializer
{
    private const double EmbeddingDeviation = 0.1;

    public static void Initialize(ParameterSet parameters, float forgetBias, Random random)
    {
        NetworkShape shape = parameters.Shape;
        int h = shape.HiddenSize;
        foreach (Parameter parameter in parameters.Parameters)
        {
            Span<float> values = parameters[parameter];
            switch (parameter.Role)
            {
                case ParameterRole.InputWeight:
                    GlorotUniform(values, parameter.Columns, h, random);
                    break;
                case ParameterRole.HiddenWeight:
                    for (int gate = 0; gate < shape.Gates; gate++)
                        Orthogonal(values.Slice(gate * h * h, h * h), h, random);
                    break;
                case ParameterRole.AttentionWeight or ParameterRole.AttentionVector or ParameterRole.HeadWeight:
                    GlorotUniform(values, parameter.Columns, parameter.Rows, random);
                    break;
                case ParameterRole.Embedding:
                    foreach (ref float value in values)
                        value = (float)(EmbeddingDeviation * Gaussian(random));
                    break;
                default:
                    values.Clear();
                    if (parameter.Role == ParameterRole.RecurrentBias && shape.Cell == CellType.Lstm)
                        values.Slice(h, h).Fill(forgetBias);
                    break;
            }
        }
    }

    private static void GlorotUniform(Span<float> values, int fanIn, int fanOut, Random random)
    {
        double limit = Math.Sqrt(6.0 / (fanIn + fanOut));
        foreach (ref float value in values)
            value = (float)((2 * random.NextDouble() - 1) * limit);
    }

    /// <summary>The rows of a random orthogonal matrix: Gaussian ones after Gram and Schmidt, twice for accuracy.</summary>
    private static void Orthogonal(Span<float> matrix, int size, Random random)
    {
        double[] rows = new double[(long)size * size];
        for (int i = 0; i < size; i++)
        {
            Span<double> row = rows.AsSpan(i * size, size);
            foreach (ref double value in row)
                value = Gaussian(random);
            for (int pass = 0; pass < 2; pass++)
            {
                for (int j = 0; j < i; j++)
                {
                    ReadOnlySpan<double> other = rows.AsSpan(j * size, size);
                    TensorPrimitives.MultiplyAdd(other, -TensorPrimitives.Dot(row, other), row, row);
                }
            }
            TensorPrimitives.Divide(row, TensorPrimitives.Norm<double>(row), row);
        }
        for (int i = 0; i < rows.Length; i++)
            matrix[i] = (float)rows[i];
    }

    /// <summary>Box and Muller (1958).</summary>
    private static double Gaussian(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
