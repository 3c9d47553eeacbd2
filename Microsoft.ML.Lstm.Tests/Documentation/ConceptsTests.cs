using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Tests.Engine.Network;
using Microsoft.ML.Lstm.Tests.Engine.Reference;
using Microsoft.ML.Lstm.Tests.House;

namespace Microsoft.ML.Lstm.Tests.Documentation;

/// <summary>The cell that docs/concepts.md goes through by hand, forward and backward, is the library's.</summary>
[TestClass]
public sealed partial class ConceptsTests
{
    private const string Page = "docs/concepts.md";
    private const double HeadWeight = 2, Label = 1;

    // The page has four decimals.
    private const double Rounding = 0.5e-4 + 1e-6;

    private static readonly string[] Weights = ["weight_ih_l0", "weight_hh_l0", "bias_l0"];
    private static readonly double[] Sequence = [1, -0.5];

    private readonly string _text = File.ReadAllText(Path.Combine(SourceTests.Root, Page));

    [TestMethod]
    public void NumbersOfThePageAreTheLibrarys()
        => AssertIsLibrarys(MarkdownBlock.Read(SourceTests.Root, Page).First(block => block.Language == "output").Text);

    [TestMethod]
    public void NumbersOfItsProgramAreTheLibrarys()
        => AssertIsLibrarys(DocumentedProgram.Read(MarkdownBlock.Read(SourceTests.Root, Page))[0].Run());

    private void AssertIsLibrarys(string printed)
    {
        var shape = new NetworkShape { Cell = CellType.Lstm, InputSize = 1, HiddenSize = 1, OutputSize = 1 };
        Dictionary<string, double[]> parameters = Weights.ToDictionary(name => name, name => Numbers(_text, $"| `{name}`"));
        parameters["head.weight"] = [HeadWeight];
        parameters["head.bias"] = [0];
        var engine = new EngineRun(shape, parameters, CpuKernels.Best);
        ReferenceOutputs outputs = engine.Forward([Sequence], [[]]);
        double y = outputs.Outputs[0][0];
        ReferenceGradients gradients = engine.Backward([[y - Label]]);

        // Behind the gates, the last two numbers of a step are c and h.
        double[][] steps = [Numbers(printed, "step 1:"), Numbers(printed, "step 2:")];
        AssertAreEqual(outputs.Steps[0], [steps[0][^1], steps[1][^1]]);
        Assert.AreEqual(outputs.CellState[0][0][0], steps[1][^2], Rounding);
        AssertAreEqual([y, 0.5 * (y - Label) * (y - Label)], Numbers(printed, "y "));
        foreach (string name in Weights)
            AssertAreEqual(gradients.Parameters[name], Numbers(printed, $"{name}:"));
    }

    private static void AssertAreEqual(double[] expected, double[] actual)
    {
        Assert.HasCount(expected.Length, actual);
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], Rounding);
    }

    /// <summary>The numbers in the line that begins so, but for those of names.</summary>
    private static double[] Numbers(string text, string beginning)
    {
        string line = text.Split('\n').Single(line => line.StartsWith(beginning, StringComparison.Ordinal));
        return [.. NumberPattern().Matches(line[beginning.Length..])
            .Select(match => double.Parse(match.Value, CultureInfo.InvariantCulture))];
    }

    [GeneratedRegex(@"-?\d+\.\d+")]
    private static partial Regex NumberPattern();
}
