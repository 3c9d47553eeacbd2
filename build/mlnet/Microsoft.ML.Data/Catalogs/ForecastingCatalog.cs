using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Trainers for series whose continuation is to be predicted.</summary>
public sealed class ForecastingCatalog : TrainCatalogBase
{
    internal ForecastingCatalog(IHostEnvironment env)
        : base(env, nameof(ForecastingCatalog)) =>
        Trainers = new(this);

    public Forecasters Trainers { get; }

    /// <summary>Where trainers are found, ML.NET's and, as extension methods, others'.</summary>
    public sealed class Forecasters : CatalogInstantiatorBase
    {
        internal Forecasters(ForecastingCatalog catalog)
            : base(catalog)
        {
        }
    }
}
