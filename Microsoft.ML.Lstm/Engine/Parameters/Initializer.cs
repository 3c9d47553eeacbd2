using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// Initial weights: Glorot uniform for input, attention and head weights (Glorot and Bengio 2010), orthogonal for recurrent weights
/// (Saxe et al. 2014), each gate by itself; He uniform for convolutions, which a rectifier follows (He et al. 2015); biases zero, except
/// for the forget gate of LSTM (Jozefowicz et al. 2015); embeddings normal with a small standard deviation.
/// </summary>
internal static class Initializer
{
    private const double EmbeddingDeviation = 0.1;

    // Up to this size orthogonal matrices are made as in version 0.1.0: row by row, in double, on one thread.
    private const int LargestOneByOne = 512;

    // Numbers that are drawn between two checks for cancellation.
    private const int NumbersAtOnce = 1 << 16;

    /// <summary>Draws all parameters.</summary>
    /// <param name="parameters">Receives the weights.</param>
    /// <param name="forgetBias">The bias of the forget gate of LSTM.</param>
    /// <param name="random">The source of random numbers.</param>
    /// <param name="team">The threads to share large matrices among; <see langword="null"/> for the caller's thread alone, with the same
    /// result.</param>
    /// <param name="cancellation">Cancels with an exception.</param>
    public static void Initialize(ParameterSet parameters, float forgetBias, Random random, WorkerTeam? team = null,
        CancellationToken cancellation = default)
    {
        NetworkShape shape = parameters.Shape;
        CellDescription cell = shape.CellDescription;
        foreach (Parameter parameter in parameters.Parameters)
        {
            // Units of the layer, of which a decoder may have others.
            int h = parameter.Role switch
            {
                ParameterRole.InputWeight or ParameterRole.HiddenWeight => parameter.Rows / cell.Gates,
                ParameterRole.RecurrentBias => parameter.Rows / cell.Slots,
                _ => 0,
            };
            Span<float> values = parameters[parameter];
            switch (parameter.Role)
            {
                case ParameterRole.InputWeight:
                    Uniform(values, GlorotLimit(parameter.Columns, h), random, cancellation);
                    break;
                case ParameterRole.HiddenWeight:
                    for (int gate = 0; gate < cell.Gates; gate++)
                    {
                        if (h <= LargestOneByOne)
                            Orthogonal(values.Slice(gate * h * h, h * h), h, random, cancellation);
                        else
                            OrthogonalMatrix.Fill(parameters.Values, parameter.Offset + gate * h * h, h, (ulong)random.NextInt64(),
                                team ?? new WorkerTeam(1), cancellation);
                    }
                    break;
                case ParameterRole.TailProjection or ParameterRole.TailWeight:
                case ParameterRole.HeadWeight when shape.Head == Head.NextToken:
                    // Of thousands of outputs at a step few have a gradient that tells something, so their number is no measure.
                    Uniform(values, 1 / Math.Sqrt(parameter.Columns), random, cancellation);
                    break;
                case ParameterRole.HeadWeight:
                    // What is skipped to is for a linear model, whose size says nothing of the encoding's.
                    Uniform(values, GlorotLimit(parameter.Columns - shape.SkipSteps * shape.NumericSize, parameter.Rows), random,
                        cancellation);
                    break;
                case ParameterRole.AttentionWeight or ParameterRole.AttentionVector:
                    Uniform(values, GlorotLimit(parameter.Columns, parameter.Rows), random, cancellation);
                    break;
                case ParameterRole.ConvolutionWeight or ParameterRole.InputConvolutionWeight:
                    Uniform(values, Math.Sqrt(6.0 / parameter.Columns), random, cancellation);
                    break;
                case ParameterRole.NormalizationWeight or ParameterRole.RunningVariance:
                    values.Fill(1f);
                    break;
                case ParameterRole.CharacterWeight:
                    // Each character is in as many windows as the kernel is wide.
                    Uniform(values, GlorotLimit(parameter.Columns, parameter.Rows * shape.Characters!.Value.KernelSize), random,
                        cancellation);
                    break;
                case ParameterRole.Embedding:
                    for (int start = 0; start < values.Length; start += NumbersAtOnce)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        foreach (ref float value in values.Slice(start, Math.Min(NumbersAtOnce, values.Length - start)))
                            value = (float)(EmbeddingDeviation * Gaussian(random));
                    }
                    break;
                default:
                    values.Clear();
                    if (parameter.Role == ParameterRole.RecurrentBias && cell.ForgetGate is { } forgetGate)
                        values.Slice(forgetGate * h, h).Fill(forgetBias);
                    break;
            }
        }
    }

    private static double GlorotLimit(int fanIn, int fanOut) => Math.Sqrt(6.0 / (fanIn + fanOut));

    private static void Uniform(Span<float> values, double limit, Random random, CancellationToken cancellation)
    {
        for (int start = 0; start < values.Length; start += NumbersAtOnce)
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (ref float value in values.Slice(start, Math.Min(NumbersAtOnce, values.Length - start)))
                value = (float)((2 * random.NextDouble() - 1) * limit);
        }
    }

    /// <summary>Fills in a random orthogonal matrix: Gaussian rows after Gram-Schmidt, applied twice for accuracy.</summary>
    private static void Orthogonal(Span<float> matrix, int size, Random random, CancellationToken cancellation)
    {
        double[] rows = new double[(long)size * size];
        for (int i = 0; i < size; i++)
        {
            cancellation.ThrowIfCancellationRequested();
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

    /// <summary>A normal random number (Box and Muller 1958).</summary>
    private static double Gaussian(Random random)
        => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
