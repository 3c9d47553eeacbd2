using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Tests.Engine.Reference;

namespace Microsoft.ML.Lstm.Tests.Engine.Network;

/// <summary>Compares everything that the float engine computes with the double reference.</summary>
internal static class Agreement
{
    private const double Tolerance = 1e-4;

    /// <summary>Compares the results, and the gradients for the output gradients of the sample.</summary>
    public static void Check(NetworkSample sample, CpuKernels kernels, TestContext context)
        => Check(sample, kernels, context, engine => engine.Backward(sample.DOutputs), _ => sample.DOutputs);

    /// <summary>Compares the results, and the gradients of half the sum of the squared outputs.</summary>
    public static void CheckSquares(NetworkSample sample, CpuKernels kernels, TestContext context)
        => Check(sample, kernels, context, engine => engine.Backward(new HalfSquares()), outputs => outputs);

    private static void Check(NetworkSample sample, CpuKernels kernels, TestContext context, Func<EngineRun, ReferenceGradients> backward,
        Func<double[][], double[][]> dOutputsOf)
    {
        var reference = new ReferenceNetwork(sample.Shape, sample.Parameters);
        var engine = new EngineRun(sample.Shape, sample.Parameters, kernels);
        ReferenceOutputs expected = reference.Forward(sample);
        double[][] outputs = engine.Forward(sample, keep: false).Outputs;
        ReferenceOutputs actual = engine.Forward(sample);
        double worstNorm = 0, worstElement = 0;
        CheckTensor("steps", Difference.Flatten(actual.Steps), Difference.Flatten(expected.Steps));
        CheckTensor("final h", Difference.Flatten(actual.Hidden), Difference.Flatten(expected.Hidden));
        CheckTensor("final c", Difference.Flatten(actual.CellState), Difference.Flatten(expected.CellState));
        CheckTensor("attention", Difference.Flatten(actual.AttentionWeights), Difference.Flatten(expected.AttentionWeights));
        CheckTensor("encodings", Difference.Flatten(actual.Encodings), Difference.Flatten(expected.Encodings));
        CheckTensor("outputs", Difference.Flatten(actual.Outputs), Difference.Flatten(expected.Outputs));
        double[][] scored = new ReferenceNetwork(sample.Shape, sample.Parameters) { IsScoring = true }.Forward(sample).Outputs;
        CheckTensor("scored outputs", Difference.Flatten(outputs), Difference.Flatten(scored));

        ReferenceGradients expectedGradients = reference.Backward(dOutputsOf(expected.Outputs)), actualGradients = backward(engine);
        foreach (string name in sample.Parameters.Keys)
            CheckTensor(name, actualGradients.Parameters[name], expectedGradients.Parameters[name]);
        CheckTensor("input gradients", Difference.Flatten(actualGradients.Sequences), Difference.Flatten(expectedGradients.Sequences));
        context.WriteLine($"relative error: {worstNorm:g2} of a tensor's norm, {worstElement:g2} of an element");

        void CheckTensor(string what, double[] actual, double[] expected)
        {
            // An element below a tenth of the tensor's largest is compared relative to that tenth: cancellation has cost it digits.
            double floor = Math.Max(expected.Select(Math.Abs).DefaultIfEmpty().Max() / 10, 1e-6);
            double element = Difference.OfElements(actual, expected, floor), norm = Difference.OfNorm(actual, expected);
            worstElement = Math.Max(worstElement, element);
            worstNorm = Math.Max(worstNorm, norm);
            Assert.IsLessThan(Tolerance, element, what);
            Assert.IsLessThan(Tolerance, norm, what);
        }
    }
}
