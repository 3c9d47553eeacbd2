using System.Numerics.Tensors;
using System.Text.Json;
using Microsoft.ML.Lstm.Engine.Modules;

namespace Microsoft.ML.Lstm.Tests.Engine.Modules;

/// <summary>The public layers against PyTorch 1.13: make_layers.py wrote what it computes.</summary>
[TestClass]
public sealed class LayerTests
{
    private const double Tolerance = 1e-5;

    private static readonly JsonElement Golden = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Engine", "Golden", "layers.json"))).RootElement;

    public static IEnumerable<object[]> Stacks => Golden.GetProperty("stacks").EnumerateArray().Select((_, i) => new object[] { i });

    public static IEnumerable<object[]> Loops => Golden.GetProperty("loops").EnumerateArray().Select((_, i) => new object[] { i });

    [TestMethod]
    [DynamicData(nameof(Stacks))]
    public void ForwardStatesAndAllGradientsArePyTorchs(int index)
    {
        JsonElement golden = Golden.GetProperty("stacks")[index];
        int[] lengths = [.. golden.GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        bool both = golden.GetProperty("both").GetBoolean();
        int layers = golden.GetProperty("layers").GetInt32(), rows = layers * (both ? 2 : 1);
        RecurrentStack stack = NewStack(golden, 3, 5, layers, both);
        Fill(0, stack);
        RecurrentState state = stack.NewState(4), dState = stack.NewState(4);
        Fill(state.Hidden, 8000);
        Fill(dState.Hidden, 11000);
        if (state.Cell is not null)
        {
            Fill(state.Cell, 9000);
            Fill(dState.Cell!, 12000);
        }
        Tensor<float> input = Made(7000, 4, 6, 3), dOutput = Made(10000, 4, 6, 5 * (both ? 2 : 1));

        (Tensor<float> output, RecurrentState final) = stack.Forward(input, lengths, state);
        Check("output", golden, output);
        Check("hidden", golden, final.Hidden);
        if (final.Cell is not null)
            Check("cellState", golden, final.Cell);
        (Tensor<float>? dInput, RecurrentState? dInitial) = stack.Backward(dOutput, dState);
        Check("inputGradient", golden, dInput!);
        Check("hiddenGradient", golden, dInitial!.Hidden);
        if (dInitial.Cell is not null)
            Check("cellGradient", golden, dInitial.Cell);
        foreach (LayerParameter parameter in stack.Parameters)
            CheckGradient(parameter, golden.GetProperty("gradients"));
        Tensor<float> encoding = Tensor.Create(new float[4 * stack.OutputSize], [4, stack.OutputSize]);
        final.CopyEncodingTo(encoding);
        Assert.AreEqual(final.Hidden[rows - 1, 2, 4], encoding[2, stack.OutputSize - 1]);
        RecurrentState alone = stack.NewState(4);
        alone.SetEncodingGradient(encoding);
        Assert.AreEqual(final.Hidden[rows - 1, 2, 4], alone.Hidden[rows - 1, 2, 4]);
        Assert.AreEqual(layers > 1 ? 0 : encoding[1, 0], alone.Hidden[0, 1, 0]);
        // Gradients add up until they are cleared.
        float[] once = stack["weight_hh_l0"].Gradient.ToArray();
        stack.Forward(input, lengths, state);
        stack.Backward(dOutput, dState);
        Assert.AreEqual(2 * once[3], stack["weight_hh_l0"].Gradient[3], 1e-5);
        stack.ClearGradients();
        Assert.IsFalse(stack["weight_hh_l0"].Gradient.ContainsAnyExcept(0f));
    }

    /// <summary>PyTorch's example, 5 x 3 x 20.</summary>
    [TestMethod]
    public void TheTutorialsExampleIsPyTorchs()
    {
        JsonElement golden = Golden.GetProperty("tutorial");
        var lstm = new LstmLayer(10, 20, numberOfLayers: 2);
        Fill(0, lstm);
        RecurrentState state = lstm.NewState(5);
        Fill(state.Hidden, 8000);
        Fill(state.Cell!, 9000);
        (Tensor<float> output, RecurrentState final) = lstm.Forward(Made(7000, 5, 3, 10), state: state);
        CollectionAssert.AreEqual(new nint[] { 5, 3, 20 }, output.Lengths.ToArray());
        Check("output", golden, output);
        Check("hidden", golden, final.Hidden);
        Check("cellState", golden, final.Cell!);
    }

    [TestMethod]
    [DynamicData(nameof(Loops))]
    public void ALoopTrainsAsPyTorchs(int index)
    {
        JsonElement golden = Golden.GetProperty("loops")[index];
        var embedding = new EmbeddingLayer(7, 4);
        RecurrentStack stack = NewStack(golden, 4, 5, 2, both: false);
        var linear = new LinearLayer(5, 3);
        Fill(Fill(Fill(0, embedding), stack), linear);
        bool isAdam = golden.GetProperty("cell").GetString() == "Lstm";
        var optimizer = isAdam
            ? new LayerOptimizer([stack, linear], OptimizerType.Adam, 0.01f)
            : new LayerOptimizer([embedding, stack, linear], OptimizerType.Sgd, 0.1f, momentum: 0.9f);
        optimizer.GradientClipNorm = 0.05f;
        Tensor<int> tokens = Tensor.Create(Enumerable.Range(0, 24).Select(i => (3 * (i / 6) + 5 * (i % 6)) % 7).ToArray(), [4, 6]);
        int[] classes = [.. Enumerable.Range(0, 24).Select(i => (i / 6 + i % 6) % 5 == 0 ? -1 : (i / 6 + i % 6) % 3)];
        Tensor<float> targets = Made(20000, 4, 6, 3), gradient = Tensor.Create(new float[72], [4, 6, 3]);
        foreach (JsonElement expected in golden.GetProperty("losses").EnumerateArray())
        {
            Tensor<float> y = linear.Forward(stack.Forward(embedding.Forward(tokens)).Output);
            double loss = golden.GetProperty("loss").GetString() switch
            {
                "crossEntropy" => Losses.CrossEntropy(y, classes, gradient),
                "binary" => Losses.BinaryCrossEntropy(y, Shifted(targets), gradient),
                _ => Losses.Regression(y, targets, gradient),
            };
            Assert.AreEqual(expected.GetDouble(), loss, Tolerance);
            embedding.Backward(stack.Backward(linear.Backward(gradient)).Input!);
            optimizer.Step();
        }
        Check("head", golden, linear["weight"].Values.ToArray());
        Check("recurrent", golden, stack["weight_hh_l1"].Values.ToArray());
        Check("embedding", golden, embedding["weight"].Values.ToArray());
    }

    [TestMethod]
    public void StepsAreAForwardPassOneByOneAndLeaveItsBackwardAlone()
    {
        foreach (RecurrentStack stack in new RecurrentStack[] { new LstmLayer(3, 5, 2, seed: 1), new GruLayer(3, 5, 2, seed: 1),
            new RnnLayer(3, 5, 2, seed: 1) })
        {
            Tensor<float> input = Made(7000, 2, 4, 3);
            float[] expected = stack.Forward(input).Output.Flat().ToArray();
            RecurrentState state = stack.NewState(2);
            for (int t = 0; t < 4; t++)
            {
                var step = Tensor.Create(Enumerable.Range(0, 6).Select(i => input[i / 3, t, i % 3]).ToArray(), [2, 3]);
                Tensor<float> output = stack.Step(step, state);
                for (int i = 0; i < 10; i++)
                    Assert.AreEqual(expected[((i / 5) * 4 + t) * 5 + i % 5], output[i / 5, i % 5], 1e-6f);
            }
            stack.Backward(Made(10000, 2, 4, 5));
            float[] after = stack["weight_ih_l0"].Gradient.ToArray();
            stack.ClearGradients();
            stack.Forward(input);
            stack.Backward(Made(10000, 2, 4, 5));
            CollectionAssert.AreEqual(stack["weight_ih_l0"].Gradient.ToArray(), after);
        }
    }

    [TestMethod]
    public void DropoutDropsItsShareInTrainingOnlyAndTheSameInBackward()
    {
        var dropout = new DropoutLayer(0.25f, seed: 3);
        Tensor<float> ones = Tensor.Create(Enumerable.Repeat(1f, 10000).ToArray(), [10000]);
        float[] dropped = dropout.Forward(ones).Flat().ToArray();
        Assert.AreEqual(2500, dropped.Count(value => value == 0), 150);
        Assert.AreEqual(1 / 0.75f, dropped.Max());
        CollectionAssert.AreEqual(dropped, dropout.Backward(ones).Flat().ToArray());
        CollectionAssert.AreNotEqual(dropped, dropout.Forward(ones).Flat().ToArray());
        dropout.IsTraining = false;
        Assert.IsFalse(dropout.Forward(ones).Flat().ContainsAnyExcept(1f));
        Assert.ThrowsExactly<InvalidOperationException>(() => dropout.Backward(ones));

        // Between layers: central differences of the same masks, which a seed repeats.
        float Loss(float shift)
        {
            var lstm = new LstmLayer(2, 4, 2, bidirectional: true, dropout: 0.5f, seed: 3);
            float[] weights = lstm["weight_ih_l0"].Values.ToArray();
            weights[5] += shift;
            lstm["weight_ih_l0"].Set(weights);
            return TensorPrimitives.Sum<float>(lstm.Forward(Made(7000, 3, 4, 2)).Output.Flat());
        }
        var stack = new LstmLayer(2, 4, 2, bidirectional: true, dropout: 0.5f, seed: 3);
        stack.Forward(Made(7000, 3, 4, 2));
        stack.Backward(Tensor.Create(Enumerable.Repeat(1f, 96).ToArray(), [3, 4, 8]));
        Assert.AreEqual((Loss(0.01f) - Loss(-0.01f)) / 0.02f, stack["weight_ih_l0"].Gradient[5], 2e-3f);
    }

    [TestMethod]
    public void WhatDoesNotFitIsRefused()
    {
        var lstm = new LstmLayer(3, 5, seed: 1);
        Tensor<float> input = Made(7000, 2, 4, 3);
        Assert.ThrowsExactly<InvalidOperationException>(() => lstm.Backward(null));
        Assert.ThrowsExactly<ArgumentException>(() => lstm.Forward(Made(0, 2, 4, 2)));
        Assert.ThrowsExactly<ArgumentException>(() => lstm.Forward(input, [4]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => lstm.Forward(input, [4, 5]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => lstm.Forward(input, [0, 4]));
        Assert.ThrowsExactly<ArgumentException>(() => lstm.Forward(input, state: lstm.NewState(3)));
        Assert.ThrowsExactly<ArgumentException>(() => lstm.Forward(input, state: new GruLayer(3, 5).NewState(2)));
        var both = new LstmLayer(3, 5, bidirectional: true);
        Assert.ThrowsExactly<InvalidOperationException>(() => both.Step(Made(0, 2, 3), both.NewState(2)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LstmLayer(3, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LstmLayer(3, 5, dropout: 1));
        Assert.ThrowsExactly<ArgumentException>(() => lstm["weight_ih_l0"].Set([1]));
        Assert.ThrowsExactly<KeyNotFoundException>(() => lstm["weight"]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new EmbeddingLayer(3, 2).Forward(Tensor.Create(new[] { 3 }, [1])));
        Assert.ThrowsExactly<ArgumentException>(() => new LinearLayer(3, 2).Forward(Made(0, 2, 4)));
        Assert.ThrowsExactly<ArgumentException>(() => Losses.CrossEntropy(Tensor<float>.Empty, [], Tensor<float>.Empty));
        lstm.Forward(input);
        lstm.Backward(Tensor.Create(Enumerable.Repeat(float.NaN, 40).ToArray(), [2, 4, 5]));
        float[] before = lstm["bias_l0"].Values.ToArray();
        Assert.ThrowsExactly<InvalidOperationException>(() => new LayerOptimizer([lstm]).Step());
        CollectionAssert.AreEqual(before, lstm["bias_l0"].Values.ToArray());
    }

    /// <summary>Outputs and all gradients of batches that are large enough to be shared.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void TheBitsAreTheSameWithAnyNumberOfThreads(bool bidirectional)
    {
        float[][] one = Run(1);
        foreach (int threads in new[] { 2, 3, 8 })
        {
            foreach ((float[] expected, float[] found) in one.Zip(Run(threads)))
            {
                Assert.IsTrue(found.All(float.IsFinite));
                CollectionAssert.AreEqual(expected, found, $"{threads} threads");
            }
        }
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new LinearLayer(1, 1).NumberOfThreads = 0);

        float[][] Run(int threads)
        {
            var gru = new GruLayer(9, 70, 2, bidirectional, dropout: 0.2f, seed: 1) { NumberOfThreads = threads };
            var linear = new LinearLayer(gru.OutputSize, 90, seed: 2) { NumberOfThreads = threads };
            int[] lengths = [.. Enumerable.Range(0, 13).Select(i => 20 + 3 * i)];
            Tensor<float> output = linear.Forward(gru.Forward(Made(0, 13, 60, 9), lengths).Output);
            float[] y = output.Flat().ToArray();
            float[] dx = gru.Backward(linear.Backward(Made(5000, 13, 60, 90))!).Input!.Flat().ToArray();
            return [y, dx, .. gru.Parameters.Concat(linear.Parameters).Select(parameter => parameter.Gradient.ToArray())];
        }
    }

    [TestMethod]
    public void ATrainingStepAllocatesNothing()
    {
        var lstm = new LstmLayer(3, 5, 2, bidirectional: true, dropout: 0.1f, seed: 1) { ComputesInputGradient = false };
        var linear = new LinearLayer(10, 2, seed: 1);
        var optimizer = new LayerOptimizer([lstm, linear]);
        Tensor<float> input = Made(7000, 3, 4, 3), gradient = Tensor.Create(new float[24], [3, 4, 2]), targets = Made(0, 3, 4, 2);
        int[] lengths = [4, 2, 3];
        RecurrentState state = lstm.NewState(3);
        for (int i = 0; i < 3; i++)
            Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            Run();
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            Losses.Regression(linear.Forward(lstm.Forward(input, lengths, state).Output), targets, gradient);
            lstm.Backward(linear.Backward(gradient));
            optimizer.Step();
        }
    }

    private static RecurrentStack NewStack(JsonElement golden, int inputs, int hidden, int layers, bool both)
        => golden.GetProperty("cell").GetString() switch
        {
            "Lstm" => new LstmLayer(inputs, hidden, layers, both),
            "Gru" => new GruLayer(inputs, hidden, layers, both),
            _ => new RnnLayer(inputs, hidden, layers, both),
        };

    private static float Number(int i)
    {
        double value = Math.Sin(i + 1) * 1000;
        return (float)((value - Math.Floor(value) - 0.5) * 0.6);
    }

    private static Tensor<float> Made(int start, params ReadOnlySpan<nint> lengths)
    {
        int count = 1;
        foreach (nint length in lengths)
            count *= (int)length;
        return Tensor.Create(Enumerable.Range(start, count).Select(Number).ToArray(), lengths);
    }

    private static void Fill(Tensor<float> tensor, int start)
    {
        Span<float> values = tensor.Flat();
        for (int i = 0; i < values.Length; i++)
            values[i] = Number(start + i);
    }

    /// <summary>Sets the weights to those of make_layers.py, which have two biases, and gives the number of the next weight.</summary>
    private static int Fill(int start, Layer layer)
    {
        foreach (LayerParameter parameter in layer.Parameters)
        {
            int count = parameter.Values.Length;
            if (!parameter.Name.StartsWith("bias_", StringComparison.Ordinal))
            {
                parameter.Set([.. Enumerable.Range(start, count).Select(Number)]);
                start += count;
                continue;
            }
            bool isGru = layer is GruLayer;
            int rows = isGru ? count / 4 * 3 : count, shared = isGru ? count / 2 : count;
            float[] merged = [.. Enumerable.Range(start, rows).Select(Number), .. Enumerable.Range(start + rows + shared, count - rows)
                .Select(Number)];
            for (int i = 0; i < shared; i++)
                merged[i] += Number(start + rows + i);
            parameter.Set(merged);
            start += 2 * rows;
        }
        return start;
    }

    private static Tensor<float> Shifted(Tensor<float> targets)
        => Tensor.Create(targets.Flat().ToArray().Select(value => value + 0.5f).ToArray(), targets.Lengths);

    private static void CheckGradient(LayerParameter parameter, JsonElement gradients)
    {
        float[] found = parameter.Gradient.ToArray();
        if (!parameter.Name.StartsWith("bias_", StringComparison.Ordinal))
        {
            Check(parameter.Name, gradients, found);
            return;
        }
        float[] ofInput = Numbers(gradients, parameter.Name.Replace("bias_", "bias_ih_", StringComparison.Ordinal));
        Check(parameter.Name, ofInput, found[..ofInput.Length]);
        // Of GRU the n of the hidden state stands apart.
        float[] ofHidden = Numbers(gradients, parameter.Name.Replace("bias_", "bias_hh_", StringComparison.Ordinal));
        int more = found.Length - ofInput.Length;
        Check(parameter.Name, ofHidden[(ofHidden.Length - more)..], found[ofInput.Length..]);
    }

    private static float[] Numbers(JsonElement golden, string name)
        => [.. golden.GetProperty(name).EnumerateArray().Select(value => value.GetSingle())];

    private static void Check(string name, JsonElement golden, Tensor<float> found) => Check(name, golden, found.Flat().ToArray());

    private static void Check(string name, JsonElement golden, float[] found) => Check(name, Numbers(golden, name), found);

    private static void Check(string name, float[] expected, float[] found)
    {
        Assert.HasCount(expected.Length, found, name);
        // A NaN has to fail, not to vanish in Max.
        Assert.IsTrue(found.All(float.IsFinite), $"{name} is not finite.");
        double worst = expected.Zip(found, (a, b) => Math.Abs((double)a - b)).DefaultIfEmpty().Max();
        Assert.IsLessThan(Tolerance, worst, name);
    }
}
