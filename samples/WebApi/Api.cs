using Forecasting;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using SentimentAnalysis;

namespace WebApi;

/// <summary>The service: its parts, and what it answers.</summary>
internal static class Api
{
    private const string Ready = "ready";

    /// <summary>Makes the service; models are loaded when it starts.</summary>
    /// <param name="args">The command line.</param>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
        builder.Services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        // Not a line for each request; metrics count them.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(services
            => new ServedModel<Review, Opinion>(services.GetRequiredService<IOptions<ApiOptions>>().Value.SentimentPath));
        builder.Services.AddSingleton<ForecastQueue>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ForecastQueue>());
        builder.Services.AddHostedService<ModelWatcher>();
        builder.Services.AddSingleton<ApiMetrics>();
        builder.Services.AddSingleton<PrometheusText>();
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("models", tags: [Ready]);

        WebApplication app = builder.Build();
        // The listener begins before there is something to hear.
        app.Services.GetRequiredService<PrometheusText>();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapPost("/reviews", JudgeAsync);
        app.MapPost("/models/sentiment/reload", Reload);
        app.MapPost("/shops/{shop}/days", ObserveAsync);
        app.MapGet("/shops/{shop}/forecast", ForecastAsync);
        app.MapGet("/metrics", (PrometheusText metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4"));
        // Alive: the process answers. Ready: it may get requests.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains(Ready) });
        return app;
    }

    /// <summary>Whether an error says that a model's file is missing or no such model.</summary>
    public static bool IsUnreadable(Exception error)
        => error is IOException or UnauthorizedAccessException or FormatException or InvalidDataException or InvalidOperationException
            or ArgumentException;

    private static async Task<Results<Ok<Judgement>, ValidationProblem>> JudgeAsync(ReviewText review, ServedModel<Review, Opinion> model,
        ApiMetrics metrics)
    {
        if (string.IsNullOrWhiteSpace(review.Text))
            return NoText();
        (Opinion opinion, int version) = await metrics.MeasureAsync("sentiment", () =>
        {
            Opinion made = model.Predict(new Review { Text = review.Text }, out int by);
            return Task.FromResult((made, by));
        });
        // A text of signs alone has no word to judge by.
        return float.IsNaN(opinion.Probability) ? NoText()
            : TypedResults.Ok(new Judgement(opinion.PredictedLabel, opinion.Probability, version));

        static ValidationProblem NoText() => Invalid(nameof(ReviewText.Text), "There is no text to judge.");
    }

    // For whoever operates the service: let nobody else reach it.
    private static Results<Ok<ModelState>, ProblemHttpResult> Reload(ServedModel<Review, Opinion> model)
    {
        try
        {
            return TypedResults.Ok(new ModelState(model.Reload()));
        }
        catch (Exception error) when (IsUnreadable(error))
        {
            return TypedResults.Problem(error.GetBaseException().Message, statusCode: StatusCodes.Status422UnprocessableEntity,
                title: $"The model can't be read; version {model.Version} stays.");
        }
    }

    private static async Task<Results<Ok<ShopForecast>, ValidationProblem, ProblemHttpResult>> ObserveAsync(string shop, DayReport report,
        ForecastQueue sales, ApiMetrics metrics)
    {
        if (report.Day == default)
            return Invalid(nameof(DayReport.Day), "There is no day.");
        ShopDay day = RowOf(shop, report.Day, report.Price, report.Promotion);
        (day.Sales, day.Sunshine) = (report.Sales, report.Sunshine);
        ShopDay[] ahead = [.. (report.Ahead ?? []).Select((planned, i)
            => RowOf(shop, report.Day.AddDays(i + 1), planned.Price, planned.Promotion))];
        return await AnswerAsync(shop, () => sales.Observe(day, ahead), metrics);
    }

    private static Task<Results<Ok<ShopForecast>, ValidationProblem, ProblemHttpResult>> ForecastAsync(string shop, ForecastQueue sales,
        ApiMetrics metrics)
        => AnswerAsync(shop, () => sales.Forecast(shop), metrics);

    private static async Task<Results<Ok<ShopForecast>, ValidationProblem, ProblemHttpResult>> AnswerAsync(string shop,
        Func<Task<SalesForecast>?> ask, ApiMetrics metrics)
    {
        try
        {
            SalesForecast? forecast = await metrics.MeasureAsync("sales", async () => ask() is { } asked ? await asked : null);
            return forecast is null
                ? TypedResults.Problem("Too many requests wait.", statusCode: StatusCodes.Status503ServiceUnavailable)
                : TypedResults.Ok(new ShopForecast(shop, [.. forecast.Forecast.Select((value, i)
                    => new ExpectedDay(value, forecast.Lower[i], forecast.Upper[i]))]));
        }
        catch (ArgumentOutOfRangeException)
        {
            return TypedResults.Problem($"There is no shop '{shop}'.", statusCode: StatusCodes.Status404NotFound);
        }
        catch (InvalidOperationException error)
        {
            // A day that is over already, or more new shops than there is room for.
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }

    private static ShopDay RowOf(string shop, DateTime day, float price, bool promotion)
        => new() { Shop = shop, Day = day, Price = price, Promotion = promotion ? 1 : 0 };

    private static ValidationProblem Invalid(string name, string message)
        => TypedResults.ValidationProblem(new Dictionary<string, string[]> { [name] = [message] });

    /// <summary>Ready as long as models are loaded and the service does not stop.</summary>
    private sealed class ReadinessCheck(ServedModel<Review, Opinion> model, IHostApplicationLifetime lifetime) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
            => Task.FromResult(lifetime.ApplicationStopping.IsCancellationRequested
                ? HealthCheckResult.Unhealthy("The service stops.")
                : HealthCheckResult.Healthy($"Version {model.Version} of the classifier."));
    }
}
