using System.Globalization;
using Microsoft.ML.Lstm;

namespace Accuracy.Tasks;

/// <summary>One figure for the errors of forecasts of one or many targets.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Of">The figure of the forecasts of all targets together, of each target, and of the targets' deviations.</param>
/// <param name="Describe">Further figures of the same, in words.</param>
internal sealed record ForecastError(string Name, Func<ForecastFigures, IReadOnlyList<ForecastAccuracy>, double[], double> Of,
    Func<ForecastFigures, IReadOnlyList<ForecastAccuracy>, double[], string> Describe)
{
    /// <summary>The squared error, each target in the unit of its deviation in the training rows.</summary>
    public static ForecastError ScaledSquare { get; } = new("MSE, z-scored",
        (_, targets, deviations) => ScaledSquareOf([.. targets.Select(target => target.Overall.MeanSquaredError)], deviations),
        (_, targets, deviations) => string.Create(CultureInfo.InvariantCulture,
            $"MAE {targets.Zip(deviations, (target, deviation) => target.Overall.MeanAbsoluteError / deviation).Average():0.000}"));

    /// <summary>The root of the squared error, in the unit of the target.</summary>
    public static ForecastError Root { get; } = new("RMSE", (overall, _, _) => overall.RootMeanSquaredError,
        (overall, _, _) => string.Create(CultureInfo.InvariantCulture, $"MAE {overall.MeanAbsoluteError:0.00}"));

    /// <summary>The absolute error in the unit of that of the seasonal naive forecast of the training rows.</summary>
    public static ForecastError Scaled { get; } = new("MASE", (overall, _, _) => overall.MeanAbsoluteScaledError,
        (overall, targets, deviations) => string.Create(CultureInfo.InvariantCulture,
            $"RMSE {overall.RootMeanSquaredError:G4}, MSE {ScaledSquare.Of(overall, targets, deviations):0.000}, z-scored"));

    public static double ScaledSquareOf(double[] squares, double[] deviations)
        => squares.Zip(deviations, (square, deviation) => square / (deviation * deviation)).Average();
}
