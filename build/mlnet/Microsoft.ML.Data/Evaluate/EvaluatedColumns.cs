using System.Numerics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The columns that evaluators read, found by their names alone and refused in ML.NET's words.</summary>
internal static class EvaluatedColumns
{
    public static DataViewSchema.Column FindRole(this DataViewSchema schema, IExceptionContext env, string role, string name) =>
        // ML.NET's text has the name and the role in each other's place.
        schema.GetColumnOrNull(name) ?? throw env.ExceptParam("schema", $"{name} column '{role}' not found");

    public static void CheckType(this DataViewSchema.Column column, IExceptionContext env, bool fits, string role, string expected)
    {
        if (!fits)
            throw env.ExceptSchemaMismatch("schema", role, column.Name, expected, column.Type.ToString());
    }

    public static void CheckSingle(this DataViewSchema.Column column, IExceptionContext env, string role) =>
        column.CheckType(env, column.Type == NumberDataViewType.Single, role, "Single");

    /// <summary>Reads a label as a number: true is 1, the first key 0, a missing one NaN.</summary>
    public static Func<float> ReadLabel(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        KeyDataViewType key => (Func<float>)ByType.Call(ReadKey<uint>, key.RawType, row, column, key.Count),
        BooleanDataViewType => Read<bool>(row, column, value => value ? 1 : 0),
        _ when column.Type == NumberDataViewType.Double => Read<double>(row, column, value => (float)value),
        _ => Read<float>(row, column, value => value),
    };

    private static Func<float> ReadKey<T>(DataViewRow row, DataViewSchema.Column column, ulong count)
        where T : struct, IBinaryInteger<T> =>
        Read<T>(row, column, key => ulong.CreateTruncating(key) is var k && 1 <= k && k <= count ? k - 1 : float.NaN);

    private static Func<float> Read<T>(DataViewRow row, DataViewSchema.Column column, Func<T, float> convert)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return convert(value);
        };
    }
}
