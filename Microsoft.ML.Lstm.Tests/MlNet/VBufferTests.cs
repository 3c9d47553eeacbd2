using Microsoft.ML.Data;

namespace Microsoft.ML.Lstm.Tests.MlNet;

/// <summary>Vectors at their edges, as every source of ML.NET must have them.</summary>
[TestClass]
public sealed class VBufferTests
{
    private static VBuffer<float> Sparse => new(6, 3, [1, 2, 3], [1, 3, 4]);

    [TestMethod]
    public void SparseVectorHasItsValuesAtItsIndices()
    {
        Assert.IsFalse(Sparse.IsDense);
        CollectionAssert.AreEqual((float[])[0, 1, 0, 2, 3, 0], Sparse.DenseValues().ToArray());
        Assert.AreEqual(2f, Sparse.GetItemOrDefault(3));
        Assert.AreEqual(0f, Sparse.GetItemOrDefault(5));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Sparse.GetItemOrDefault(6));
    }

    [TestMethod]
    public void DenseVectorHasNoIndices()
    {
        var dense = new VBuffer<float>(3, 3, [1, 2, 3], [0, 1, 2]);
        Assert.IsTrue(dense.IsDense);
        Assert.IsTrue(dense.GetIndices().IsEmpty);
    }

    [TestMethod]
    public void DefaultVectorIsDenseAndEmpty()
    {
        VBuffer<float> empty = default;
        Assert.AreEqual(0, empty.Length);
        Assert.IsTrue(empty.IsDense);
        Assert.IsTrue(empty.GetValues().IsEmpty);
        Assert.IsEmpty(empty.DenseValues());
    }

    [TestMethod]
    public void VectorOfZerosNeedsNoArrays()
    {
        var zeros = new VBuffer<float>(3, 0, null, null);
        Assert.IsFalse(zeros.IsDense);
        CollectionAssert.AreEqual(new float[3], zeros.DenseValues().ToArray());
    }

    [TestMethod]
    public void PartOfASparseVectorIsCopiedWithItsIndicesMoved()
    {
        VBuffer<float> part = default;
        Sparse.CopyTo(ref part, 2, 3);
        CollectionAssert.AreEqual((float[])[0, 2, 3], part.DenseValues().ToArray());
        Assert.AreEqual(2, part.GetValues().Length);
        Sparse.CopyTo(ref part, 4, 1);
        Assert.IsTrue(part.IsDense);
    }

    [TestMethod]
    public void CopyToSpanOverwritesAllSlots()
    {
        float[] target = [9, 9, 9, 9, 9, 9, 9];
        Sparse.CopyTo(target);
        CollectionAssert.AreEqual((float[])[0, 1, 0, 2, 3, 0, 9], target);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Sparse.CopyTo(new float[5]));
    }

    [TestMethod]
    public void EditorReusesArraysThatAreLargeEnough()
    {
        VBuffer<float> vector = new(4, [1, 2, 3, 4]);
        VBufferEditor<float> editor = VBufferEditor.Create(ref vector, 4, 2);
        Assert.IsFalse(editor.CreatedNewValues);
        Assert.IsTrue(editor.CreatedNewIndices);
        editor.Values[0] = 5;
        editor.Values[1] = 6;
        editor.Indices[0] = 0;
        editor.Indices[1] = 3;
        vector = editor.Commit();
        CollectionAssert.AreEqual((float[])[5, 0, 0, 6], vector.DenseValues().ToArray());
        vector = VBufferEditor.CreateFromBuffer(ref vector).CommitTruncated(1);
        CollectionAssert.AreEqual((float[])[5, 0, 0, 0], vector.DenseValues().ToArray());
    }

    [TestMethod]
    public void SizesThatDoNotFitAreRefused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, new float[2]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, 4, new float[4], new int[4]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new VBuffer<float>(3, 2, new float[2], new int[1]));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
        {
            VBuffer<float> vector = default;
            VBufferEditor.Create(ref vector, 3, 5);
        });
    }
}
