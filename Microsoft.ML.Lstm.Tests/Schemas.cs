using System.Reflection;

namespace Microsoft.ML.Lstm.Tests;

/// <summary>Compares what an estimator promises with what a transformer delivers.</summary>
internal static class Schemas
{
    // ML.NET's pipelines make shapes by this method, which is not public.
    private static readonly Func<DataViewSchema, SchemaShape> Create = typeof(SchemaShape)
        .GetMethod(nameof(Create), BindingFlags.Static | BindingFlags.NonPublic, [typeof(DataViewSchema)])!
        .CreateDelegate<Func<DataViewSchema, SchemaShape>>();

    /// <summary>What an estimator is told of data with this schema.</summary>
    public static SchemaShape ToShape(this DataViewSchema schema) => Create(schema);
}
