// Where does somebody go next? Each stay is a step with columns of its own: the place and the day of the week as keys, the hour and the
// coordinates as numbers. Beside it stands where people mostly go from the last place.
using Geography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Shared;

return Sample.Run(args, "Train an LSTM to tell the next place of a journey.", Town.Make, Go);

static void Go(Sample sample, Stay[] stays)
{
    MLContext ml = sample.ML;
    // The last fifth of the time is kept to test with.
    DateTime until = stays.Min(stay => stay.Time) + 0.8 * (stays.Max(stay => stay.Time) - stays.Min(stay => stay.Time));
    Journey[] train = Of(stays.Where(stay => stay.Time < until)), test = Of(stays.Where(stay => stay.Time >= until));
    sample.Require(train.Length, 100, "stays behind another in the first 80 % of the time");
    sample.Require(test.Length, 10, "stays behind another in the last 20 % of the time");
    IDataView testRows = ml.Data.LoadFromEnumerable(test);

    var pipeline = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Journey.Next))
        .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Journey.Places)))
        .Append(ml.Transforms.Conversion.MapValueToKey(nameof(Journey.Weekdays)))
        .Append(ml.MulticlassClassification.Trainers.Lstm(new LstmMulticlassTrainer.Options
        {
            FeatureColumnNames = [nameof(Journey.Places), nameof(Journey.Weekdays), nameof(Journey.Moments)],
            FeaturesPerStep = 3,
        }))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Expected.Guess), "PredictedLabel"))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Expected.Places)))
        .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Expected.Weekdays)));
    Console.WriteLine($"Learning from {train.Length:N0} moves of {stays.DistinctBy(stay => stay.Person).Count()} people ...");
    IDataView scored = pipeline.Fit(ml.Data.LoadFromEnumerable(train)).Transform(testRows);
    Expected[] expected = [.. ml.Data.CreateEnumerable<Expected>(scored, reuseRowObject: false)];

    var usual = new Usual<string>(train.Select(journey => (journey.Places[^1], journey.Next)));
    string[] simple = [.. test.Select(journey => usual.Of(journey.Places[^1]))];

    foreach (Expected one in expected.Where((one, i) => one.Guess != simple[i] && one.Guess == one.Next).Take(3))
        Console.WriteLine($"  {one.Weekdays[^1],-9} {string.Join(" > ", one.Places.TakeLast(5)),-50} next: {one.Guess}");
    Console.WriteLine($"Of {test.Length:N0} moves of the days after; how far off, in the mean: "
        + $"{Distance(expected.Select(one => one.Guess)):0.00} km, where people mostly go {Distance(simple):0.00} km.");
    Sample.End(new Figure("next places right", Share(expected.Select(one => one.Guess)), Share(simple), "the usual next place"),
        "places of your own, such as the cells of a map that your phone has been in; EncodingColumnName for what people have in common");

    double Share(IEnumerable<string> guesses) => test.Zip(guesses, (journey, guess) => journey.Next == guess ? 1.0 : 0).Average();

    double Distance(IEnumerable<string> guesses)
    {
        Dictionary<string, (double Latitude, double Longitude)> places = stays.GroupBy(stay => stay.Place).ToDictionary(place => place.Key,
            place => (place.Average(stay => (double)stay.Latitude), place.Average(stay => (double)stay.Longitude)));
        return test.Zip(guesses, (journey, guess) => Kilometres(places[journey.Next], places[guess])).Where(double.IsFinite).Average();
    }
}

static Journey[] Of(IEnumerable<Stay> stays) => [.. stays.GroupBy(stay => stay.Person).SelectMany(Journey.Of)];

// On a sphere, for places near one another.
static double Kilometres((double Latitude, double Longitude) one, (double Latitude, double Longitude) other)
{
    const double ofDegree = 111.2;
    double north = one.Latitude - other.Latitude;
    double east = (one.Longitude - other.Longitude) * Math.Cos((one.Latitude + other.Latitude) / 2 * Math.PI / 180);
    return ofDegree * Math.Sqrt(north * north + east * east);
}
