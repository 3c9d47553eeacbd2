using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Sequences;

namespace Microsoft.ML.Lstm.Tests.Sequences;

[TestClass]
public sealed class ScoredClassesTests
{
    [TestMethod]
    public void MoreProbabilitiesThanAVectorCanHaveAreOneClearError()
    {
        var classes = new ScoredClasses(new NetworkShape
        {
            Cell = CellType.Gru,
            InputSize = 1,
            HiddenSize = 1,
            Head = Head.EveryStep,
            OutputSize = 1,
            Classes = new KeySubset(KeySubset.MostKeys, [5, 1]),
        });
        VBuffer<float> value = default;
        VBufferEditor<float> editor = classes.Begin(ref value, steps: 31, out Span<float> known);
        known.Fill(1);
        value = classes.Commit(editor, steps: 31);
        Assert.AreEqual(31 * KeySubset.MostKeys, value.Length);
        Assert.AreEqual(30 * KeySubset.MostKeys + 5, value.GetIndices()[30]);

        Assert.Contains("A sequence of 32 steps has 2147483648 probabilities of 67108864 classes",
            Assert.ThrowsExactly<InvalidOperationException>(() => classes.Begin(ref value, steps: 32, out _)).Message);
    }
}
