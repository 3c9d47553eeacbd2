using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data
{
    /// <summary>Estimators that are fitted one after the other, each to what the ones before it make of the data.</summary>
    public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
        where TLastTransformer : class, ITransformer
    {
        private readonly IHostEnvironment _cacheHost;
        private readonly EstimatorLink[] _links;

        public readonly IEstimator<TLastTransformer> LastEstimator;

        public EstimatorChain()
            : this([], null)
        {
        }

        private EstimatorChain(EstimatorLink[] links, IHostEnvironment cacheHost)
        {
            _links = links;
            _cacheHost = cacheHost;
            LastEstimator = links.LastOrDefault()?.Estimator as IEstimator<TLastTransformer>;
        }

        public TransformerChain<TLastTransformer> Fit(IDataView input)
        {
            Contracts.CheckValue(input, nameof(input));
            // Misfits between the estimators come out before the first is fitted.
            GetOutputSchema(SchemaShape.Create(input.Schema));
            var transformers = new List<ITransformer>();
            IDataView data = input;
            for (int i = 0; i < _links.Length; i++)
            {
                transformers.Add(_links[i].Estimator.Fit(data));
                if (i == _links.Length - 1)
                    break;
                data = transformers[i].Transform(data);
                if (_links[i].CacheAfter)
                    data = new CacheDataView(data, []);
            }
            return new(transformers, _links.Select(l => l.Scope));
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            Contracts.CheckValue(inputSchema, nameof(inputSchema));
            return _links.Aggregate(inputSchema, (schema, link) => link.Estimator.GetOutputSchema(schema));
        }

        public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator, TransformerScope scope = TransformerScope.Everything)
            where TNewTrans : class, ITransformer
        {
            Contracts.CheckValue(estimator, nameof(estimator));
            return new([.. _links, new((IEstimator<ITransformer>)estimator, scope, false)], _cacheHost);
        }

        /// <summary>What comes behind reads the data so far from memory.</summary>
        public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
        {
            Contracts.CheckValue(env, nameof(env));
            return _links.Length == 0 ? this : new([.. _links[..^1], _links[^1] with { CacheAfter = true }], env);
        }
    }

    internal sealed record EstimatorLink(IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter);
}

namespace Microsoft.ML
{
    public static class LearningPipelineExtensions
    {
        public static EstimatorChain<TTrans> Append<TTrans>(this IEstimator<ITransformer> start, IEstimator<TTrans> estimator,
            TransformerScope scope = TransformerScope.Everything)
            where TTrans : class, ITransformer
        {
            Contracts.CheckValue(start, nameof(start));
            Contracts.CheckValue(estimator, nameof(estimator));
            return new EstimatorChain<ITransformer>().Append(start).Append(estimator, scope);
        }

        public static EstimatorChain<TTrans> AppendCacheCheckpoint<TTrans>(this IEstimator<TTrans> start, IHostEnvironment env)
            where TTrans : class, ITransformer =>
            new EstimatorChain<ITransformer>().Append(start).AppendCacheCheckpoint(env);

        public static TransformerChain<TTrans> Append<TTrans>(this ITransformer start, TTrans transformer)
            where TTrans : class, ITransformer =>
            new TransformerChain<ITransformer>(Contracts.CheckRef(start, nameof(start))).Append(transformer);
    }
}
