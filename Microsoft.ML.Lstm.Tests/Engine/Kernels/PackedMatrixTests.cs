using Microsoft.ML.Lstm.Engine.Kernels;

namespace Microsoft.ML.Lstm.Tests.Engine.Kernels;

/// <summary>Every element of a packed matrix is where it belongs, for all layouts of the parameter that it comes from.</summary>
[TestClass]
public sealed unsafe class PackedMatrixTests
{
    public static IEnumerable<object[]> Sizes =>
        from depth in new[] { 1, 3, 4, 5, 64, 65, 131 }
        from columns in new[] { 1, 2, 4, 7, 64, 70 }
        from panelColumns in new[] { 4, 16, 64 }
        select new object[] { depth, columns, panelColumns };

    // A matrix [K x N] as the parameter has it: K along its rows, K along its columns, and with gaps and zeros between.
    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void ElementsOfRowsAreWhereTheyBelong(int depth, int columns, int panelColumns)
        => Check([.. Enumerable.Range(0, depth).Select(k => k * columns)], [.. Enumerable.Range(0, columns)], panelColumns);

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void ElementsOfColumnsAreWhereTheyBelong(int depth, int columns, int panelColumns)
        => Check([.. Enumerable.Range(0, depth)], [.. Enumerable.Range(0, columns).Select(n => n * depth)], panelColumns);

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void ElementsWithZerosAmongThemAreWhereTheyBelong(int depth, int columns, int panelColumns)
    {
        // Every seventh row is missing, and others are swapped; every fifth column is missing.
        int[] rows = [.. Enumerable.Range(0, depth)
            .Select(k => k % 7 == 6 ? -1 : k % 9 == 3 && k + 1 < depth ? k + 1 : k % 9 == 4 ? k - 1 : k)];
        Check(rows, [.. Enumerable.Range(0, columns).Select(n => n % 5 == 4 ? -1 : n * depth)], panelColumns);
    }

    private static void Check(int[] rows, int[] columns, int panelColumns)
    {
        float[] parameter = [.. Enumerable.Range(1, rows.Length * columns.Length).Select(i => (float)i)];
        float[] factors = [.. columns.Select((_, n) => 1 + n % 3 / 2f)];
        foreach (float[]? factor in new[] { null, factors })
        {
            var packed = new PackedMatrix(rows, columns, panelColumns, factor);
            packed.Pack(parameter);
            for (int k = 0; k < rows.Length; k++)
            {
                for (int n = 0; n < columns.Length; n++)
                    Assert.AreEqual(rows[k] < 0 || columns[n] < 0 ? 0 : parameter[rows[k] + columns[n]] * (factor?[n] ?? 1),
                        Element(packed, k, n), $"row {k}, column {n}");
            }
        }

        PackedMatrix sums = new PackedMatrix(rows, columns, panelColumns, factors).SameLayout();
        float[] expected = [.. parameter.Select(value => 0.5f * value)], actual = [.. expected];
        for (int k = 0; k < rows.Length; k++)
        {
            for (int n = 0; n < columns.Length; n++)
            {
                Element(sums, k, n) = k - 2 * n;
                if (rows[k] >= 0 && columns[n] >= 0)
                    expected[rows[k] + columns[n]] += k - 2 * n;
            }
        }
        for (int panel = 0; panel < sums.Panels; panel++)
            sums.AddPanelTo(actual, panel);
        CollectionAssert.AreEqual(expected, actual);

        ref float Element(PackedMatrix matrix, int k, int n)
        {
            int first = n / panelColumns * panelColumns, width = Math.Min(panelColumns, columns.Length - first);
            return ref matrix.Pointer[first * rows.Length + k * width + n - first];
        }
    }
}
