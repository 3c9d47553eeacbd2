namespace OnnxRoundTrip;

/// <summary>What the program that trains tells the one that scores, as a JSON file.</summary>
/// <param name="Roads">The kinds of road in the order of their keys, of which the first is 1.</param>
/// <param name="RowsPerSecond">How fast ML.NET and this package scored the journeys, without ONNX.</param>
/// <param name="Journeys">The journeys.</param>
/// <param name="Scores">The score of each journey.</param>
internal sealed record ScoredJourneys(string[] Roads, double RowsPerSecond, ScoredJourney[] Journeys, float[] Scores);

/// <summary>What is known of a journey.</summary>
/// <param name="Legs">Kilometres and minutes of each leg, one leg behind the other.</param>
/// <param name="Roads">The kind of road of each leg.</param>
internal sealed record ScoredJourney(float[] Legs, string[] Roads);
