using System.IO.Enumeration;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// The names by which layers and parameters are frozen or get learning rates: a parameter's own name, each part of it before a point, and
/// for recurrent layers l0, l1, ... (also l0_reverse for one direction) and, for all of them, rnn. In place of characters there may be *.
/// </summary>
internal static class LayerNames
{
    private const string AllRecurrent = "rnn";

    /// <summary>Whether a name, or a pattern of names, is one that the parameter has.</summary>
    public static bool Matches(Parameter parameter, string name)
        => NamesOf(parameter).Any(one => FileSystemName.MatchesSimpleExpression(name.Replace("?", "\\?", StringComparison.Ordinal), one,
            ignoreCase: false));

    /// <summary>Checks that a name is one of a network.</summary>
    /// <param name="weights">The network.</param>
    /// <param name="name">The name.</param>
    /// <param name="options">Where it was given.</param>
    /// <exception cref="ArgumentException">No parameter has the name.</exception>
    public static void Require(ParameterSet weights, string name, params ReadOnlySpan<string> options)
    {
        if (weights.Parameters.Any(parameter => Matches(parameter, name)))
            return;
        string[] all = [.. weights.Parameters.SelectMany(NamesOf).Distinct()];
        string nearest = all.MinBy(one => EditDistance.Between<char>(one, name))!;
        string[] layers = [.. weights.Parameters.Select(parameter => NamesOf(parameter).Last()).Distinct()];
        throw new ArgumentException($"The network has no layer or parameter '{name}', which {string.Join(" or ", options!)} names; the "
            + $"nearest name is '{nearest}'. Its layers are {string.Join(", ", layers)}.");
    }

    /// <summary>The names of a parameter, the longest part last but for the layer's, which is last.</summary>
    private static IEnumerable<string> NamesOf(Parameter parameter)
    {
        string name = parameter.Name;
        yield return name;
        for (int point = name.LastIndexOf('.'); point > 0; point = name.LastIndexOf('.', point - 1))
            yield return name[..point];
        string prefix = name[..(name.LastIndexOf('.') + 1)];
        if (parameter.IsRecurrent)
        {
            yield return prefix + AllRecurrent;
            string layer = name[(name.LastIndexOf("_l", StringComparison.Ordinal) + 1)..];
            if (layer.EndsWith("_reverse", StringComparison.Ordinal))
                yield return prefix + layer;
            yield return prefix + layer.Split('_')[0];
        }
        // Batch normalization belongs to its convolution.
        else if (parameter.IsOfNormalization)
            yield return "conv" + name["norm".Length..name.LastIndexOf('.')];
    }
}
