using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;

namespace Microsoft.ML.Lstm.Tests.Columns;

/// <summary>Values of keys are kept as texts and come back as they were.</summary>
[TestClass]
public sealed class KeyValuesTests
{
    [TestMethod]
    public void TimesComeBackToTheTick()
    {
        AssertKept(DateTimeDataViewType.Instance, DateTime.MinValue, DateTime.MaxValue, new DateTime(2026, 3, 29, 2, 30, 0).AddTicks(1),
            new DateTime(2026, 10, 25, 2, 30, 0, DateTimeKind.Utc));
        AssertKept(DateTimeOffsetDataViewType.Instance, DateTimeOffset.MinValue, DateTimeOffset.MaxValue,
            new DateTimeOffset(2026, 1, 1, 0, 0, 0, new TimeSpan(-3, -30, 0)).AddTicks(7));
        AssertKept(TimeSpanDataViewType.Instance, TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.Zero, TimeSpan.FromTicks(-1),
            new TimeSpan(400, 1, 2, 3, 4, 5));
    }

    [TestMethod]
    public void ALocalTimeKeepsItsTimeOfDay()
    {
        // With an offset, the text would be read as another time of day in another time zone.
        var local = new DateTime(2026, 7, 1, 12, 0, 0, DateTimeKind.Local);
        DateTime kept = AssertKept(DateTimeDataViewType.Instance, local)[0];
        Assert.AreEqual(DateTimeKind.Unspecified, kept.Kind);
        Assert.AreEqual(DateTimeKind.Utc, AssertKept(DateTimeDataViewType.Instance, DateTime.SpecifyKind(local, DateTimeKind.Utc))[0].Kind);
    }

    [TestMethod]
    public void KeysThatStandForKeysComeBack()
    {
        AssertKept<byte>(new KeyDataViewType(typeof(byte), 3), 3, 0, 1);
        AssertKept<uint>(new KeyDataViewType(typeof(uint), 2), 2, 1);
        AssertKept<ulong>(new KeyDataViewType(typeof(ulong), ulong.MaxValue), ulong.MaxValue, 1);
    }

    [TestMethod]
    [DataRow("Key UInt32 2", "3")]
    [DataRow("Key UInt32 2", "-1")]
    [DataRow("Key UInt32 0", "0")]
    [DataRow("Key Byte 256", "1")]
    [DataRow("Key Single 2", "1")]
    [DataRow("Key UInt32", "1")]
    [DataRow("Key UInt32 2 2", "1")]
    [DataRow("Key ", "1")]
    [DataRow("DateTime", "the day before")]
    [DataRow("DateTimeOffset", "9999-12-31T23:59:59-10:00x")]
    [DataRow("TimeSpan", "1000000000.00:00:00")]
    [DataRow("Decimal", "1")]
    public void DamagedValuesAreRefused(string type, string value)
        => Assert.ThrowsExactly<InvalidDataException>(() => new KeyValues(type, [value]).Check(1));

    [TestMethod]
    [DataRow("Text", "spam;ham", "ham", 1)]
    [DataRow("Text", "spam;ham", "Ham", -1)]
    [DataRow("Boolean", "False;True", "true", 1)]
    [DataRow("Single", "0.5;1", "1.0", 1)]
    [DataRow("Int64", "7;9", "9", 1)]
    [DataRow("Int64", "7;9", "nine", -1)]
    [DataRow("Byte", "7;9", "256", -1)]
    [DataRow("DateTime", "2026-01-30T00:00:00.0000000;2026-01-31T00:00:00.0000000Z", "2026-01-31", 1)]
    [DataRow("DateTimeOffset", "2026-01-31T02:00:00.0000000+02:00", "2026-01-31", 0)]
    [DataRow("TimeSpan", "01:00:00;1.00:00:00", "1", 1)]
    [DataRow("Key UInt32 9", "7;9", "9", 1)]
    public void ValuesAreFoundByTextsThatAreReadAsThem(string type, string values, string text, int expected)
        => Assert.AreEqual(expected, new KeyValues(type, values.Split(';')).IndexOf(text));

    private static T[] AssertKept<T>(PrimitiveDataViewType type, params T[] values)
    {
        Assert.IsTrue(type is KeyDataViewType || KeyValues.CanHold(type));
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add("KeyValues", new VectorDataViewType(type, values.Length),
            (ref VBuffer<T> all) => all = new VBuffer<T>(values.Length, values));
        var schema = new DataViewSchema.Builder();
        schema.AddColumn("Key", new KeyDataViewType(typeof(uint), values.Length), annotations.ToAnnotations());

        KeyValues kept = KeyValues.Of(schema.ToSchema()[0], values.Length)!;
        kept.Check(values.Length);
        var given = new DataViewSchema.Annotations.Builder();
        kept.AddTo(given, "Again");
        VBuffer<T> again = default;
        given.ToAnnotations().GetValue("Again", ref again);
        CollectionAssert.AreEqual(values, again.DenseValues().ToArray());
        return [.. again.DenseValues()];
    }
}
