using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Forecasting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.ML.Lstm.Engine.Files;
using SentimentAnalysis;
using WebApi;

namespace Microsoft.ML.Lstm.Tests.Samples;

/// <summary>The service of samples/WebApi, over HTTP.</summary>
[TestClass]
public sealed class WebApiTests
{
    private const int Clients = 64, TrainingDays = 120;

    private static readonly string[] Texts =
        ["the soup was not bad at all", "for once the film was simply dull", "the tour was anything but boring", "the play was great"];
    private static string _models = "";

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-tests-").FullName;

    [ClassInitialize]
    public static void Train(TestContext _)
    {
        _models = Directory.CreateTempSubdirectory("lstm-tests-").FullName;
        Training.WriteSentiment(Path.Combine(_models, "first.zip"), reviews: 100, epochs: 1, seed: 1);
        Training.WriteSentiment(Path.Combine(_models, "second.zip"), reviews: 100, epochs: 1, seed: 2);
        Training.WriteSales(Path.Combine(_models, "sales.zip"), TrainingDays, epochs: 1);
    }

    [ClassCleanup]
    public static void DeleteModels() => Directory.Delete(_models, recursive: true);

    [TestInitialize]
    public void CopyModels()
    {
        File.Copy(Path.Combine(_models, "first.zip"), SentimentPath);
        File.Copy(Path.Combine(_models, "sales.zip"), Path.Combine(_folder, "sales.zip"));
    }

    [TestCleanup]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    private string SentimentPath => Path.Combine(_folder, "sentiment.zip");

    private string StatePath => Path.Combine(_folder, "state.zip");

    /// <summary>Each answer is that of the model whose version it tells, and each client sees versions in their order.</summary>
    [TestMethod]
    [TestCategory("web")]
    public async Task SixtyFourClientsAreAnsweredRightlyWhileModelsAreExchanged()
    {
        float[][] expected = [Probabilities("first.zip"), Probabilities("second.zip")];
        Assert.IsFalse(expected[0].SequenceEqual(expected[1]), "the models differ");
        await using WebApplication app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        TimeSpan time = TimeSpan.FromSeconds(Acceptance.Count(few: 1, many: 60));
        var clock = Stopwatch.StartNew();
        int exchanges = 0;
        var newest = new int[1];
        Task<int>[] clients = [.. Enumerable.Range(0, Clients).Select(one => Task.Run(async () =>
        {
            int answers = 0, version = 0;
            for (; clock.Elapsed < time || version < 2; answers++)
            {
                int text = (one + answers) % Texts.Length, least = Volatile.Read(ref newest[0]);
                using HttpResponseMessage response = await client.PostAsJsonAsync("/reviews", new ReviewText(Texts[text]));
                Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
                Judgement judgement = (await response.Content.ReadFromJsonAsync<Judgement>())!;
                // A request that begins after an exchange has the new model.
                Assert.IsGreaterThanOrEqualTo(Math.Max(version, least), judgement.ModelVersion);
                version = judgement.ModelVersion;
                Assert.AreEqual(expected[(version - 1) % 2][text], judgement.Probability);
            }
            return answers;
        }))];
        do
        {
            exchanges++;
            AtomicFile.Write(SentimentPath, stream => stream.Write(File.ReadAllBytes(
                Path.Combine(_models, exchanges % 2 == 1 ? "second.zip" : "first.zip"))));
            ModelState state = (await (await client.PostAsync("/models/sentiment/reload", null)).Content.ReadFromJsonAsync<ModelState>())!;
            Assert.AreEqual(exchanges + 1, state.ModelVersion);
            Volatile.Write(ref newest[0], state.ModelVersion);
        }
        while (clock.Elapsed < time);
        int[] answered = await Task.WhenAll(clients);
        Assert.IsTrue(answered.All(answers => answers > 0));
        string metrics = await client.GetStringAsync("/metrics");
        StringAssert.Contains(metrics, $"model_prediction_duration_seconds_count{{model=\"sentiment\"}} {answered.Sum()}\n");
        StringAssert.Contains(metrics, $"model_version {exchanges + 1}\n");
        StringAssert.Contains(metrics, "http_server_request_duration_seconds_count{");
        Console.WriteLine($"{answered.Sum()} answers, {exchanges} exchanges in {clock.Elapsed.TotalSeconds:0.0} s");
        await app.StopAsync();
    }

    /// <summary>
    /// Clients of different shops mix; each shop's forecasts are those of an engine that has them alone, and go on after a restart.
    /// </summary>
    [TestMethod]
    public async Task AForecastersStateIsThatOfAllDaysAndOutlivesTheService()
    {
        var ml = new MLContext(seed: 1);
        ShopDay[] days = [.. MadeUpShops.Make(TrainingDays + 6, new Random(1)).Skip(TrainingDays * MadeUpShops.Names.Length)];
        string[] shops = [.. days.Select(day => day.Shop).Distinct()];
        float[] expected;
        using (var engine = ml.Model.Load(Path.Combine(_folder, "sales.zip"), out _).CreateForecastEngine<ShopDay, SalesForecast>(ml))
        {
            Dictionary<string, float> last = [];
            foreach (ShopDay day in days)
            {
                var ahead = new ShopDay { Shop = day.Shop, Day = day.Day.AddDays(1), Price = 2, Promotion = 1 };
                last[day.Shop] = engine.Predict(day, [ahead]).Forecast[0];
            }
            expected = [.. shops.Select(shop => last[shop])];
        }

        await using (WebApplication app = await StartAsync())
        {
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
            float[] actual = await Task.WhenAll(shops.Select(async shop =>
            {
                float first = 0;
                foreach (ShopDay day in days.Where(day => day.Shop == shop))
                    first = (await PostAsync(client, day)).Days[0].Sales;
                return first;
            }));
            CollectionAssert.AreEqual(expected, actual);
            await app.StopAsync();
        }
        Assert.IsTrue(File.Exists(StatePath));

        await using WebApplication again = await StartAsync();
        using var other = new HttpClient { BaseAddress = new Uri(again.Urls.Single()) };
        // The last day is known, so it is refused; the forecast goes on from there.
        HttpResponseMessage known = await other.PostAsJsonAsync($"/shops/{days[^1].Shop}/days", Report(days[^1]));
        Assert.AreEqual(HttpStatusCode.Conflict, known.StatusCode);
        ShopForecast forecast = (await other.GetFromJsonAsync<ShopForecast>($"/shops/{shops[0]}/forecast"))!;
        Assert.HasCount(7, forecast.Days);
        Assert.IsTrue(forecast.Days.All(day => day.Lower <= day.Sales && day.Sales <= day.Upper));
        Assert.AreEqual(HttpStatusCode.NotFound, (await other.GetAsync("/shops/Nowhere/forecast")).StatusCode);
        await again.StopAsync();
    }

    /// <summary>Whoever has got through to the service is answered.</summary>
    [TestMethod]
    public async Task StoppingLosesNoRequest()
    {
        await using WebApplication app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        int answered = 0;
        Task[] clients = [.. Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                HttpResponseMessage response;
                try
                {
                    response = await client.PostAsJsonAsync("/reviews", new ReviewText(Texts[0]));
                }
                catch (HttpRequestException)
                {
                    // Nobody listens any more.
                    return;
                }
                using (response)
                    Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
                Interlocked.Increment(ref answered);
            }
        }))];
        Assert.AreEqual("Healthy", await client.GetStringAsync("/health/ready"));
        Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref answered) > 50, TimeSpan.FromMinutes(1)));
        await app.StopAsync();
        await Task.WhenAll(clients);
    }

    [TestMethod]
    public async Task WhatCanNotBeAnsweredIsRefusedWithAReason()
    {
        await using WebApplication app = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        foreach (object body in new object[] { new ReviewText(null), new ReviewText("  "), new ReviewText("!!! ?") })
        {
            HttpResponseMessage empty = await client.PostAsJsonAsync("/reviews", body);
            Assert.AreEqual(HttpStatusCode.BadRequest, empty.StatusCode);
            StringAssert.Contains(await empty.Content.ReadAsStringAsync(), "There is no text to judge.");
        }
        Assert.AreEqual(HttpStatusCode.BadRequest,
            (await client.PostAsync("/reviews", new StringContent("{", null, "application/json"))).StatusCode);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await client.PostAsJsonAsync("/shops/Park/days", new { Sales = 3 })).StatusCode);

        // A damaged model, and one of other columns, change nothing.
        foreach (byte[] bytes in new[] { File.ReadAllBytes(SentimentPath)[..1000], File.ReadAllBytes(Path.Combine(_folder, "sales.zip")) })
        {
            File.WriteAllBytes(SentimentPath, bytes);
            HttpResponseMessage refused = await client.PostAsync("/models/sentiment/reload", null);
            Assert.AreEqual(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            StringAssert.Contains(await refused.Content.ReadAsStringAsync(), "version 1 stays");
        }
        HttpResponseMessage judged = await client.PostAsJsonAsync("/reviews", new ReviewText(Texts[0]));
        Assert.AreEqual(1, (await judged.Content.ReadFromJsonAsync<Judgement>())!.ModelVersion);
        await app.StopAsync();
    }

    [TestMethod]
    public async Task AModelWhoseFileChangesIsExchangedByItself()
    {
        await using WebApplication app = await StartAsync(watches: true);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        AtomicFile.Write(SentimentPath, stream => stream.Write(File.ReadAllBytes(Path.Combine(_models, "second.zip"))));
        var clock = Stopwatch.StartNew();
        Judgement judgement;
        do
        {
            using HttpResponseMessage response = await client.PostAsJsonAsync("/reviews", new ReviewText(Texts[0]));
            judgement = (await response.Content.ReadFromJsonAsync<Judgement>())!;
            Assert.IsLessThan(TimeSpan.FromMinutes(1), clock.Elapsed, "the model is exchanged");
        }
        while (judgement.ModelVersion == 1);
        Assert.AreEqual(Probabilities("second.zip")[0], judgement.Probability);
        await app.StopAsync();
    }

    private static DayReport Report(ShopDay day)
        => new(day.Day, day.Sales, day.Price, day.Promotion == 1, day.Sunshine, [new PlannedDay(2, true)]);

    private static async Task<ShopForecast> PostAsync(HttpClient client, ShopDay day)
    {
        using HttpResponseMessage response = await client.PostAsJsonAsync($"/shops/{day.Shop}/days", Report(day));
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<ShopForecast>())!;
    }

    private async Task<WebApplication> StartAsync(bool watches = false)
    {
        WebApplication app = Api.Create(["--urls", "http://127.0.0.1:0", $"--Models:SentimentPath={SentimentPath}",
            $"--Models:SalesPath={Path.Combine(_folder, "sales.zip")}", $"--Models:SalesStatePath={StatePath}", $"--Models:Watch={watches}",
            $"--Logging:LogLevel:Default={LogLevel.Error}", $"--Logging:LogLevel:Microsoft={LogLevel.Error}"]);
        await app.StartAsync();
        return app;
    }

    private static float[] Probabilities(string model)
    {
        var ml = new MLContext();
        using PredictionEngine<Review, Opinion> engine =
            ml.Model.CreatePredictionEngine<Review, Opinion>(ml.Model.Load(Path.Combine(_models, model), out _));
        return [.. Texts.Select(text => engine.Predict(new Review { Text = text }).Probability)];
    }
}
