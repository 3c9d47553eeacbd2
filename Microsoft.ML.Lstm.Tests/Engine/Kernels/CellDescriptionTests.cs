using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

[TestClass]
public sealed class CellDescriptionTests
{
    public static IEnumerable<object[]> Cells => Enum.GetValues<CellType>().Select(cell => new object[] { cell });

    [TestMethod]
    [DynamicData(nameof(Cells))]
    public void EveryGateAndEveryBiasBelongsToOneSlot(CellType type)
    {
        var cell = CellDescription.Of(type);
        Assert.AreEqual(type, cell.Type);
        int[] slots = [.. Enumerable.Range(0, cell.Slots)], gates = [.. Enumerable.Range(0, cell.Gates)];
        CollectionAssert.AreEquivalent(gates, slots.Select(cell.InputGate).Where(gate => gate >= 0).ToArray());
        CollectionAssert.AreEquivalent(gates, slots.Select(cell.HiddenGate).Where(gate => gate >= 0).ToArray());
        CollectionAssert.AreEquivalent(slots, slots.Select(cell.Bias).ToArray());
        Assert.IsTrue(cell.ForgetGate is null || slots.Contains(cell.ForgetGate.Value));
    }
}
