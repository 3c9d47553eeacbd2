namespace Microsoft.ML.Lstm.Series;

/// <summary>What is known of a series: a network's state after its last row, and that row's time.</summary>
/// <param name="Values">The state.</param>
/// <param name="Time">The time; that of rows without times does not matter.</param>
/// <param name="Missing">The steps behind the last row whose values are missing; null where there are none.</param>
/// <param name="Start">What its first rows in the training data look like; null where that says nothing, or where there are times.</param>
internal sealed record SeriesState(float[] Values, DateTimeOffset Time, MissingEnd? Missing = null, SeriesStart? Start = null);

/// <summary>
/// Steps at the end of a series that have a time and no value. They are gone through when something is asked of what follows them, and
/// else may still come.
/// </summary>
/// <param name="Until">The last one's time.</param>
/// <param name="Statics">The static features of the series.</param>
internal sealed record MissingEnd(DateTimeOffset Until, float[] Statics);
