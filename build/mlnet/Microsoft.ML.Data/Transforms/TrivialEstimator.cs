using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>An estimator that has its transformer from the start and learns nothing.</summary>
public abstract class TrivialEstimator<TTransformer> : IEstimator<TTransformer>
    where TTransformer : class, ITransformer
{
    private protected readonly IHost Host;
    private protected readonly TTransformer Transformer;

    private protected TrivialEstimator(IHost host, TTransformer transformer)
    {
        Host = host;
        Transformer = transformer;
    }

    public TTransformer Fit(IDataView input)
    {
        Host.CheckValue(input, nameof(input));
        Transformer.GetOutputSchema(input.Schema);
        return Transformer;
    }

    public abstract SchemaShape GetOutputSchema(SchemaShape inputSchema);
}

internal static class SchemaShapeExtensions
{
    /// <summary>The shape with columns made from others, behind them or in the place of those of the same name.</summary>
    public static SchemaShape WithMade(this SchemaShape inputSchema, IExceptionContext env, IEnumerable<(string Output, string Input)> pairs,
        Func<SchemaShape.Column, string, SchemaShape.Column> make)
    {
        env.CheckValue(inputSchema, nameof(inputSchema));
        var result = new OrderedDictionary<string, SchemaShape.Column>(inputSchema.Select(c => KeyValuePair.Create(c.Name, c)));
        foreach ((string output, string input) in pairs)
        {
            if (!inputSchema.TryFindColumn(input, out SchemaShape.Column source))
                throw env.ExceptSchemaMismatch(nameof(inputSchema), "input", input);
            result[output] = make(source, output);
        }
        return new(result.Values);
    }

    /// <summary>The column's annotations of these kinds, if it has them.</summary>
    public static IEnumerable<SchemaShape.Column> Keep(this SchemaShape annotations, params string[] kinds) => annotations.Where(a => kinds.Contains(a.Name));
}
