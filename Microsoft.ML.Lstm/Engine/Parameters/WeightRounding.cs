using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// Rounds weights to a <see cref="WeightFormat"/>. What comes out are floats which that format holds to the last bit, so that everything
/// that reads floats goes on with them, and files and kernels find the numbers of the format in them again.
/// </summary>
internal static class WeightRounding
{
    private const int DroppedBFloat16Bits = 16;

    // Outside of the recurrent layers, matrices of up to so many weights stay floats: they are a small part of a file, but a head of one
    // output is all that stands between a network and its score.
    private const int SmallMatrix = 1024;

    // A row of fewer weights, with its scale, would be hardly smaller than in floats.
    private const int LeastColumns = 4;

    /// <summary>
    /// Whether a parameter is rounded: matrices are, while vectors, small matrices and the scores of transitions between labels stay
    /// floats.
    /// </summary>
    public static bool Reaches(Parameter parameter)
        => !parameter.IsVector && !parameter.IsOfCrf && parameter.Columns >= LeastColumns
            && (parameter.IsRecurrent || parameter.Length > SmallMatrix);

    /// <summary>A copy of parameters, rounded to a format.</summary>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    public static ParameterSet Round(ParameterSet parameters, WeightFormat format)
    {
        if (!TensorPrimitives.IsFiniteAll<float>(parameters.Values))
            throw new InvalidOperationException($"The weights can't be rounded to {format}: some are NaN or infinite.");
        var rounded = new ParameterSet(parameters.Shape, format);
        parameters.Values.CopyTo(rounded.Values, 0);
        foreach (Parameter parameter in rounded.Parameters.Where(Reaches))
        {
            if (format == WeightFormat.BFloat16)
                RoundToBFloat16(rounded[parameter]);
            for (int row = 0; format == WeightFormat.Int8 && row < parameter.Rows; row++)
                RoundRow(rounded.Row(parameter, row));
        }
        return rounded;
    }

    private static void RoundRow(Span<float> row)
    {
        float scale = WeightRow.ScaleOf(row);
        foreach (ref float weight in row)
            weight = WeightRow.Quantize(weight, scale) * scale;
    }

    private static void RoundToBFloat16(Span<float> values)
    {
        foreach (ref float value in values)
        {
            float rounded = FloatFormat.Round(value, DroppedBFloat16Bits);
            // Of the largest floats the nearest bfloat16 is infinite.
            value = float.IsFinite(rounded) ? rounded : FloatFormat.Truncate(value, DroppedBFloat16Bits);
        }
    }
}
